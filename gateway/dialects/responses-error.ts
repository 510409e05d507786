import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { objectOf } from '../kit/json-fields.ts'
import { openaiErrorReply } from './openai-error.ts'

/**
 * The words of `response.failed`. Codex knows four: it gives up on `context_length_exceeded`, `insufficient_quota` and
 * `invalid_prompt`, waits as long as the sentence says on `rate_limit_exceeded`, and asks again on everything else.
 */
const CODES: Readonly<Partial<Record<FailureKind, string>>> = {
  'context-length': 'context_length_exceeded',
  'rate-limited': 'rate_limit_exceeded',
  'limit-exceeded': 'rate_limit_exceeded',
  quota: 'insufficient_quota',
  'bad-request': 'invalid_prompt',
  'invalid-request': 'invalid_prompt',
  unsupported: 'invalid_prompt',
  'content-policy': 'invalid_prompt',
  'request-too-large': 'invalid_prompt',
}

/** A failure inside a stream, in the two forms in which this wire tells it. */
export interface ResponsesError {
  /** The `error` event: OpenAI's reference has it flat, its servers nest it; clients read either. */
  readonly event: JsonObject
  /** `error` of the response in `response.failed`. */
  readonly response: JsonObject
}

/** Both events carry the same sentence, with the time to wait in it where it is known. */
export function responsesError(failure: Failure): ResponsesError {
  const message = messageOf(failure)
  const error: JsonObject = { ...objectOf(openaiErrorReply(failure).body.error), message }
  const { code, param } = error
  return {
    event: { code: code ?? null, message, param: param ?? null, error },
    response: { code: CODES[failure.kind] ?? 'server_error', message },
  }
}

const WAIT = /try again in\s*\d+(?:\.\d+)?\s*(?:s|ms)/i

/** Codex finds the time to wait nowhere but in the sentence, in seconds or milliseconds. */
function messageOf({ message, retryAfterMs }: Failure): string {
  if (retryAfterMs === undefined || WAIT.test(message)) return message
  return `${message} Please try again in ${Math.ceil(retryAfterMs) / 1_000}s.`
}
