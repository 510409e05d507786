import { Document } from 'yaml'
import type { Diagnostic } from '../contract/diagnostic.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { Secret } from '../contract/secret.ts'
import { variableIn } from './environment.ts'
import type { Draft } from './native/file-keys.ts'
import { isPlaceholderKey } from './placeholder-keys.ts'
import type { Json, KeyText, Text } from './readers.ts'

export interface NativeText {
  /** A `spillway.yaml` that means what the draft means, without any secret. */
  readonly text: string
  /** Secrets that stood in the file itself, by the variable that the text now refers to. */
  readonly moved: ReadonlyMap<string, Secret>
}

export interface NativeNotes {
  /** What the text was made from, for its first line. */
  readonly from: string
  /** What could not be carried over. */
  readonly warnings: readonly Diagnostic[]
  /** Variables that the original file set itself. */
  readonly exports: ReadonlyMap<string, Secret>
}

/**
 * Writes a draft as `spillway.yaml`. References stay references; a secret that stood in the file becomes a reference
 * to a variable, which the text asks its reader to set.
 */
export function writeNative(draft: Draft, notes: NativeNotes): NativeText {
  const moved = new Map<string, Secret>()
  const value = written(draft, [], moved) ?? {}
  const document = new Document(value)
  document.commentBefore = comment(notes, [...moved.keys()])
  return { text: document.toString({ lineWidth: 0 }), moved }
}

function comment({ from, warnings, exports }: NativeNotes, moved: readonly string[]): string {
  const lines = [`Translated from ${from}.`]
  if (moved.length > 0)
    lines.push('', 'These keys stood in the file. Set the variables before starting Spillway:', ...indented(moved))
  if (exports.size > 0)
    lines.push('', 'The file set these variables itself. Set them, too:', ...indented([...exports.keys()]))
  const told = warnings.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
  if (told.length > 0) lines.push('', 'What was found on the way:', ...indented(told))
  return lines.map((line) => ` ${line.replaceAll(/[\r\n]+/g, ' ')}`.trimEnd()).join('\n')
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

type Moved = Map<string, Secret>

/** A draft's value as it stands in the file; undefined for what need not be written. */
function written(value: unknown, path: readonly string[], moved: Moved): JsonValue | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null) return undefined
  if (isKeyText(value)) return writtenKey(value, path, moved)
  if (isRaw(value)) return typeof value.raw === 'string' ? value.raw : withoutSecrets(value.raw, path, moved)
  if (Array.isArray(value)) return value.flatMap((item) => written(item, path, moved) ?? [])
  const entries = value instanceof Map ? [...value] : Object.entries(value).filter(([name]) => name !== 'at')
  return shortened(fields(entries, path, moved), path)
}

function fields(entries: readonly (readonly [string, unknown])[], path: readonly string[], moved: Moved): JsonObject {
  const pairs = entries.map(([name, value]) => [name, written(value, [...path, name], moved)] as const)
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}

/** Maps that say one thing have a short form. Named things are kept even when nothing is said of them. */
function shortened(map: JsonObject, path: readonly string[]): JsonValue | undefined {
  const names = Object.keys(map)
  const [section] = path
  const isNamed = path.length === 2 && (section === 'providers' || section === 'apps')
  if (names.length === 0) return isNamed ? {} : undefined
  if (names.length > 1) return map
  const only = names[0] ?? ''
  const shortForms = { models: ['targets', 'use'], aliases: ['model'] }
  if (path.at(-1) === 'retries' && only === 'count') return map[only]
  if (section === 'aliases' && shortForms.aliases.includes(only)) return map[only]
  if (section !== 'models' || !shortForms.models.includes(only)) return map
  const inner = map[only]
  return only === 'targets' && Array.isArray(inner) && inner.length === 1 && typeof inner[0] === 'string'
    ? inner[0]
    : only === 'use'
      ? inner
      : map
}

function writtenKey({ variable, secret }: KeyText, path: readonly string[], moved: Moved): string | undefined {
  if (variable !== undefined) return reference(variable)
  if (secret === undefined) return undefined
  const isPlain = path.at(-2) === 'settings' && !SENSITIVE.test(path.at(-1) ?? '')
  return isPlain || isPlaceholderKey(secret) ? secret.reveal() : moveOut(secret, path, moved)
}

const SENSITIVE = /auth|key|token|secret|password|cookie|credential/i

/** Free-form values, of which those that are named like secrets are moved out. */
function withoutSecrets(map: JsonObject, path: readonly string[], moved: Moved): JsonObject {
  const clean = (name: string, value: JsonValue | undefined): JsonValue | undefined => {
    if (isJsonObject(value)) return withoutSecrets(value, [...path, name], moved)
    if (typeof value !== 'string' || !SENSITIVE.test(name) || variableIn(value) !== undefined) return value
    return moveOut(new Secret(value), [...path, name], moved)
  }
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, clean(name, value)]))
}

function moveOut(secret: Secret, path: readonly string[], moved: Moved): string {
  const name = `SPILLWAY_${path
    .join('_')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()}`.slice(0, 100)
  let free = name
  for (let number = 2; moved.has(free) && moved.get(free)?.reveal() !== secret.reveal(); number++)
    free = `${name}_${number}`
  moved.set(free, secret)
  return reference(free)
}

function reference(variable: string): string {
  return `os.environ/${variable}`
}

function isKeyText(value: object): value is KeyText {
  return 'secret' in value && 'variable' in value
}

function isRaw(value: object): value is Text | Json {
  return 'raw' in value && 'value' in value
}
