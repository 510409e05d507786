import type { ChatRequest, Part } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { lost } from './conversions.ts'
import { audioPart, filePart, imagePart } from './gemini-media.ts'

/** What the parts of one conversation are written with. */
export interface GeminiWriter {
  readonly chat: ChatRequest
  readonly model: string
  readonly conversions: Conversion[]
}

/**
 * Ids that others made, or we for answers without one (`toolCallId`). Google needs none, and older models and Vertex' v1
 * do not even know the field, so only ids that Gemini itself gave go back to it.
 */
const FOREIGN_ID = /^(?:call_|toolu_|tooluse_|srvtoolu_|fc_|chatcmpl-tool-)/

/** The id to send with a call or its result; undefined where Google did not give it. */
export function idFor(id: string): string | undefined {
  return id === '' || FOREIGN_ID.test(id) ? undefined : id
}

/** The parts of a message; what cannot be sent is reported, under the message's place. */
export function contentParts(content: readonly Part[], message: number, { conversions }: GeminiWriter): JsonObject[] {
  return content.flatMap((part, position) => {
    const written = contentPart(part)
    if (written !== undefined) return [written]
    if (part.type === 'file') {
      const field = `messages[${message}].content[${position}]`
      const why = 'is a file that lies at another provider. Send its data, or its address'
      conversions.push(lost(field, why))
    }
    return []
  })
}

/** Undefined for what cannot be sent, and for empty text, which Vertex refuses. */
function contentPart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return part.text === '' ? undefined : { text: part.text }
    case 'image':
      return imagePart(part)
    case 'audio':
      return audioPart(part)
    case 'file':
    default:
      return filePart(part)
  }
}
