import type { Failure } from '../contract/failure.ts'

/** A mistake of the client: `param` is the path of the field at fault, `message` says what to send instead. */
export function invalid(param: string, message: string): Failure {
  return { kind: 'invalid-request', status: 400, type: 'invalid_request_error', param, message }
}

/** What only an upstream that speaks the client's own dialect can serve; the next target may be one. */
export function unsupported(param: string, message: string): Failure {
  return { kind: 'unsupported', status: 400, type: 'invalid_request_error', param, message }
}
