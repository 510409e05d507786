import type { JsonObject, JsonValue } from '../contract/json.ts'
import { arrayOf, without } from '../kit/json-fields.ts'
import { estimateTokens } from './token-estimate.ts'

const IMAGES: ReadonlySet<string> = new Set(['images'])
/** A picture is counted as one, not by the length of its base64. */
const PICTURE: JsonObject = { type: 'image_url' }

/** A rough count for planning of messages (or one request of `/api/generate`) and whatever else is sent along. */
export function estimateOllamaTokens(
  messages: readonly JsonObject[],
  ...others: readonly (JsonValue | undefined)[]
): number {
  const pictures = messages.flatMap((message) => arrayOf(message['images']).map(() => PICTURE))
  const texts = messages.map((message) => without(message, IMAGES))
  return estimateTokens(texts, pictures, ...others)
}
