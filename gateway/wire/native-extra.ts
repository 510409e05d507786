import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isJsonObject } from '../contract/json.ts'
import { without } from '../kit/json-fields.ts'

/** What a request keeps of keys that its canonical form has no place for. */
export interface WithExtra {
  readonly extra: JsonObject
  readonly nativeKeys?: readonly string[]
}

/** The unknown keys of a request that an upstream of another wire may be sent: all but those of the client's own wire. */
export function sharedExtra({ extra, nativeKeys }: WithExtra): JsonObject {
  return nativeKeys === undefined || nativeKeys.length === 0 ? extra : without(extra, new Set(nativeKeys))
}

/** Keys that say what is asked; the others tune how a runner works (context size, layers, how long a model stays). */
const MEANING: ReadonlySet<string> = new Set(['system', 'template', 'context', 'images', 'format'])

/** What is lost of a request whose upstream speaks another wire than its client. */
export function lostNativeKeys({ extra, nativeKeys = [] }: WithExtra, why: string): readonly Conversion[] {
  return nativeKeys.flatMap((key) =>
    fieldsOf(key, extra[key]).map((field) => ({ field, did: 'dropped' as const, why, matters: MEANING.has(key) })),
  )
}

/** An object of options is told by its keys, because most of them were carried over. */
function fieldsOf(key: string, value: JsonValue | undefined): readonly string[] {
  if (value === undefined) return []
  return key === 'options' && isJsonObject(value) ? Object.keys(value).map((name) => `${key}.${name}`) : [key]
}
