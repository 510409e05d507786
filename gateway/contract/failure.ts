/**
 * Operating failures are values of few kinds, with one remedy each; bugs are thrown.
 * The first group comes from upstreams, the second is our own refusal before any upstream was asked.
 */
export type FailureKind =
  // The upstream could not be reached or did not answer in time.
  | 'unreachable' // refused, reset, DNS, TLS: no request was processed
  | 'connect-timeout'
  | 'first-token-timeout'
  | 'stalled' // nothing between two tokens for too long
  | 'total-timeout'
  | 'cut' // the connection ended before the answer did
  // The upstream answered with an error, as a status or inside a 200 stream.
  | 'rate-limited' // 429
  | 'overloaded' // 503, 529, "loading model"
  | 'server-error' // 500, 502, 504, 52x
  | 'upstream-timeout' // 408
  | 'bad-reply' // HTML, garbage, half a JSON, nothing, a redirect
  | 'unauthorized-upstream' // 401, 403: our credential, not the client's
  | 'quota' // out of credit: insufficient_quota, 402
  | 'model-missing' // 404: not pulled, not deployed
  | 'bad-request' // 400, 422: the same everywhere
  | 'unsupported' // this target cannot do what was asked, another may
  | 'context-length'
  | 'content-policy'
  | 'request-too-large' // 413
  | 'prefill-refused' // only while continuing a cut stream; never shown
  // Our own refusals.
  | 'invalid-request'
  | 'unknown-model'
  | 'unauthorized' // the client's key
  | 'model-not-allowed'
  | 'limit-exceeded' // rpm, tpm, parallel requests of this key
  | 'no-target' // every candidate was dropped; the message says why for each
  | 'queue-full'
  | 'shutting-down'
  | 'client-gone'
  | 'internal'

export interface Failure {
  readonly kind: FailureKind
  /** A sentence for people: what happened, and what to do next. Never carries a secret. */
  readonly message: string
  /** The upstream's HTTP status, where there was one; for our own refusals the status to answer with. */
  readonly status?: number
  /** The upstream's machine-readable code, such as `context_length_exceeded`. */
  readonly code?: string
  /** The upstream's error type, such as `invalid_request_error`. */
  readonly type?: string
  /** The request field that is at fault, such as `messages[0].content`. */
  readonly param?: string
  /** How long the upstream asked us to wait. */
  readonly retryAfterMs?: number
}

/**
 * What may be done about a failure before anything reached the client.
 * - `retry`: the same target may be asked again after a pause; another one is better.
 * - `next`: never the same target again in this request; another one may succeed.
 * - `give-up`: no target can do better; the client is told.
 */
export type Remedy = 'retry' | 'next' | 'give-up'

/** The one table of what may be done about each kind. */
export const remedyFor: Readonly<Record<FailureKind, Remedy>> = {
  unreachable: 'retry',
  'connect-timeout': 'retry',
  'first-token-timeout': 'next',
  stalled: 'next',
  'total-timeout': 'give-up',
  cut: 'retry',
  'rate-limited': 'retry',
  overloaded: 'retry',
  'server-error': 'retry',
  'upstream-timeout': 'retry',
  'bad-reply': 'next',
  'unauthorized-upstream': 'next',
  quota: 'next',
  'model-missing': 'next',
  'bad-request': 'give-up',
  unsupported: 'next',
  'context-length': 'next',
  'content-policy': 'next',
  'request-too-large': 'next',
  'prefill-refused': 'next',
  'invalid-request': 'give-up',
  'unknown-model': 'give-up',
  unauthorized: 'give-up',
  'model-not-allowed': 'give-up',
  'limit-exceeded': 'give-up',
  'no-target': 'give-up',
  'queue-full': 'give-up',
  'shutting-down': 'give-up',
  'client-gone': 'give-up',
  internal: 'give-up',
}

/** Tells a failure from the value that was hoped for: no value of ours has both a kind and a message. */
export function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'kind' in value && 'message' in value
}
