import type { ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { textOf, parseObject, type Draft } from '../kit/json-fields.ts'
import { badReply, GAVE_UP, notJson } from './openai-bad-reply.ts'
import { readFinish } from '../wire/finish-reason.ts'
import { statedUsage } from '../wire/openai-usage.ts'
import { readWireError } from './openai-wire-error.ts'
import { choicesOf } from './openai-wire.ts'

/** Reads a complete chat or completions reply that passes verbatim; errors can hide behind a status of 200. */
export function readChoicesReply(body: string): ReplyFacts | Failure {
  const json = parseObject(body)
  if (json === undefined) return notJson(body)
  const choice = choicesOf(json)[0]
  const failure = readWireError(json)
  if (failure !== undefined) return failure
  if (choice === undefined) return badReply('The upstream answered without a single choice.')
  const finish = readFinish(choice.finish_reason)
  if (finish === 'failed') return GAVE_UP
  const facts = readFacts(json)
  if (finish !== undefined) facts.finish = finish
  return facts
}

/** Model and usage, which every reply may carry. */
export function readFacts(json: JsonObject): Draft<ReplyFacts> {
  const facts: Draft<ReplyFacts> = {}
  const model = textOf(json.model)
  if (model !== undefined) facts.model = model
  const usage = statedUsage(json)
  if (usage !== undefined) facts.usage = usage
  return facts
}
