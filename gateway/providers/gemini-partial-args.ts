import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { booleanOf, isJsonArray, numberOf, stringOf } from '../kit/json-fields.ts'

/** A value that is still being put together. Objects have no prototype, so that any name is a plain key. */
type Growing = JsonValue | Growing[] | { [key: string]: Growing }
type Step = string | number

/**
 * Arguments of a call that come in pieces (Vertex, `streamFunctionCallArguments`): each piece names its place by a JSON
 * path (RFC 9535, `$.stops[0]['street name']`) and holds a value, or the next part of a text.
 */
export class PartialArgs {
  readonly #root: { [key: string]: Growing } = Object.create(null)
  /** Paths whose text goes on in a later piece. */
  readonly #open = new Set<string>()
  #size = 0

  /** True when more came than an answer may hold: from then on nothing is taken. */
  get overflowed(): boolean {
    return this.#size > limits.streamLineBytes
  }

  /** Takes one of `partialArgs`; what cannot be placed is left out. */
  add(piece: JsonObject): void {
    const path = stringOf(piece['jsonPath']) ?? ''
    const value = valueOf(piece)
    this.#size += path.length + (typeof value === 'string' ? value.length : 1)
    const steps = stepsOf(path)
    if (this.overflowed || value === undefined || steps === undefined) return
    const continues = this.#open.delete(path)
    if (piece['willContinue'] === true) this.#open.add(path)
    place(this.#root, steps, (before) =>
      continues && typeof before === 'string' && typeof value === 'string' ? before + value : value,
    )
  }

  /** Takes whole arguments, should they come in one piece after all. */
  addAll(args: JsonObject): void {
    for (const [key, value] of Object.entries(args)) if (value !== undefined) this.#root[key] = value
  }

  /** The arguments as JSON. */
  json(): string {
    return JSON.stringify(this.#root)
  }
}

function valueOf(piece: JsonObject): JsonValue | undefined {
  if (piece['nullValue'] !== undefined) return null
  return stringOf(piece['stringValue']) ?? numberOf(piece['numberValue']) ?? booleanOf(piece['boolValue'])
}

/** Undefined for a path that leads nowhere, or deeper than any JSON may be. */
function stepsOf(path: string): readonly Step[] | undefined {
  const steps: Step[] = []
  const token = /\.([^.[\]]+)|\[(\d+)\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/gy
  token.lastIndex = path.startsWith('$') ? 1 : 0
  while (token.lastIndex < path.length) {
    const match = token.exec(path)
    if (match === null || steps.length >= limits.jsonDepth) return undefined
    const [, name, index, single, double] = match
    const quoted = (single ?? double)?.replaceAll(/\\(.)/gs, '$1')
    steps.push(index === undefined ? (name ?? quoted ?? '') : Number(index))
  }
  return steps.length === 0 || typeof steps[0] === 'number' ? undefined : steps
}

function place(root: { [key: string]: Growing }, steps: readonly Step[], change: (before: Growing) => Growing): void {
  let at: Growing = root
  for (const [position, step] of steps.entries()) {
    const before: Growing | undefined = read(at, step)
    const next = steps[position + 1]
    const value: Growing = next === undefined ? change(before ?? null) : (fitting(before, next) ?? emptyFor(next))
    write(at, step, value)
    at = value
  }
}

function read(container: Growing, step: Step): Growing | undefined {
  if (isJsonArray(container)) return typeof step === 'number' ? container[step] : undefined
  return isJsonObject(container) ? container[step] : undefined
}

function write(container: Growing, step: Step, value: Growing): void {
  if (Array.isArray(container)) {
    // Elements come in order; a gap would only be there to waste memory.
    const growing: Growing[] = container
    if (typeof step === 'number') growing[Math.min(step, growing.length)] = value
    return
  }
  if (isGrowingObject(container)) container[step] = value
}

function isGrowingObject(value: Growing): value is { [key: string]: Growing } {
  return isJsonObject(value)
}

function fitting(before: Growing | undefined, next: Step): Growing | undefined {
  const fits = typeof next === 'number' ? isJsonArray(before) : isJsonObject(before)
  return fits ? before : undefined
}

function emptyFor(next: Step): Growing {
  return typeof next === 'number' ? [] : Object.create(null)
}
