import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { compact, isJsonArray, objectOf } from '../kit/json-fields.ts'
import { isRecursive } from './anthropic-recursion.ts'

/** A schema as Anthropic's constrained output takes it, and how well it says what the given one did. */
export interface ClosedSchema {
  readonly schema: JsonObject
  /** Some of its limits are only told in words. */
  readonly loosened: boolean
  /** False where it cannot be said at all: objects with free keys, of which only `{}` would be left, and recursion. */
  readonly faithful: boolean
}

/**
 * Every object is closed (`additionalProperties: false`), `oneOf` is `anyOf`, and limits that the decoder does not know
 * (lengths, ranges, patterns of any kind) become part of the description, where the model at least reads them. The same
 * as Anthropic's own libraries do with a schema of theirs.
 */
export function closedSchema(schema: JsonObject): ClosedSchema {
  const state = { loosened: false, faithful: !isRecursive(schema) }
  return { schema: close(schema, state), ...state }
}

interface State {
  loosened: boolean
  faithful: boolean
}

/** Keywords that go as they are. */
const PLAIN: ReadonlySet<string> = new Set([
  'type',
  'enum',
  'const',
  'title',
  'description',
  'default',
  'required',
  '$ref',
  '$id',
])
/** Keywords that hold schemas by name. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions'])
/** Keywords that only name the dialect. */
const SILENT: ReadonlySet<string> = new Set(['$schema', 'additionalProperties'])
const FORMATS: ReadonlySet<string> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])

function close(schema: JsonObject, state: State): JsonObject {
  const out: Record<string, JsonValue | undefined> = {}
  const loose: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || SILENT.has(key)) continue
    const kept = keptKeyword(key, value, state)
    if (kept === undefined) loose.push(`${key}: ${JSON.stringify(value)}`)
    else out[kept.key] = kept.value
  }
  if (isObjectSchema(schema)) closeObject(schema, out, state)
  if (loose.length > 0) {
    state.loosened = true
    const said = typeof schema['description'] === 'string' ? `${schema['description']}\n\n` : ''
    out['description'] = `${said}{${loose.join(', ')}}`
  }
  return compact(out)
}

function keptKeyword(
  key: string,
  value: JsonValue,
  state: State,
): { readonly key: string; readonly value: JsonValue } | undefined {
  if (PLAIN.has(key)) return { key, value }
  if (NAMED.has(key) && isJsonObject(value)) return { key, value: closeAll(value, state) }
  if (key === 'items') return { key, value: closeAny(value, state) }
  if (key === 'anyOf' || key === 'oneOf') return { key: 'anyOf', value: closeList(value, state) }
  if (key === 'allOf') return { key, value: closeList(value, state) }
  if (key === 'minItems' && (value === 0 || value === 1)) return { key, value }
  if (key === 'format' && typeof value === 'string' && FORMATS.has(value)) return { key, value }
  return undefined
}

function closeObject(schema: JsonObject, out: Record<string, JsonValue | undefined>, state: State): void {
  const isFree =
    schema['additionalProperties'] !== false && Object.keys(objectOf(schema['properties']) ?? {}).length === 0
  if (isFree) state.faithful = false
  out['properties'] ??= {}
  out['additionalProperties'] = false
}

function isObjectSchema(schema: JsonObject): boolean {
  const { type } = schema
  return type === 'object' || (isJsonArray(type) && type.includes('object')) || isJsonObject(schema['properties'])
}

function closeAll(schemas: JsonObject, state: State): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closeAny(schema ?? true, state)]))
}

function closeList(value: JsonValue, state: State): JsonValue {
  return isJsonArray(value) ? value.map((schema) => closeAny(schema, state)) : value
}

function closeAny(value: JsonValue, state: State): JsonValue {
  return isJsonObject(value) ? close(value, state) : value
}
