import OpenAI from 'openai'
import { describe } from 'vitest'
import type { FailureKind } from '../contract/failure.ts'
import { testFaults } from './fault-oracle.ts'
import { CHAT_STAGE } from './fault-lanes.ts'
import { type Fault, type Seen } from './fault-world.ts'
import { lengthOf } from './healthy-reply.ts'

const says = (status: number): string =>
  JSON.stringify({ error: { message: `The upstream says ${status}.`, type: 'some_error', param: null, code: null } })
const PAGE = '<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Oops</h1></body></html>'

interface Answer {
  readonly status: number
  readonly body: string
  readonly type?: string
  readonly headers?: readonly string[]
}

function answers({ status, body, type = 'application/json', headers = [] }: Answer): Fault['act'] {
  const lines = [`HTTP/1.1 ${status} Whatever`, `content-type: ${type}`, lengthOf(body), ...headers, '', body]
  return (exchange) => exchange.write(lines.join('\r\n'))
}

/** Every status, and the kinds that it may be told as. */
const STATUSES: readonly (readonly [number, readonly FailureKind[], 'moves' | 'final'])[] = [
  [204, ['bad-reply'], 'moves'],
  [205, ['bad-reply'], 'moves'],
  [301, ['bad-reply'], 'moves'],
  [304, ['bad-reply'], 'moves'],
  [307, ['bad-reply'], 'moves'],
  [400, ['bad-request'], 'final'],
  [401, ['unauthorized-upstream'], 'moves'],
  [402, ['quota'], 'moves'],
  [403, ['unauthorized-upstream'], 'moves'],
  [404, ['model-missing'], 'moves'],
  [405, ['bad-reply', 'unsupported', 'model-missing', 'bad-request'], 'moves'],
  [408, ['upstream-timeout'], 'moves'],
  [409, ['overloaded', 'server-error', 'rate-limited'], 'moves'],
  [413, ['request-too-large'], 'moves'],
  [418, ['bad-request'], 'final'],
  [422, ['bad-request'], 'final'],
  [429, ['rate-limited'], 'moves'],
  [500, ['server-error'], 'moves'],
  [502, ['server-error'], 'moves'],
  [503, ['overloaded'], 'moves'],
  [504, ['server-error', 'upstream-timeout'], 'moves'],
  [520, ['server-error'], 'moves'],
  [521, ['server-error'], 'moves'],
  [522, ['server-error'], 'moves'],
  [523, ['server-error'], 'moves'],
  [524, ['server-error'], 'moves'],
  [525, ['server-error'], 'moves'],
  [526, ['server-error'], 'moves'],
  [527, ['server-error'], 'moves'],
  [529, ['overloaded'], 'moves'],
]

const BODILESS = new Set([204, 304])
const PASSED_MESSAGE = /The upstream says \d+/

const named: readonly Fault[] = STATUSES.map(([status, kinds, verdict]) => ({
  name: `${status}-json`,
  stream: verdict,
  whole: verdict,
  kinds,
  act: BODILESS.has(status)
    ? (exchange) => exchange.write(`HTTP/1.1 ${status} Whatever\r\n\r\n`)
    : answers({
        status,
        body: status === 205 ? '' : says(status),
        headers: status < 400 ? ['location: /elsewhere'] : [],
      }),
  complaint: (seen) => {
    if (seen.backed || status < 400) return undefined
    if (!PASSED_MESSAGE.test(messageOf(seen))) return `the upstream is not quoted: ${messageOf(seen)}`
    return statusOf(seen) >= 400 ? undefined : `status ${statusOf(seen)}`
  },
}))

/** A page of a proxy or of a wrong address, and no body at all: another target may well do better. */
const pages: readonly Fault[] = STATUSES.filter(([status]) => status >= 400).flatMap(([status, kinds]) => [
  {
    name: `${status}-html`,
    stream: 'moves',
    whole: 'moves',
    kinds: [...kinds, 'bad-reply'],
    act: answers({ status, body: PAGE, type: 'text/html' }),
    complaint: (seen) =>
      seen.backed || messageOf(seen).includes('web page') ? undefined : `no word of the page: ${messageOf(seen)}`,
  },
  {
    name: `${status}-empty`,
    stream: status === 400 || status === 418 || status === 422 ? 'final' : 'moves',
    whole: status === 400 || status === 418 || status === 422 ? 'final' : 'moves',
    kinds,
    act: answers({ status, body: '' }),
  },
])

describe('an upstream that answers with another status, in JSON', () => {
  testFaults(CHAT_STAGE, named)
})
describe('an upstream that answers with another status, without words', () => {
  testFaults(CHAT_STAGE, pages)
})

function errorOf({ reply }: Seen): InstanceType<typeof OpenAI.APIError> | undefined {
  return reply.error instanceof OpenAI.APIError ? reply.error : undefined
}

function messageOf(seen: Seen): string {
  return errorOf(seen)?.message ?? ''
}

function statusOf(seen: Seen): number {
  return errorOf(seen)?.status ?? 0
}

const limited = (name: string, headers: readonly string[], seconds: string | undefined): Fault => ({
  name: `429-${name}`,
  stream: 'moves',
  whole: 'moves',
  kinds: ['rate-limited'],
  status: 429,
  act: answers({ status: 429, body: says(429), headers }),
  complaint: (seen) => {
    if (seen.backed) return undefined
    const value = seen.reply.headers?.get('retry-after') ?? undefined
    return value === seconds ? undefined : `retry-after is ${value}`
  },
})

describe('an upstream that asks for patience', () => {
  testFaults(CHAT_STAGE, [
    limited('seconds', ['retry-after: 20'], '20'),
    limited('date', ['date: Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after: Thu, 01 Jan 2026 00:00:20 GMT'], '20'),
    // The gateway's clock may be wrong; only the upstream's own tells how far away its date is.
    limited('date-without-now', ['retry-after: Thu, 01 Jan 2099 00:00:20 GMT'], undefined),
    limited(
      'past-date',
      ['date: Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after: Thu, 01 Jan 1970 00:00:00 GMT'],
      undefined,
    ),
    limited('milliseconds', ['retry-after-ms: 20000'], '20'),
    limited('fraction', ['retry-after: 0.5'], '1'),
    limited('zero', ['retry-after: 0'], '0'),
    limited('negative', ['retry-after: -5'], undefined),
    limited('garbage', ['retry-after: soon'], undefined),
    limited('infinite', ['retry-after: 1e999'], undefined),
    limited('none', [], undefined),
  ])
})
