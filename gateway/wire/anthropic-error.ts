import type { FailureKind } from '../contract/failure.ts'
import { entryOf } from '../kit/json-fields.ts'

/** The `error.type` of Anthropic's error envelope `{"type": "error", "error": {type, message}, request_id}`. */
export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error'

/** Type -> status, after Anthropic's page on errors. 529 is its own word for "overloaded". */
const STATUSES: Readonly<Record<AnthropicErrorType, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** The status that belongs to a type; undefined for a type that is not Anthropic's. In a stream it is all there is. */
export function anthropicErrorStatus(type: string): number | undefined {
  return entryOf(STATUSES, type)
}

/**
 * Our failure -> the type that says the same to a client of Anthropic's. What concerns our credentials at an upstream is
 * an `api_error`: the client's own key is fine.
 */
const TYPES: Readonly<Record<FailureKind, AnthropicErrorType>> = {
  unreachable: 'api_error',
  'connect-timeout': 'timeout_error',
  'first-token-timeout': 'timeout_error',
  stalled: 'timeout_error',
  'total-timeout': 'timeout_error',
  cut: 'api_error',
  'rate-limited': 'rate_limit_error',
  overloaded: 'overloaded_error',
  'server-error': 'api_error',
  'upstream-timeout': 'timeout_error',
  'bad-reply': 'api_error',
  'unauthorized-upstream': 'api_error',
  quota: 'billing_error',
  'model-missing': 'not_found_error',
  'bad-request': 'invalid_request_error',
  unsupported: 'invalid_request_error',
  'context-length': 'invalid_request_error',
  'content-policy': 'invalid_request_error',
  'request-too-large': 'request_too_large',
  'prefill-refused': 'api_error',
  'invalid-request': 'invalid_request_error',
  'unknown-model': 'not_found_error',
  unauthorized: 'authentication_error',
  'model-not-allowed': 'permission_error',
  'limit-exceeded': 'rate_limit_error',
  'no-target': 'overloaded_error',
  'queue-full': 'overloaded_error',
  'shutting-down': 'overloaded_error',
  'client-gone': 'invalid_request_error',
  internal: 'api_error',
}

/** The type that tells this failure to a client of Anthropic's. */
export function anthropicErrorType(kind: FailureKind): AnthropicErrorType {
  return TYPES[kind]
}
