import { type Keys, mapOf, object, type Read, readKeys, type Values } from '../reading.ts'
import { count, flag, headers, json, key, listOf, oneOf, plainText } from '../readers.ts'
import type { FailureKind } from '../../contract/failure.ts'
import { wrongValue } from '../reading.ts'

/** A day: beyond it a timeout is a slip of units. */
const LONGEST_MS = 86_400_000
const milliseconds = count(1, LONGEST_MS)

export const timeoutKeys = {
  connect_ms: key(milliseconds, 'milliseconds', 'To open the connection.'),
  first_token_ms: key(
    milliseconds,
    'milliseconds',
    'Until the answer begins; a slower target is left for the next one.',
  ),
  between_tokens_ms: key(milliseconds, 'milliseconds', 'Between two pieces of a streamed answer.'),
  answer_ms: key(milliseconds, 'milliseconds', 'Until an answer that is not streamed is complete.'),
  total_ms: key(milliseconds, 'milliseconds', 'For the whole request, over all attempts.'),
} satisfies Keys

export const timeouts: Read<Values<typeof timeoutKeys>> = (node, reading, path) => {
  const map = mapOf(node, reading, path)
  return map === undefined ? undefined : readKeys(map, timeoutKeys, reading, path)
}

/** How requests to a provider, or to one of a model's targets, are treated. */
export const treatmentKeys = {
  params: key(json, 'map', 'Request parameters that are sent unless the client gives its own, such as `temperature`.'),
  drop_params: key(
    flag,
    'true or false',
    'Leave out parameters that the provider does not support, instead of refusing.',
  ),
  additional_drop_params: key(
    listOf(plainText),
    'list',
    'Parameters that are never sent; paths such as `tools[*].function.strict` work.',
  ),
  allowed_params: key(
    listOf(plainText),
    'list',
    'Parameters that are sent although the provider is said not to support them.',
  ),
  extra_body: key(json, 'map', 'Merged into the request body last, over what the client sent.'),
  headers: key(headers, 'map', 'Extra request headers.'),
  merge_reasoning: key(flag, 'true or false', 'Put reasoning into the answer, between `<think>` tags.'),
  repair_tool_calls: key(
    flag,
    'true or false',
    'Make real tool calls of those that a local model wrote as text. True when absent.',
  ),
  lane: key(
    oneOf('auto', 'translated'),
    'auto or translated',
    '`translated` rewrites every request and answer, even where bytes could pass as they are.',
  ),
  rpm: key(count(1), 'number', 'Requests per minute that a target takes.'),
  tpm: key(count(1), 'number', 'Tokens per minute that a target takes.'),
  max_parallel: key(count(1), 'number', 'Requests that a target works on at the same time.'),
  timeouts: key(timeouts, 'map', 'Timeouts, as under `routing.timeouts`.'),
  context_tokens: key(count(1), 'number', 'How many tokens fit into the context.'),
} satisfies Keys

export type TreatmentDraft = Values<typeof treatmentKeys>

/** The failures that an upstream can cause, and so the only ones that a rule can be about. */
const upstreamFailures = [
  'unreachable',
  'connect-timeout',
  'first-token-timeout',
  'stalled',
  'total-timeout',
  'cut',
  'rate-limited',
  'overloaded',
  'server-error',
  'upstream-timeout',
  'bad-reply',
  'unauthorized-upstream',
  'quota',
  'model-missing',
  'bad-request',
  'unsupported',
  'context-length',
  'content-policy',
  'request-too-large',
] as const satisfies readonly FailureKind[]
const failureName = oneOf(...upstreamFailures)

/** Numbers by kind of failure. */
export const byKind: Read<ReadonlyMap<FailureKind, number>> = (node, reading, path) => {
  const map = mapOf(node, reading, path)
  if (map === undefined) return undefined
  const numbers = new Map<FailureKind, number>()
  for (const { name, nameAt, value } of map.entries) {
    const kind = failureName({ kind: 'scalar', at: nameAt, value: name }, reading, `a name under ${path}`)
    const amount = count(0, 1_000)(value, reading, `${path}.${kind ?? 'NAME'}`)
    if (kind !== undefined && amount !== undefined) numbers.set(kind, amount)
  }
  return numbers
}

export const retryKeys = {
  count: key(count(0, 20), 'number', 'Attempts beyond the first, over all targets of a tier.'),
  min_delay_ms: key(count(0, 60_000), 'milliseconds', 'The shortest pause before asking the same target again.'),
  by_kind: key(byKind, 'map', `Attempts beyond the first after a kind of failure: ${upstreamFailures.join(', ')}.`),
} satisfies Keys

export type RetryDraft = Values<typeof retryKeys>

/** A number of retries, or the rules in full. */
export const retries: Read<RetryDraft> = (node, reading, path) => {
  if (node.kind === 'map') return readKeys(node, retryKeys, reading, path)
  if (node.kind === 'list') return wrongValue(node, reading, { path, expected: 'a number, or a map' })
  const attempts = retryKeys.count.read(node, reading, path)
  return attempts === undefined ? undefined : { count: attempts }
}

const HOST = /^(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/

/** A host name without scheme, port or wildcard. */
export const hostName: Read<string> = (node, reading, path) => {
  const name = plainText(node, reading, path)
  if (name === undefined || (name.length <= 253 && HOST.test(name))) return name?.toLowerCase()
  return wrongValue(node, reading, {
    path,
    expected: 'a host name such as gateway.example.com, without scheme or port',
  })
}

/** A browser origin, spelled as browsers send it. */
export const origin: Read<string> = (node, reading, path) => {
  const name = plainText(node, reading, path)
  if (name === undefined) return undefined
  if (URL.canParse(name) && new URL(name).origin === name && name !== 'null') return name
  const near = URL.canParse(name) ? new URL(name).origin : 'null'
  object(reading, node.at, {
    code: 'bad-value',
    message: `${path} must be an exact origin such as http://localhost:3000; wildcards and "null" are never accepted.`,
    ...(near === 'null' ? {} : { suggestion: `Write ${near}` }),
  })
  return undefined
}
