/** Names of the guard's rules: in the log, in the tray's notice and in the vectors that prove them. */
export type RuleId =
  | 'peer'
  | 'version'
  | 'header-count'
  | 'host'
  | 'target'
  | 'method'
  | 'framing'
  | 'origin'
  | 'key-in-url'
  | 'upgrade'
  | 'expectation'
  | 'route'
  | 'content-type'
  | 'content-encoding'
  | 'body-size'
  | 'credential'
  | 'key'
  | 'app-origin'
  | 'parser'
  | 'draining'

/** Why a request is turned away before any part of the program has worked for it. */
export interface Refusal {
  readonly rule: RuleId
  readonly status: number
  /** Machine-readable, stable: `host_not_allowed`. */
  readonly code: string
  /** A sentence for the person whose program was refused. Never holds anything secret that the request held. */
  readonly message: string
  /** Headers that belong to the status: `allow`, `retry-after`, `www-authenticate`. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** True when what follows on the connection cannot be trusted to be a request. */
  readonly close?: boolean
}

/**
 * The body of a refusal, in the shape that the clients of a path read: Ollama's want a text, and Anthropic's a `type`
 * beside what OpenAI's read, which does not disturb the latter.
 */
export function refusalBody(refusal: Refusal, path: string | undefined): string {
  const { message, code } = refusal
  if (path?.startsWith('/api/') === true) return JSON.stringify({ error: message })
  const error = { message, type: errorType(refusal.status), param: null, code }
  const isMessages = path !== undefined && MESSAGES_PATH.test(path)
  return JSON.stringify(isMessages ? { type: 'error', error } : { error })
}

const MESSAGES_PATH = /\/messages(\/count_tokens)?$/

function errorType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** What a refusal may tell the rest of the program: bounded, and free of credentials. */
export interface RefusedEvent {
  readonly rule: RuleId
  readonly status: number
  readonly code: string
  /** As the client sent it, at most 200 characters. */
  readonly host: string | undefined
  readonly origin: string | undefined
}
