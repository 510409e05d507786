import type { ReasoningPart } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ReasoningDelta } from '../contract/stream-event.ts'
import { stringOf, textOf } from '../kit/json-fields.ts'
import { openReasoning, sealReasoning } from '../wire/sealed-reasoning.ts'

/**
 * The signature of a thought that nobody signed. Clients require the field, and some send a thought back only where it is
 * filled in; models that think between their tools need it back.
 */
export const UNSIGNED: string = sealReasoning([])

/** True for encrypted thoughts that are a block of their own on this wire; those of other makers travel as signatures. */
export function isRedacted({ redacted, maker }: ReasoningDelta): boolean {
  return redacted !== undefined && isPlain(maker)
}

/**
 * What stands in the `signature` of a block that ends with this event; undefined where nothing ends. Of another maker's
 * thought it is everything but the text, which the block itself has.
 */
export function signatureOf({ signature, redacted, maker, id }: ReasoningDelta): string | undefined {
  if (signature === undefined && redacted === undefined) return undefined
  if (isPlain(maker)) return signature
  const part: ReasoningPart = {
    text: '',
    ...(signature !== undefined && { signature }),
    ...(redacted !== undefined && { redacted }),
    ...(maker !== undefined && { maker }),
    ...(id !== undefined && { id }),
  }
  return sealReasoning([part])
}

/** A `thinking` or `redacted_thinking` block of the history. */
export function readThinking(block: JsonObject): readonly ReasoningPart[] {
  const data = textOf(block.data)
  if (data !== undefined) return openReasoning(data) ?? [{ text: '', redacted: data, maker: 'anthropic' }]
  const text = stringOf(block.thinking) ?? ''
  const signature = textOf(block.signature)
  if (signature === undefined) return unsigned(text)
  const parts = openReasoning(signature)
  if (parts === undefined) return [{ text, signature, maker: 'anthropic' }]
  const [first, ...rest] = parts
  return first === undefined ? unsigned(text) : [{ ...first, text: text + first.text }, ...rest]
}

function unsigned(text: string): readonly ReasoningPart[] {
  return text === '' ? [] : [{ text }]
}

/** Whose signatures are written as they are: Anthropic's own, and those of whom nothing is known. */
function isPlain(maker: ReasoningDelta['maker']): boolean {
  return maker === undefined || maker === 'anthropic'
}
