import { isJsonObject } from '../contract/json.ts'
import type { JsonArray, JsonObject, JsonValue } from '../contract/json.ts'

/** Reading what a stranger sent: a field of another type than expected is an absent field. */

/** Undefined for anything that is not JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** The field of an object; undefined when there is none, or no object. */
export function field(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined
}

export function textAt(value: JsonValue | undefined, name: string): string | undefined {
  const found = field(value, name)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** A count: positive and finite. Zero means "not known" with every runner here. */
export function countAt(value: JsonValue | undefined, name: string): number | undefined {
  const found = field(value, name)
  return typeof found === 'number' && Number.isFinite(found) && found > 0 ? Math.floor(found) : undefined
}

/** The objects of a list; undefined when there is no list. Ollama writes an empty one as `null`. */
export function objectsAt(value: JsonValue | undefined, name: string): readonly JsonObject[] | undefined {
  const found = field(value, name)
  return isJsonArray(found) ? found.filter(isJsonObject) : undefined
}

/** The texts of a list; undefined when there is no list. */
export function textsAt(value: JsonValue | undefined, name: string): readonly string[] | undefined {
  const found = field(value, name)
  return isJsonArray(found) ? found.filter((item) => typeof item === 'string') : undefined
}

/** `Array.isArray` does not narrow a readonly array. */
function isJsonArray(value: unknown): value is JsonArray {
  return Array.isArray(value)
}
