import type { ErrorDialect, ErrorReply } from '../contract/dialect.ts'
import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { anthropicErrorStatus, anthropicErrorType } from '../wire/anthropic-error.ts'

/** Statuses that say more than the one of the error's type. */
const STATUSES: Readonly<Partial<Record<FailureKind, number>>> = {
  unreachable: 502,
  cut: 502,
  'server-error': 502,
  'bad-reply': 502,
  // A key of ours was refused; with a status of 401 a client would ask its user for a new one.
  'unauthorized-upstream': 502,
  'prefill-refused': 502,
  'no-target': 503,
  'shutting-down': 503,
  'client-gone': 499,
}

/**
 * The same request gets the same answer, or has already cost the user all the time they allow, so the SDK is told not to
 * ask again by itself; for all others its own back-off is welcome.
 */
const NEVER_AGAIN: ReadonlySet<FailureKind> = new Set([
  'first-token-timeout',
  'stalled',
  'total-timeout',
  'unauthorized-upstream',
  'quota',
  'model-missing',
  'bad-request',
  'unsupported',
  'context-length',
  'content-policy',
  'request-too-large',
  'invalid-request',
  'unknown-model',
  'unauthorized',
  'model-not-allowed',
  'client-gone',
])

/** Kinds whose own status says more than the table's: a 422 stays a 422, a 415 of ours stays a 415. */
const REFUSALS: ReadonlySet<FailureKind> = new Set(['bad-request', 'invalid-request', 'unsupported'])
/** Statuses that an SDK takes for something else: bad keys, credit, proxies, time-outs and rate limits. */
const AMBIGUOUS: ReadonlySet<number> = new Set([401, 402, 403, 407, 408, 409, 429])
/** The SDK sleeps for as long as it is told, an hour as well; beyond this the answer is "do not". */
const LONGEST_SDK_WAIT_MS = 60_000

/** A failure as Anthropic reports it: status, headers that steer the SDK's own retries, and the error envelope. */
export function anthropicErrorReply(failure: Failure): ErrorReply {
  return { status: statusOf(failure), headers: headersOf(failure), body: errorBody(failure) }
}

/** The error dialect of every Anthropic-shaped route, streaming or not. */
export const anthropicErrors: ErrorDialect = { error: anthropicErrorReply }

/** The error event that ends a stream. SDKs raise on its name; nothing may follow it. */
export function anthropicErrorEvent(failure: Failure): string {
  return `event: error\ndata: ${JSON.stringify(errorBody(failure))}\n\n`
}

function statusOf({ kind, status }: Failure): number {
  const usual = STATUSES[kind] ?? anthropicErrorStatus(anthropicErrorType(kind)) ?? 500
  if (status === undefined) return usual
  if (REFUSALS.has(kind) && status >= 400 && status < 500 && !AMBIGUOUS.has(status)) return status
  // 520 to 530 are words of one CDN; a client knows 500 to 504.
  if (kind === 'server-error' && status >= 500 && status <= 504) return status
  return usual
}

function headersOf(failure: Failure): Record<string, string> {
  const headers: Record<string, string> = {}
  const { kind, retryAfterMs } = failure
  if (retryAfterMs !== undefined && !NEVER_AGAIN.has(kind)) {
    headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000))
    headers['retry-after-ms'] = String(Math.ceil(retryAfterMs))
  }
  const tooLong = retryAfterMs !== undefined && retryAfterMs > LONGEST_SDK_WAIT_MS
  // Without a time at which a target comes back, rules or capabilities keep them all out, and will again.
  const hopeless = kind === 'no-target' && retryAfterMs === undefined
  if (NEVER_AGAIN.has(kind) || tooLong || hopeless) headers['x-should-retry'] = 'false'
  return headers
}

function errorBody(failure: Failure): JsonObject {
  const { code } = failure
  // The SDK's threads recover by this code: they send the whole conversation, or do without a thread.
  const details = code?.startsWith('thread_') ? { details: { error_code: code } } : {}
  return { type: 'error', error: { type: anthropicErrorType(failure.kind), message: messageOf(failure), ...details } }
}

/** Claude Code shortens the conversation and goes on where it finds these words, and shows an error where it does not. */
const TOO_LONG = 'prompt is too long'

function messageOf({ kind, message }: Failure): string {
  if (kind !== 'context-length' || message.toLowerCase().includes(TOO_LONG)) return message
  return `${TOO_LONG}: ${message}`
}
