import type { ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { arrayOf, fieldAt, isJsonArray, objectOf, parseObject, textOf } from '../kit/json-fields.ts'
import { anthropicFinish } from '../wire/anthropic-stop.ts'
import { readAnthropicUsage } from '../wire/anthropic-usage.ts'
import { notMessage, readMessagesError } from './anthropic-wire-error.ts'
import { badReply } from './openai-bad-reply.ts'

/** Reads a complete message that passes verbatim; errors can hide behind a status of 200. */
export function readMessageReply(body: string): ReplyFacts | Failure {
  const json = parseObject(body)
  if (json === undefined) return notMessage(body)
  const failure = readMessagesError(json)
  if (failure !== undefined) return failure
  if (!isJsonArray(json.content)) return badReply('The upstream answered with JSON that is no message.')
  const model = textOf(json.model)
  const usage = readAnthropicUsage(objectOf(json.usage) ?? {})
  const stopReason = textOf(json.stop_reason)
  const calls = arrayOf(json.content).some((block) => fieldAt(block, 'type') === 'tool_use')
  return {
    ...(model !== undefined && { model }),
    ...(usage !== undefined && { usage }),
    ...(stopReason !== undefined && { finish: anthropicFinish(stopReason, calls) }),
  }
}
