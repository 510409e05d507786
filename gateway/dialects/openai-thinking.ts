import type { Maker, ReasoningPart } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, stringOf, textOf } from '../kit/json-fields.ts'
import { openReasoning, sealReasoning } from '../wire/sealed-reasoning.ts'

/**
 * Signed or encrypted reasoning must come back to its maker unchanged, and OpenAI's wire has no place for it.
 * It travels as `thinking_blocks`, Anthropic's own shape, which LiteLLM made customary; what another maker signed is
 * sealed into the block's opaque field. Undefined for plain text.
 */
export function thinkingBlock(part: ReasoningPart): JsonObject | undefined {
  const { text, signature, redacted, maker } = part
  const isForeign = maker !== undefined && maker !== 'anthropic'
  if (redacted !== undefined) return { type: 'redacted_thinking', data: isForeign ? sealReasoning([part]) : redacted }
  if (signature === undefined) return undefined
  return { type: 'thinking', thinking: text, signature: isForeign ? sealReasoning([part]) : signature }
}

/** Reads `thinking_blocks` of an assistant message. */
export function readThinkingBlocks(value: JsonValue | undefined): ReasoningPart[] {
  return arrayOf(value).filter(isJsonObject).flatMap(readBlock)
}

function readBlock(block: JsonObject): readonly ReasoningPart[] {
  const redacted = textOf(block.data)
  const signature = textOf(block.signature)
  const text = stringOf(block.thinking) ?? ''
  const sealed = openReasoning(redacted ?? signature ?? '')
  // In a stream the signature comes in an event of its own, so the text that it belongs to is the block's.
  if (sealed !== undefined) return sealed.map((part) => (part.text === '' ? { ...part, text } : part))
  if (redacted !== undefined) return [{ text: '', redacted, maker: 'anthropic' }]
  return [signature === undefined ? { text } : { text, signature, maker: 'anthropic' }]
}

/** OpenRouter's names for whose reasoning an entry of `reasoning_details` is. */
const FORMATS: readonly (readonly [prefix: string, maker: Maker])[] = [
  ['anthropic', 'anthropic'],
  ['google', 'google'],
  ['openai', 'openai'],
]

/** Reads `reasoning_details`, OpenRouter's shape, of an assistant message. */
export function readReasoningDetails(value: JsonValue | undefined): ReasoningPart[] {
  return arrayOf(value)
    .filter(isJsonObject)
    .map((detail) => {
      const signature = textOf(detail.signature)
      const redacted = textOf(detail.data)
      const format = textOf(detail.format) ?? ''
      const maker = FORMATS.find(([prefix]) => format.startsWith(prefix))?.[1]
      return {
        text: stringOf(detail.text) ?? stringOf(detail.summary) ?? '',
        ...(signature !== undefined && { signature }),
        ...(redacted !== undefined && { redacted }),
        ...(maker !== undefined && { maker }),
      }
    })
}
