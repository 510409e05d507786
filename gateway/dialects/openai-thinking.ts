import type { ReasoningPart } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, stringOf, textOf } from '../kit/json-fields.ts'

/**
 * Signed or encrypted reasoning must come back to its maker unchanged, and OpenAI's wire has no place for it.
 * It travels as `thinking_blocks`, Anthropic's own shape, which LiteLLM made customary. Undefined for plain text.
 */
export function thinkingBlock(part: ReasoningPart): JsonObject | undefined {
  if (part.redacted !== undefined) return { type: 'redacted_thinking', data: part.redacted }
  if (part.signature === undefined) return undefined
  return { type: 'thinking', thinking: part.text, signature: part.signature }
}

/** Reads `thinking_blocks` of an assistant message. */
export function readThinkingBlocks(value: JsonValue | undefined): ReasoningPart[] {
  return arrayOf(value)
    .filter(isJsonObject)
    .map((block) => {
      const redacted = textOf(block.data)
      if (redacted !== undefined) return { text: '', redacted }
      const signature = textOf(block.signature)
      const text = stringOf(block.thinking) ?? ''
      return signature === undefined ? { text } : { text, signature }
    })
}
