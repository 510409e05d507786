import type { Failure } from '../contract/failure.ts'
import { parseObject } from '../kit/json-fields.ts'
import { readWireError } from './openai-wire-error.ts'

/** The body ended before the answer did. */
export const CUT: Failure = {
  kind: 'cut',
  message: 'The upstream closed the connection in the middle of its answer. Ask again; its own log may say why.',
}
/** A stream in which nothing was said, not even an end. */
export const EMPTY_STREAM: Failure = badReply('The upstream answered with success and then sent nothing at all.')
/** Some servers end an answer that broke off with a finish reason that says so (`error`, `abort`), and say no more. */
export const GAVE_UP: Failure = {
  kind: 'server-error',
  message: 'The upstream gave up on its answer before it was complete. Try again.',
}

const WEB_PAGE =
  'The upstream answered with a web page (HTML). Check that its base URL leads to an OpenAI-compatible API.'

const NO_STREAM =
  'The upstream answered with one JSON object where a stream was asked for. ' +
  'With "lane: translated" under its provider, such an answer is made into a stream.'

/** The upstream answered, but not with what was asked for. */
export function badReply(message: string): Failure {
  return { kind: 'bad-reply', message }
}

/** What to say of a whole reply that should have been JSON. */
export function notJson(body: string): Failure {
  const text = body.trimStart()
  if (text === '') return badReply('The upstream answered with an empty body.')
  if (text.startsWith('<')) return badReply(WEB_PAGE)
  return badReply('The upstream answered with JSON that is not complete.')
}

/** What to say of a body that should have been a stream; an error in plain JSON is read as one. */
export function notEvents(body: string): Failure {
  const json = parseObject(body)
  if (json !== undefined) {
    return readWireError(json) ?? badReply(NO_STREAM)
  }
  if (body.trimStart().startsWith('<')) return badReply(WEB_PAGE)
  return badReply('The upstream answered with something that is no event stream. Check that its base URL is right.')
}
