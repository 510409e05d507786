/** Any value that JSON can carry. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonObject
export type JsonArray = readonly JsonValue[]
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/** True for a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where one key of the outermost object lies in the bytes; both ranges end before their `end`. */
export interface KeySpan {
  /** The key's opening quote. */
  readonly keyStart: number
  /** After the key's closing quote. */
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

export interface JsonScan {
  /** Objects and arrays nest deeper than `limits.jsonDepth`. */
  readonly tooDeep: boolean
  /** The keys of the outermost object in order, duplicates included; empty when the text is no object. */
  readonly keys: readonly KeySpan[]
  /** Offset of the outermost object's closing brace; -1 when there is none. */
  readonly objectEnd: number
}
