import { isJsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray } from '../kit/json-fields.ts'

/** English prose and code average four characters to a token. */
const CHARACTERS_PER_TOKEN = 4
/** One 1024 pixel picture at OpenAI's rate; what a picture costs has nothing to do with the length of its base64. */
const MEDIA_TOKENS = 765
/** Parts whose strings are files, not prose. */
const MEDIA_TYPES: ReadonlySet<JsonValue | undefined> = new Set(['image_url', 'input_audio', 'file'])

/** A rough count for planning, never for billing; strings are measured, not read. */
export function estimateTokens(...values: readonly (JsonValue | undefined)[]): number {
  let characters = 0
  for (const value of values) characters += countCharacters(value)
  return Math.ceil(characters / CHARACTERS_PER_TOKEN)
}

function countCharacters(value: JsonValue | undefined): number {
  if (typeof value === 'string') return value.length
  if (typeof value === 'number') return CHARACTERS_PER_TOKEN
  let characters = 0
  if (isJsonArray(value)) {
    for (const item of value) characters += countCharacters(item)
  } else if (isJsonObject(value)) {
    if (MEDIA_TYPES.has(value.type)) return MEDIA_TOKENS * CHARACTERS_PER_TOKEN
    for (const key in value) characters += countCharacters(value[key])
  }
  return characters
}
