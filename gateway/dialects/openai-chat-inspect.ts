import type { Dialect } from '../contract/dialect.ts'
import type { ChatRequest } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Capability } from '../contract/provider.ts'
import { arrayOf, stringOf } from '../kit/json-fields.ts'
import { checkMessages } from './openai-chat-check-messages.ts'
import { checkFormat, checkTools } from './openai-chat-check-tools.ts'
import { checkModel, checkParameters, maxOutputTokens } from './openai-parameters.ts'
import { estimateTokens } from './token-estimate.ts'

/** Refuses what no upstream could serve, with OpenAI's `param` path; unknown keys are nobody's business here. */
export function inspectChat(body: JsonObject): ReturnType<Dialect<ChatRequest>['inspect']> {
  const failure = checkChat(body)
  if (failure !== undefined) return failure
  return {
    model: stringOf(body.model) ?? '',
    operation: 'chat',
    stream: body.stream === true,
    needs: needsOf(body),
    promptTokensEstimate: estimateTokens(body.messages, body.tools, body.functions),
    maxOutputTokens: maxOutputTokens(body),
  }
}

function checkChat(body: JsonObject): Failure | undefined {
  return (
    checkModel(body) ?? checkMessages(body.messages) ?? checkTools(body) ?? checkParameters(body) ?? checkFormat(body)
  )
}

/**
 * What a model must be able to do. Reasoning is no need: a model that cannot think still answers. Tools that the
 * client itself forbids to use are none either.
 */
function needsOf(body: JsonObject): Capability[] {
  const needs: Capability[] = []
  const hasTools = arrayOf(body.tools).length > 0 || arrayOf(body.functions).length > 0
  if (hasTools && body.tool_choice !== 'none' && body.function_call !== 'none') needs.push('tools')
  const types = partTypes(body.messages)
  if (types.has('image_url')) needs.push('vision')
  if (types.has('input_audio') || arrayOf(body.modalities).includes('audio')) needs.push('audio')
  return needs
}

function partTypes(messages: JsonValue | undefined): ReadonlySet<JsonValue | undefined> {
  const types = new Set<JsonValue | undefined>()
  for (const message of arrayOf(messages).filter(isJsonObject)) {
    for (const part of arrayOf(message.content).filter(isJsonObject)) types.add(part.type)
  }
  return types
}
