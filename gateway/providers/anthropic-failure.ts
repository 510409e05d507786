import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { HttpHead } from '../contract/provider.ts'
import { fieldAt, objectOf, parseJson, stringOf, textAt } from '../kit/json-fields.ts'
import { anthropicErrorStatus } from '../wire/anthropic-error.ts'
import { failureInReply, upstreamFailure, type Upstream } from './upstream-failure.ts'

/** What a reply that is not a success means. */
export function anthropicFailure(upstream: Upstream, head: HttpHead, body: string): Failure {
  const failure = reread(upstreamFailure(upstream, head, body))
  const code = textAt(fieldAt(fieldAt(parseJson(body), 'error'), 'details'), 'error_code')
  // A conversation that Anthropic keeps, and does not find: no other target has it, and the SDK knows what to do.
  return code?.startsWith('thread_') ? { ...failure, kind: 'bad-request', code } : failure
}

/** An error that came inside a 200. Its type is all that tells the status which it would have had. */
export function anthropicErrorEvent(upstream: Upstream, json: JsonObject): Failure {
  return reread(failureInReply(upstream, withStatus(json)))
}

function withStatus(json: JsonObject): JsonValue {
  const error = objectOf(json['error'])
  const status = anthropicErrorStatus(stringOf(error?.['type']) ?? '')
  return error === undefined || status === undefined ? json : { ...json, error: { ...error, status } }
}

/** Sentences of Anthropic's alone, under the type that it gives to everything: `invalid_request_error`. */
function reread(failure: Failure): Failure {
  if (failure.kind !== 'bad-request') return failure
  if (/exceed context limit/i.test(failure.message)) {
    return { ...failure, kind: 'context-length', code: 'context_length_exceeded' }
  }
  if (/content filtering policy/i.test(failure.message)) {
    return { ...failure, kind: 'content-policy', code: 'content_filter' }
  }
  return failure
}
