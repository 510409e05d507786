import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../contract/json.ts'

/** Lenient reads of upstream JSON: a field of the wrong type is an absent field, never an error. */

export function stringOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}

export function arrayOf(value: JsonValue | undefined): JsonArray {
  return isJsonArray(value) ? value : []
}

/** `Array.isArray` does not narrow a readonly array, hence a guard of our own. */
export function isJsonArray(value: unknown): value is JsonArray {
  return Array.isArray(value)
}

/** Parses text that an upstream sent; undefined when it is no JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** The object without the keys whose value is undefined: what JSON.stringify would write. */
export function compact(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
