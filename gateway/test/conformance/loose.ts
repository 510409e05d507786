import { isJsonObject, type JsonObject } from '../../contract/json.ts'

/** The value at a path of keys and indexes; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value
  for (const key of path) {
    if (Array.isArray(found)) found = found[Number(key)]
    else found = isJsonObject(found) ? found[key] : undefined
  }
  return found
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Text, or "". */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : undefined
}

/** The first of these that is a number, else 0. */
export function countOf(...candidates: readonly (number | undefined)[]): number {
  return candidates.find((candidate) => candidate !== undefined) ?? 0
}

export function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
