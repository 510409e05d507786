import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../contract/json.ts'

// Lenient reads of JSON that somebody else wrote: a field of another type than expected is an absent field, never an
// error. `xOf` reads a value, `xAt` the named field of what may be an object.

/** A type whose fields are filled in one by one, so that absent ones stay absent. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }

/** Parsed JSON; undefined when the text is none. Never throws. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** Parsed JSON when it is an object, else undefined. Never throws. */
export function parseObject(text: string): JsonObject | undefined {
  return objectOf(parseJson(text))
}

/** The string, empty or not. */
export function stringOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The string; undefined where it is missing, empty or something else. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The number; JSON can write one that is too large to be finite (`1e999`), which counts as none. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A number of things, such as tokens: undefined for what cannot be one, whoever stated it. */
export function countOf(value: JsonValue | undefined): number | undefined {
  const number = numberOf(value)
  return number !== undefined && number >= 0 && number <= Number.MAX_SAFE_INTEGER ? number : undefined
}

/** True or false; undefined for anything else. */
export function booleanOf(value: JsonValue | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** The object; undefined for null, a list and anything else. */
export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}

/** The array, or an empty one for anything else. */
export function arrayOf(value: JsonValue | undefined): JsonArray {
  return isJsonArray(value) ? value : []
}

/** `Array.isArray` does not narrow a readonly array, hence a guard of our own. */
export function isJsonArray(value: unknown): value is JsonArray {
  return Array.isArray(value)
}

/** The field of an object; undefined when there is none, or no object. */
export function fieldAt(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined
}

/** {@link textOf} of a field. */
export function textAt(value: JsonValue | undefined, name: string): string | undefined {
  return textOf(fieldAt(value, name))
}

/** A count: positive and finite, without its fraction. Zero means "not known" to those who report it. */
export function countAt(value: JsonValue | undefined, name: string): number | undefined {
  const found = numberOf(fieldAt(value, name))
  return found !== undefined && found > 0 ? Math.floor(found) : undefined
}

/** The objects of a list; undefined when there is no list. */
export function objectsAt(value: JsonValue | undefined, name: string): readonly JsonObject[] | undefined {
  const found = fieldAt(value, name)
  return isJsonArray(found) ? found.filter(isJsonObject) : undefined
}

/** The texts of a list; undefined when there is no list. */
export function textsAt(value: JsonValue | undefined, name: string): readonly string[] | undefined {
  const found = fieldAt(value, name)
  return isJsonArray(found) ? found.filter((item) => typeof item === 'string') : undefined
}

/** The object without the keys whose value is undefined: what JSON.stringify would write. */
export function compact(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

/** The object without the named keys. */
export function without(object: JsonObject, keys: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.has(key)))
}

/**
 * What a table has under a word that a stranger chose; a plain look-up would find `constructor` in every table.
 */
export function entryOf<Value>(table: Readonly<Record<string, Value>>, word: string): Value | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}
