import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { describe } from 'vitest'
import type { FailureKind } from '../contract/failure.ts'
import { testFaults } from './fault-oracle.ts'
import { PAIR_STAGE, PAIRS, type Pair } from './fault-pairs.ts'
import type { Bytes } from './fault-streams.ts'
import type { Fault, Verdict } from './fault-world.ts'
import { head, lengthOf, sendHealthy } from './healthy-reply.ts'

type Row = Pick<Fault<Bytes>, 'name' | 'act' | 'kinds'> & Partial<Fault<Bytes>>

const moves: { readonly stream: Verdict; readonly whole: Verdict } = { stream: 'moves', whole: 'moves' }
const says = (status: number): string => `The upstream says ${status}, and no more.`
const PAGE = '<!doctype html><html><head><title>Sign in</title></head><body><h1>Hello</h1></body></html>'

/** A status of the upstream, what the row calls it, and the client's status in OpenAI's words and in Anthropic's. */
const STATUSES: readonly (readonly [number, FailureKind, number, number?])[] = [
  [401, 'unauthorized-upstream', 502],
  [403, 'unauthorized-upstream', 502],
  [404, 'model-missing', 404],
  [429, 'rate-limited', 429],
  [500, 'server-error', 500],
  [503, 'overloaded', 503, 529],
  [529, 'overloaded', 503, 529],
]

function statusRows(lane: Pair): Row[] {
  return STATUSES.map(([status, kind, shown, toAnthropic = shown]) => {
    const { body, headers = [] } = lane.upstream.refusal(status, says(status))
    const patience = status === 429 ? ['retry-after: 20'] : []
    const lines = [
      `HTTP/1.1 ${status} Whatever`,
      'content-type: application/json',
      lengthOf(body),
      ...headers,
      ...patience,
    ]
    return {
      name: `${status}`,
      kinds: [kind],
      status: lane.client.wire === 'messages' ? toAnthropic : shown,
      act: (exchange) => exchange.write([...lines, '', body].join('\r\n')),
      complaint: ({ backed, reply }) => {
        if (backed) return undefined
        const { message } = lane.client.judge(reply.error)
        if (!message.includes(says(status).slice(0, 22))) return `the upstream is not quoted: ${message}`
        const wait = reply.headers?.get('retry-after') ?? undefined
        return wait === (status === 429 ? '20' : undefined) ? undefined : `retry-after is ${wait}`
      },
    }
  })
}

/** A port on which nothing listens any more. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server always has one
  server.close()
  await once(server, 'close')
  return port
}

const nothing = (): undefined => undefined
const page = (status: number): Row['act'] => {
  const lines = [`HTTP/1.1 ${status} Whatever`, 'content-type: text/html', lengthOf(PAGE), '', PAGE]
  return (exchange) => exchange.write(lines.join('\r\n'))
}

const CONNECTIONS: readonly Row[] = [
  {
    name: 'refused',
    origin: `http://127.0.0.1:${await freePort()}`,
    kinds: ['unreachable'],
    status: 502,
    act: nothing,
  },
  { name: 'dns-less', origin: 'http://no-such-host.invalid:8080', kinds: ['unreachable'], status: 502, act: nothing },
  { name: 'rst-before-a-byte', kinds: ['cut'], status: 502, act: (exchange) => exchange.reset() },
  { name: 'fin-before-a-byte', kinds: ['cut'], status: 502, act: (exchange) => exchange.end() },
  { name: 'silent', waits: true, kinds: ['first-token-timeout', 'total-timeout'], status: 504, act: nothing },
  {
    name: 'silent-after-the-head',
    waits: true,
    kinds: ['first-token-timeout', 'stalled', 'total-timeout'],
    status: 504,
    act: (exchange, healthy) => exchange.write(head(healthy, 'transfer-encoding: chunked')),
  },
]

const BODIES: readonly Row[] = [
  { name: 'page-200', kinds: ['bad-reply'], status: 502, act: page(200) },
  { name: 'page-502', kinds: ['server-error', 'bad-reply'], status: 502, act: page(502) },
  {
    name: 'empty-200',
    kinds: ['bad-reply', 'cut'],
    status: 502,
    act: (exchange, healthy) => exchange.write(head(healthy, 'content-length: 0')),
  },
  {
    name: 'words-200',
    kinds: ['bad-reply'],
    status: 502,
    act: (exchange) => exchange.end('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nno healthy upstream, sorry'),
  },
  {
    name: 'redirect',
    kinds: ['bad-reply'],
    status: 502,
    act: (exchange) => exchange.write('HTTP/1.1 307 Elsewhere\r\nlocation: /v2\r\ncontent-length: 0\r\n\r\n'),
  },
  // Servers get it wrong, and their answers are healthy.
  {
    name: 'content-type-wrong',
    kinds: [],
    stream: 'answer',
    whole: 'answer',
    act: (exchange, healthy) => sendHealthy(exchange, { ...healthy, contentType: 'text/plain' }),
  },
]

/** An answer that is not streamed, in which something is wrong. */
function wholeRows(lane: Pair): Row[] {
  const whole = (name: string, kinds: Row['kinds'], body: (healthy: string) => string, missing = 0): Row => ({
    name: `whole-${name}`,
    stream: undefined,
    kinds,
    status: 502,
    act: (exchange, healthy) => {
      const text = body(Buffer.from(healthy.body).toString())
      exchange.end(`${head(healthy, `content-length: ${Buffer.byteLength(text) + missing}`)}${text}`)
    },
  })
  const broken: Row['kinds'] = ['bad-reply', 'cut']
  return [
    whole('half', broken, (text) => text.slice(0, text.length / 2)),
    whole('cut', broken, (text) => text.slice(0, text.length / 2), 1_000),
    whole('cut-at-the-end', broken, (text) => text, 10),
    whole('null', broken, () => 'null'),
    whole('list', broken, () => '[]'),
    whole('object', broken, () => '{}'),
    { ...whole('error', ['server-error'], () => lane.upstream.refusal(500, says(500)).body), status: 500 },
  ]
}

describe('faults before the first byte, by client and upstream wire', () => {
  testFaults(
    PAIR_STAGE,
    PAIRS.flatMap((lane) =>
      [...statusRows(lane), ...CONNECTIONS, ...BODIES, ...wholeRows(lane)].map((row) => ({
        ...moves,
        ...row,
        lanes: [lane.name],
      })),
    ),
  )
})
