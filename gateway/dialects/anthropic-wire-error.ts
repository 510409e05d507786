import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { parseObject } from '../kit/json-fields.ts'
import { anthropicErrorStatus } from '../wire/anthropic-error.ts'
import { failureOf } from '../wire/error-failure.ts'
import { impliedStatus } from '../wire/failure-kind.ts'
import { errorInReply, hasError } from '../wire/upstream-error.ts'
import { badReply } from './openai-bad-reply.ts'

const WEB_PAGE =
  'The upstream answered with a web page (HTML). Check that its base URL leads to an API that speaks Anthropic Messages.'
const NO_STREAM =
  'The upstream answered with one JSON object where a stream was asked for. ' +
  'With "lane: translated" under its provider, such an answer is made into a stream.'

/**
 * The error inside a reply that came with status 200, or undefined where there is none: `{"type": "error", "error": {...}}`,
 * or an event called `error`. The type is the only word for its status.
 */
export function readMessagesError(reply: JsonObject, named = false): Failure | undefined {
  if (!named && reply.type !== 'error' && !hasError(reply)) return undefined
  const error = errorInReply(reply)
  const status = anthropicErrorStatus(error.type ?? '') ?? impliedStatus(error)
  return failureOf(error, { status, headers: {} })
}

/** What to say of a whole reply that should have been a message. */
export function notMessage(body: string): Failure {
  const text = body.trimStart()
  if (text === '') return badReply('The upstream answered with an empty body.')
  if (text.startsWith('<')) return badReply(WEB_PAGE)
  return badReply('The upstream answered with JSON that is not complete.')
}

/** What to say of a body that should have been a stream; an error in plain JSON is read as one. */
export function notMessageEvents(body: string): Failure {
  const json = parseObject(body)
  if (json !== undefined) return readMessagesError(json) ?? badReply(NO_STREAM)
  if (body.trimStart().startsWith('<')) return badReply(WEB_PAGE)
  return badReply('The upstream answered with something that is no event stream. Check that its base URL is right.')
}
