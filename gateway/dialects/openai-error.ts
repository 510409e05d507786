import type { ErrorDialect, ErrorReply } from '../contract/dialect.ts'
import type { Failure, FailureKind } from '../contract/failure.ts'

interface Answer {
  readonly status: number
  readonly type: string
  readonly code: string | null
  /**
   * `never`: the same request gets the same answer, or has already cost the user all the time they allow, so the
   * SDK is told not to ask again by itself. `may`: its own back-off is welcome.
   */
  readonly again: 'never' | 'may'
}

const INVALID = 'invalid_request_error'
const SERVER = 'server_error'

const never = (status: number, type: string, code: string | null): Answer => ({ status, type, code, again: 'never' })
const may = (status: number, type: string, code: string | null): Answer => ({ status, type, code, again: 'may' })

/**
 * OpenAI's words for every failure.
 *
 * An upstream's 401 or 403 is about a key of ours. Passed on as it is, it would tell the client that *its* key is
 * wrong, and programs answer that by asking their user for a new one; so it is a 502 that names what really failed.
 */
const answers: Readonly<Record<FailureKind, Answer>> = {
  unreachable: may(502, SERVER, 'upstream_unreachable'),
  'connect-timeout': may(504, SERVER, 'upstream_timeout'),
  'first-token-timeout': never(504, SERVER, 'upstream_timeout'),
  stalled: never(504, SERVER, 'upstream_timeout'),
  'total-timeout': never(504, SERVER, 'upstream_timeout'),
  cut: may(502, SERVER, 'upstream_cut'),
  'rate-limited': may(429, 'rate_limit_error', 'rate_limit_exceeded'),
  overloaded: may(503, SERVER, 'upstream_overloaded'),
  'server-error': may(502, SERVER, 'upstream_error'),
  'upstream-timeout': may(504, SERVER, 'upstream_timeout'),
  'bad-reply': may(502, SERVER, 'upstream_bad_reply'),
  'unauthorized-upstream': never(502, SERVER, 'upstream_unauthorized'),
  quota: never(429, 'insufficient_quota', 'insufficient_quota'),
  'model-missing': never(404, INVALID, 'model_not_found'),
  'bad-request': never(400, INVALID, null),
  unsupported: never(400, INVALID, 'unsupported_parameter'),
  'context-length': never(400, INVALID, 'context_length_exceeded'),
  'content-policy': never(400, INVALID, 'content_policy_violation'),
  'request-too-large': never(413, INVALID, 'request_too_large'),
  'prefill-refused': may(502, SERVER, 'upstream_cut'),
  'invalid-request': never(400, INVALID, null),
  'unknown-model': never(404, INVALID, 'model_not_found'),
  unauthorized: never(401, INVALID, 'invalid_api_key'),
  'model-not-allowed': never(403, INVALID, 'model_not_allowed'),
  'limit-exceeded': may(429, 'rate_limit_error', 'rate_limit_exceeded'),
  'no-target': may(503, SERVER, 'no_target_available'),
  'queue-full': may(503, SERVER, 'queue_full'),
  'shutting-down': may(503, SERVER, 'shutting_down'),
  'client-gone': never(499, INVALID, 'client_closed_request'),
  internal: may(500, SERVER, 'internal_error'),
}

/** Kinds whose own status says more than the table's: a 422 stays a 422, a 415 of ours stays a 415. */
const REFUSALS: ReadonlySet<FailureKind> = new Set(['bad-request', 'invalid-request', 'unsupported'])
/** Statuses that an SDK takes for something else: bad keys, proxies, time-outs and rate limits. */
const AMBIGUOUS: ReadonlySet<number> = new Set([401, 403, 407, 408, 409, 429])
/**
 * Kinds that are told in our own words. An upstream's `invalid_api_key` would be the very misunderstanding that the
 * status avoids, and `ECONNREFUSED` is a word of sockets, which no client of an API knows.
 */
const OUR_WORDS: ReadonlySet<FailureKind> = new Set([
  'unauthorized-upstream',
  'unreachable',
  'connect-timeout',
  'cut',
  'bad-reply',
])
/** The OpenAI SDK ignores a longer wait and asks again at once, so beyond it the answer is "do not". */
const LONGEST_SDK_WAIT_MS = 60_000

/** A failure as OpenAI reports it: status, headers that steer the SDK's own retries, and the error envelope. */
export function openaiErrorReply(failure: Failure): ErrorReply {
  const answer = answers[failure.kind]
  return { status: statusOf(failure, answer), headers: headersOf(failure, answer), body: errorBody(failure, answer) }
}

/** The error dialect of every OpenAI-shaped route, streaming or not. */
export const openaiErrors: ErrorDialect = { error: openaiErrorReply }

/** The error event that ends a stream. SDKs raise on the `error` key; nothing may follow it, not even `[DONE]`. */
export function openaiErrorEvent(failure: Failure): string {
  return `data: ${JSON.stringify(errorBody(failure, answers[failure.kind]))}\n\n`
}

function statusOf(failure: Failure, answer: Answer): number {
  const { kind, status } = failure
  if (status === undefined) return answer.status
  if (REFUSALS.has(kind) && status >= 400 && status < 500 && !AMBIGUOUS.has(status)) return status
  // 520 to 530 are words of one CDN; a client knows 500 to 504.
  if (kind === 'server-error' && status >= 500 && status <= 504) return status
  return answer.status
}

function headersOf(failure: Failure, answer: Answer): Record<string, string> {
  const headers: Record<string, string> = {}
  const { retryAfterMs } = failure
  if (retryAfterMs !== undefined && answer.again === 'may') {
    headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000))
    headers['retry-after-ms'] = String(Math.ceil(retryAfterMs))
  }
  const tooLong = retryAfterMs !== undefined && retryAfterMs > LONGEST_SDK_WAIT_MS
  // Without a time at which a target comes back, rules or capabilities keep them all out, and will again.
  const hopeless = failure.kind === 'no-target' && retryAfterMs === undefined
  if (answer.again === 'never' || tooLong || hopeless) headers['x-should-retry'] = 'false'
  return headers
}

function errorBody(failure: Failure, answer: Answer): ErrorReply['body'] {
  const own = OUR_WORDS.has(failure.kind)
  const type = own ? answer.type : (failure.type ?? answer.type)
  const code = own ? answer.code : (failure.code ?? answer.code)
  return { error: { message: failure.message, type, param: failure.param ?? null, code } }
}
