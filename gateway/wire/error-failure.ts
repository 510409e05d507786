import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonValue } from '../contract/json.ts'
import type { HttpHead } from '../contract/provider.ts'
import { cleanMessage } from '../kit/clean-message.ts'
import { retryHint } from '../kit/retry-after.ts'
import { failureKind, impliedStatus } from './failure-kind.ts'
import { errorInReply, type UpstreamError } from './upstream-error.ts'

/**
 * An upstream's error as a failure. `head` is its reply's: the status decides with the words what kind it is, headers
 * may say how long to wait. Every text of it is cleaned: upstreams quote keys back.
 */
export function failureOf(error: UpstreamError, head: HttpHead): Failure {
  const kind = failureKind(head.status, error)
  const message = cleanMessage(error.message)
  const retryAfterMs = error.retryAfterMs ?? retryHint(head, message)
  const code = codeFor(kind, error.code)
  return {
    kind,
    message,
    status: head.status,
    ...(code === undefined ? {} : { code }),
    ...(error.type === undefined ? {} : { type: cleanMessage(error.type) }),
    ...(error.param === undefined ? {} : { param: cleanMessage(error.param) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** The failure in a reply of status 200 that is known to hold an error; what it says is all there is to go by. */
export function failureInside(json: JsonValue | undefined): Failure {
  const error = errorInReply(json)
  return failureOf(error, { status: impliedStatus(error), headers: {} })
}

/** Clients look for OpenAI's codes; a code that only repeats the status says nothing. */
function codeFor(kind: FailureKind, code: string | undefined): string | undefined {
  if (kind === 'context-length') return 'context_length_exceeded'
  if (code === undefined || /^[1-5]\d\d$/.test(code)) return kind === 'content-policy' ? 'content_filter' : undefined
  return cleanMessage(code)
}
