import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { VerbatimRoute } from '../contract/provider.ts'
import { arrayOf, isJsonArray, textOf } from '../kit/json-fields.ts'
import { openReasoning } from '../wire/sealed-reasoning.ts'

/**
 * What must change in a client's own Messages body before Anthropic gets it. A conversation that began on another model
 * holds thoughts that nobody signed, or that were signed by somebody else; Anthropic refuses those. Its own stay byte
 * for byte, and a body without any is not touched.
 */
export function anthropicVerbatimEdits(body: JsonObject, route: VerbatimRoute): JsonObject {
  if (route !== 'messages' && route !== 'messages/count_tokens') return NOTHING
  const { messages } = body
  if (!isJsonArray(messages) || !messages.some(hasForeignThoughts)) return NOTHING
  return { messages: messages.flatMap(withoutForeignThoughts) }
}

const NOTHING: JsonObject = {}

function hasForeignThoughts(message: JsonValue): boolean {
  return isJsonObject(message) && message['role'] === 'assistant' && arrayOf(message['content']).some(isForeign)
}

/** A message that was nothing but such thoughts is gone: Anthropic refuses an empty one. */
function withoutForeignThoughts(message: JsonValue): JsonArray {
  if (!isJsonObject(message) || !hasForeignThoughts(message)) return [message]
  const content = arrayOf(message['content']).filter((block) => !isForeign(block))
  return content.length === 0 ? [] : [{ ...message, content }]
}

function isForeign(block: JsonValue): boolean {
  if (!isJsonObject(block)) return false
  if (block['type'] === 'thinking') return isNotAnthropics(textOf(block['signature']))
  return block['type'] === 'redacted_thinking' && isNotAnthropics(textOf(block['data']))
}

function isNotAnthropics(signature: string | undefined): boolean {
  return signature === undefined || openReasoning(signature) !== undefined
}
