import type { Maker, ReasoningPart } from '../contract/chat.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { arrayOf, parseJson, textOf } from '../kit/json-fields.ts'

/**
 * Signed and encrypted reasoning must come back to its maker byte for byte, through clients whose own wire has one
 * opaque field for it (Anthropic's `signature`, Responses' `encrypted_content`). What another maker signed travels in
 * that field sealed: a mark, and the parts as JSON in base64url. No secret: it only has to survive.
 */
const SEAL = 'spillway.1.'

/** One opaque text for these parts, which {@link openReasoning} turns back into them. */
export function sealReasoning(parts: readonly ReasoningPart[]): string {
  return SEAL + Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The parts of a sealed text; undefined when the text is somebody else's. */
export function openReasoning(sealed: string): readonly ReasoningPart[] | undefined {
  if (!sealed.startsWith(SEAL)) return undefined
  const json = parseJson(Buffer.from(sealed.slice(SEAL.length), 'base64url').toString('utf8'))
  return arrayOf(json).filter(isJsonObject).map(readPart)
}

function readPart(item: JsonObject): ReasoningPart {
  const signature = textOf(item['signature'])
  const redacted = textOf(item['redacted'])
  const maker = makerOf(textOf(item['maker']))
  const id = textOf(item['id'])
  return {
    text: textOf(item['text']) ?? '',
    ...(signature !== undefined && { signature }),
    ...(redacted !== undefined && { redacted }),
    ...(maker !== undefined && { maker }),
    ...(id !== undefined && { id }),
  }
}

const MAKERS: readonly Maker[] = ['anthropic', 'google', 'openai', 'bedrock']

/** A maker's name as a client sent it back; undefined when it is none. */
export function makerOf(name: string | undefined): Maker | undefined {
  return MAKERS.find((maker) => maker === name)
}
