import type { ReasoningPart, ToolCall } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, stringOf, textOf } from '../kit/json-fields.ts'
import { openReasoning, sealReasoning } from '../wire/sealed-reasoning.ts'

/**
 * A reasoning item holds one block of thought. What OpenAI encrypted travels as it is; every other maker's signature is
 * sealed into `encrypted_content`, and so is the signature of a tool call (Gemini's), which has no place on the call
 * itself: it is a part without text that bears the call's id.
 */
export function encryptedContent(itemId: string, parts: readonly ReasoningPart[]): string | undefined {
  const [first, ...others] = parts
  if (first === undefined) return undefined
  // The maker checks that its own blob comes back under the id that it was sent with.
  if (first.redacted !== undefined && isOpenAi(first) && first.id === itemId && others.length === 0) {
    return first.redacted
  }
  return sealReasoning(parts)
}

/** Whether a part is more than its text. */
export function isBound(part: ReasoningPart): boolean {
  return part.signature !== undefined || part.redacted !== undefined || part.id !== undefined
}

function isOpenAi({ maker, signature }: ReasoningPart): boolean {
  return maker === 'openai' && signature === undefined
}

/** The part that carries a call's signature. */
export function callSignature(call: Pick<ToolCall, 'id' | 'signature' | 'maker'>): ReasoningPart | undefined {
  const { id, signature, maker } = call
  return signature === undefined ? undefined : { text: '', signature, id, ...(maker !== undefined && { maker }) }
}

/** Thoughts and the signatures of calls, which were sealed together, apart again. */
export function withSignatures(
  thoughts: readonly ReasoningPart[],
  calls: readonly ToolCall[],
): { readonly reasoning: readonly ReasoningPart[]; readonly toolCalls: readonly ToolCall[] } {
  const signatureOf = (call: ToolCall): ReasoningPart | undefined =>
    thoughts.find(({ id, text, signature }) => id === call.id && text === '' && signature !== undefined)
  const used = new Set(calls.map(signatureOf))
  return {
    reasoning: thoughts.filter((part) => !used.has(part)),
    toolCalls: calls.map((call) => {
      const { signature, maker } = signatureOf(call) ?? {}
      if (signature === undefined) return call
      return { ...call, signature, ...(maker !== undefined && { maker }) }
    }),
  }
}

/** The thoughts of a `reasoning` item that a client sends back. */
export function readReasoningItem(item: JsonObject): readonly ReasoningPart[] {
  const encrypted = textOf(item.encrypted_content)
  const own = encrypted === undefined ? undefined : openReasoning(encrypted)
  if (own !== undefined) return own
  // Servers of open models put the thoughts themselves into `content`, OpenAI a summary beside what it encrypted.
  const text = textsOf(item.content) || textsOf(item.summary)
  if (encrypted === undefined) return text === '' ? [] : [{ text }]
  const id = textOf(item.id)
  return [{ text, redacted: encrypted, maker: 'openai', ...(id === undefined ? {} : { id }) }]
}

function textsOf(parts: JsonValue | undefined): string {
  return arrayOf(parts)
    .filter(isJsonObject)
    .map((part) => stringOf(part.text) ?? '')
    .filter((text) => text !== '')
    .join('\n\n')
}
