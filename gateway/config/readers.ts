import type { JsonObject, JsonValue } from '../contract/json.ts'
import { Secret } from '../contract/secret.ts'
import { closest } from '../kit/suggest.ts'
import { variableIn } from './environment.ts'
import { type Key, mapOf, joined, object, type Read, type Reading, resolved, wrongValue } from './reading.ts'
import { quoted } from './report.ts'
import { isBlank, type Place, plainObject, type SourceNode } from './source-node.ts'

/** Text, both as it was written and after its reference was looked up (undefined: the variable is not set). */
export interface Text {
  readonly raw: string
  readonly value: string | undefined
  readonly at: Place
}

/** A credential, and the variable that it came from when it is not in the file itself. */
export interface KeyText {
  readonly variable: string | undefined
  readonly secret: Secret | undefined
  readonly at: Place
}

/** Free-form values, both as written and with references looked up. */
export interface Json {
  readonly raw: JsonObject
  readonly value: JsonObject
}

export const text: Read<Text> = (node, reading, path) => {
  if (isBlank(node)) return undefined
  const value = node.kind === 'scalar' ? resolved(node, reading).value : null
  if (node.kind !== 'scalar' || value === null) return wrongValue(node, reading, { path, expected: 'text' })
  return { raw: String(node.value), value: value === undefined ? undefined : String(value).trim(), at: node.at }
}

/** Text of which only the resolved value matters. */
export const plainText: Read<string> = (node, reading, path) => text(node, reading, path)?.value

const KEYCHAIN = 'keychain'

/** A credential: `os.environ/NAME`, `${NAME}`, or the key itself. */
export const credential: Read<KeyText> = (node, reading, path) => {
  const read = text(node, reading, path)
  if (read === undefined) return undefined
  if (read.raw === KEYCHAIN && reading.manner === 'strict') {
    return object(reading, node.at, {
      code: 'bad-value',
      message: 'This version cannot read keys from the system keychain.',
      suggestion: `Write ${path.split('.').at(-1) ?? 'key'}: os.environ/NAME and set NAME before starting Spillway.`,
    })
  }
  const secret = read.value === undefined || read.value === '' ? undefined : new Secret(read.value)
  return { variable: variableIn(read.raw), secret, at: read.at }
}

export const flag: Read<boolean> = (node, reading, path) => {
  if (isBlank(node)) return undefined
  const { value, converts } = node.kind === 'scalar' ? resolved(node, reading) : { value: null, converts: false }
  if (typeof value === 'boolean') return value
  // YAML 1.1, which LiteLLM reads, has more words for both.
  if (converts && /^(true|yes|on|1)$/i.test(String(value))) return true
  if (converts && /^(false|no|off|0)$/i.test(String(value))) return false
  return value === undefined ? undefined : wrongValue(node, reading, { path, expected: 'true or false' })
}

/** A number within bounds, both inclusive. */
export function number(min: number, max: number, whole = false): Read<number> {
  return (node, reading, path) => {
    if (isBlank(node)) return undefined
    const { value, converts } = node.kind === 'scalar' ? resolved(node, reading) : { value: null, converts: false }
    if (value === undefined) return undefined
    const parsed = converts && typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    const fits = typeof parsed === 'number' && parsed >= min && parsed <= max && (!whole || Number.isInteger(parsed))
    const kind = whole ? 'a whole number' : 'a number'
    return fits ? parsed : wrongValue(node, reading, { path, expected: `${kind} from ${min} to ${max}` })
  }
}

/** A count: a whole number from `min` to a bound that no honest value reaches. */
export function count(min = 0, max = 1_000_000_000): Read<number> {
  return number(min, max, true)
}

/** Exactly one of the given words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Read<Word> {
  return (node, reading, path) => {
    if (isBlank(node)) return undefined
    const value = node.kind === 'scalar' ? resolved(node, reading).value : null
    if (value === undefined) return undefined
    // `off` is a boolean to readers of YAML 1.1, and people write `false` for it.
    const written = value === false && words.some((word) => word === 'off') ? 'off' : value
    const found = words.find((word) => word === written)
    if (found !== undefined) return found
    const near = typeof value === 'string' ? closest(value, words) : undefined
    return object(reading, node.at, {
      code: 'bad-value',
      message: `${path} must be one of: ${words.join(', ')}.`,
      ...(near === undefined ? {} : { suggestion: `Did you mean "${near}"?` }),
    })
  }
}

/** A list; a single value counts as a list of one. */
export function listOf<T>(item: Read<T>): Read<readonly T[]> {
  return (node, reading, path) => {
    if (isBlank(node)) return undefined
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((value, index) => item(value, reading, `${path}[${index}]`) ?? [])
  }
}

/** A map with free names, in the order of the file. */
export function mapTo<T>(value: Read<T>): Read<ReadonlyMap<string, T>> {
  return (node, reading, path) => {
    const map = mapOf(node, reading, path)
    if (map === undefined) return undefined
    const pairs = map.entries.flatMap((entry) => {
      const read = value(entry.value, reading, joined(path, entry.name))
      return read === undefined ? [] : [[entry.name, read] as const]
    })
    return new Map(pairs)
  }
}

/** Free-form values below a map. */
export const json: Read<Json> = (node, reading, path) => {
  const map = mapOf(node, reading, path)
  return map === undefined ? undefined : jsonOf(map, reading)
}

/** As {@link json}, for a map that is known to be one. */
export function jsonOf(map: SourceNode & { kind: 'map' }, reading: Reading): Json {
  const value = (scalar: SourceNode & { kind: 'scalar' }): JsonValue | undefined => resolved(scalar, reading).value
  return { raw: plainObject(map), value: plainObject(map, value) }
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Hop-by-hop and framing headers belong to the connection, which Spillway owns. */
const OWNED_HEADERS =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*)$/i

/** Request headers by name. */
export const headers: Read<Json> = (node, reading, path) => {
  const map = mapOf(node, reading, path)
  if (map === undefined) return undefined
  const entries = map.entries.filter(({ name, nameAt, value }) => {
    const owned = OWNED_HEADERS.test(name)
    const scalarValue = value.kind === 'scalar' && value.value !== null ? String(value.value) : undefined
    if (HEADER_NAME.test(name) && !owned && scalarValue !== undefined && HEADER_VALUE.test(scalarValue)) return true
    const why = owned ? 'belongs to the connection and cannot be set' : 'is not a header with a text value'
    object(reading, nameAt, { code: 'bad-value', message: `${quoted(name)} under ${path} ${why}.` })
    return false
  })
  const texts = jsonOf({ ...map, entries }, reading)
  return { raw: allText(texts.raw), value: allText(texts.value) }
}

function allText(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), textOf(value)]))
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A row of a table of keys. */
export function key<T>(read: Read<T>, shape: string, doc: string): Key<T> {
  return { read, shape, doc }
}
