import type { ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { arrayOf, countOf, objectOf, parseObject, stringOf, textOf, type Draft } from '../kit/json-fields.ts'
import { finishReason } from '../wire/finish-reason.ts'
import { badReply, GAVE_UP, notJson } from './openai-bad-reply.ts'
import { readWireError } from './openai-wire-error.ts'

/** Reads a complete reply of `/api/chat` or `/api/generate` that passes verbatim. */
export function readOllamaReply(body: string): ReplyFacts | Failure {
  const json = parseObject(body)
  if (json === undefined) return notJson(body)
  const failure = readWireError(json)
  if (failure !== undefined) return failure
  if (json['message'] === undefined && json['response'] === undefined) {
    return badReply('The upstream answered without any message. Check that its base URL leads to an Ollama.')
  }
  return readLastLine(json, saidIn(json).called)
}

/** What one line says. */
export interface LineContent {
  readonly text: string
  readonly thinking: string
  readonly called: boolean
}

/** Content of a line or a reply of either route. */
export function saidIn(json: JsonObject): LineContent {
  const message = objectOf(json['message'])
  return {
    text: stringOf(message?.['content']) ?? stringOf(json['response']) ?? '',
    thinking: stringOf(message?.['thinking']) ?? stringOf(json['thinking']) ?? '',
    called: arrayOf(message?.['tool_calls'] ?? json['tool_calls']).some(isJsonObject),
  }
}

/** The facts of the object that ends an answer. Ollama says `stop` after tool calls, wherever in the answer they stood. */
export function readLastLine(json: JsonObject, called: boolean): Draft<ReplyFacts> | Failure {
  const finish = finishReason(stringOf(json['done_reason']) ?? 'stop', called)
  if (finish === 'failed') return GAVE_UP
  const facts: Draft<ReplyFacts> = { finish }
  const model = textOf(json['model'])
  if (model !== undefined) facts.model = model
  const output = countOf(json['eval_count'])
  // The prompt's count is absent where all of it was in the cache.
  const input = countOf(json['prompt_eval_count'])
  if (output !== undefined || input !== undefined) facts.usage = { input: input ?? 0, output: output ?? 0 }
  return facts
}
