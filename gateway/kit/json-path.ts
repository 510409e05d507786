import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'

/** One step into a JSON value: a key, an array index, or every element of an array. */
export type PathStep = { readonly key: string } | { readonly index: number } | 'each'

/**
 * Reads a path such as `tools[*].function.strict`, `a.b` or `a[0].c`.
 * Undefined when it is not such a path, or when it does not begin with a key.
 */
export function parsePath(path: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = []
  const token = /(?:^|\.)([^.[\]]+)|\[(\*|\d+)\]/gy
  while (token.lastIndex < path.length) {
    const match = token.exec(path)
    if (match === null) return undefined
    const [, key, index] = match
    if (key !== undefined) steps.push({ key })
    else if (index === '*') steps.push('each')
    else steps.push({ index: Number(index) })
  }
  const first = steps[0]
  return first !== undefined && first !== 'each' && 'key' in first ? steps : undefined
}

/**
 * A copy of `value` without what the path leads to; the very same value where it leads nowhere, so that
 * `===` tells whether anything was removed. Only what lies on the path is copied.
 */
export function removeAt(value: JsonValue, path: readonly PathStep[]): JsonValue {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (step === 'each') return removeFromEach(value, rest)
  if ('key' in step) return removeFromKey(value, step.key, rest)
  return removeFromIndex(value, step.index, rest)
}

function removeFromKey(value: JsonValue, key: string, rest: readonly PathStep[]): JsonValue {
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return value
  if (rest.length === 0) return withoutKey(value, key)
  const inner = value[key]
  if (inner === undefined) return value
  const changed = removeAt(inner, rest)
  return changed === inner ? value : { ...value, [key]: changed }
}

function removeFromIndex(value: JsonValue, index: number, rest: readonly PathStep[]): JsonValue {
  if (!isJsonArray(value)) return value
  const inner = value[index]
  if (inner === undefined) return value
  if (rest.length === 0) return value.toSpliced(index, 1)
  const changed = removeAt(inner, rest)
  return changed === inner ? value : value.with(index, changed)
}

function removeFromEach(value: JsonValue, rest: readonly PathStep[]): JsonValue {
  if (!isJsonArray(value)) return value
  if (rest.length === 0) return value.length === 0 ? value : []
  const changed = value.map((element) => removeAt(element, rest))
  return changed.every((element, index) => element === value[index]) ? value : changed
}

function withoutKey(value: JsonObject, key: string): JsonObject {
  const { [key]: _removed, ...rest } = value
  return rest
}

function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
