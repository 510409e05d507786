import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { HttpHead } from '../contract/provider.ts'
import { objectOf, stringOf } from '../kit/json-fields.ts'
import { anthropicErrorStatus } from '../wire/anthropic-error.ts'
import { failureInReply, upstreamFailure, type Upstream } from './upstream-failure.ts'

/** What a reply that is not a success means. */
export function anthropicFailure(upstream: Upstream, head: HttpHead, body: string): Failure {
  return reread(upstreamFailure(upstream, head, body))
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
