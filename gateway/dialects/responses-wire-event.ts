import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { ReplyFacts } from '../contract/dialect.ts'
import { arrayOf, isJsonArray, objectOf, parseObject, stringOf, textOf, type Draft } from '../kit/json-fields.ts'
import { failureInside } from '../wire/error-failure.ts'
import { finishOf, isClientCall } from '../wire/responses-status.ts'
import { readResponsesUsage } from '../wire/responses-usage.ts'
import { badReply, GAVE_UP, notJson } from './openai-bad-reply.ts'
import { readWireError } from './openai-wire-error.ts'

/** Model, usage and finish reason of a response object, whole or not; or the failure that it ended in. */
export function readResponse(response: JsonObject): Draft<ReplyFacts> | Failure {
  const output = arrayOf(response.output).filter(isJsonObject)
  const reason = stringOf(objectOf(response.incomplete_details)?.reason)
  const finish = finishOf(stringOf(response.status), reason, output.some(isClientCall))
  if (finish === 'failed') return failureOfResponse(response)
  const facts: Draft<ReplyFacts> = {}
  const model = textOf(response.model)
  const usage = readResponsesUsage(objectOf(response.usage))
  if (model !== undefined) facts.model = model
  if (usage !== undefined) facts.usage = usage
  if (finish !== undefined) facts.finish = finish
  return facts
}

/** Why a response failed; a cancelled one says nothing. */
export function failureOfResponse(response: JsonObject | undefined): Failure {
  const error = objectOf(response?.error)
  return error === undefined ? GAVE_UP : failureInside({ error })
}

/** The failure in an `error` event, which is nested or flat. */
export function failureOfEvent(event: JsonObject): Failure {
  if (isJsonObject(event.error)) return failureInside(event)
  const { type: _error, ...flat } = event
  return failureInside({ error: flat })
}

/** Reads a complete response that passes verbatim; one that failed has status 200 all the same. */
export function readResponsesReply(body: string): ReplyFacts | Failure {
  const json = parseObject(body)
  if (json === undefined) return notJson(body)
  const failure = readWireError(json)
  if (failure !== undefined) return failure
  if (json.status === undefined && !isJsonArray(json.output)) {
    return badReply('The upstream answered with JSON that is no response. Check that it serves the Responses API.')
  }
  return readResponse(json)
}
