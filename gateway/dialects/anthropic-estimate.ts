import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray, objectOf, stringOf } from '../kit/json-fields.ts'
import { estimateTokens } from './token-estimate.ts'

/** A rough count of what a Messages body asks to be read. Files in base64 and signatures have no length in tokens. */
export function estimatePrompt(body: JsonObject): number {
  const messages = isJsonArray(body.messages) ? body.messages : []
  const contents = messages.map((message) => readable(objectOf(message)?.content))
  return estimateTokens(body.system, body.tools, contents)
}

function readable(content: JsonValue | undefined): JsonValue {
  return isJsonArray(content) ? content.map(readableBlock) : (content ?? '')
}

function readableBlock(block: JsonValue): JsonValue {
  if (!isJsonObject(block)) return block
  switch (stringOf(block.type) ?? '') {
    case 'image':
      return MEDIA
    case 'document':
      return isProse(block.source) ? block : MEDIA
    case 'tool_result':
      return readable(block.content)
    case 'thinking':
      return block.thinking ?? ''
    case 'redacted_thinking':
      return ''
    default:
      return block
  }
}

/** Counts as one picture does. */
const MEDIA: JsonObject = { type: 'image_url' }

function isProse(source: JsonValue | undefined): boolean {
  const type = objectOf(source)?.type
  return type === 'text' || type === 'content'
}
