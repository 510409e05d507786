import { closest } from '../kit/suggest.ts'
import { type Environment, variableIn } from './environment.ts'
import type { Finding, Report } from './report.ts'
import { quoted } from './report.ts'
import type { Entry, MapNode, Place, ScalarNode, SourceNode } from './source-node.ts'

/** What a reader needs beside the value: where to report, and the environment that references look into. */
export interface Reading {
  readonly report: Report
  readonly environment: Environment
  /**
   * `strict` (spillway.yaml): what is wrong is an error. `lenient` (LiteLLM's file): it is a warning, the value is
   * left out, and text that spells a number or a boolean counts as one, as it does there.
   */
  readonly manner: 'strict' | 'lenient'
  /** Where else an unknown key may belong, such as `providers.NAME`; `path` is where it was found. */
  belongs(key: string, path: string): string | undefined
}

/** Reads one value; undefined when it is blank or wrong, and what is wrong has then been reported. */
export type Read<T> = (node: SourceNode, reading: Reading, path: string) => T | undefined

/** One key of a map: how it is read, and what people are told about it. */
export interface Key<T> {
  readonly read: Read<T>
  /** The value's shape for the reference, such as `milliseconds` or `true or false`. */
  readonly shape: string
  readonly doc: string
}

export type Keys = Readonly<Record<string, Key<unknown>>>
export type Values<K extends Keys> = {
  readonly [Name in keyof K]?: (K[Name] extends Key<infer T> ? T : never) | undefined
}

/** Reports a finding with the weight that the file's format gives it: what is wrong there is left out, or fatal. */
export function object(reading: Pick<Reading, 'report' | 'manner'>, at: Place, finding: Finding): undefined {
  if (reading.manner === 'strict') reading.report.error(at, finding)
  else reading.report.warn(at, finding)
  return undefined
}

/** Reports that a value is not of the expected kind. The value itself is never repeated: it may be a secret. */
export function wrongValue(node: SourceNode, reading: Reading, told: { path: string; expected: string }): undefined {
  const message = `${told.path} must be ${told.expected}, not ${described(node)}.`
  return object(reading, node.at, { code: 'bad-value', message })
}

function described(node: SourceNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? 'this text' : `this ${typeof node.value}`
}

/** The map behind a node; undefined when it is blank or, after reporting, something else. */
export function mapOf(node: SourceNode, reading: Reading, path: string): MapNode | undefined {
  if (node.kind === 'map') return node
  if (node.kind === 'scalar' && node.value === null) return undefined
  return wrongValue(node, reading, { path, expected: 'a map of keys and values' })
}

/** Reads a map key by key. Keys that are not in the table are reported, with what they were probably meant to be. */
export function readKeys<K extends Keys>(map: MapNode, keys: K, reading: Reading, path: string): Values<K>
// What the loop stores under a name is what that name's own reader gave; TypeScript cannot follow it through the table.
export function readKeys(map: MapNode, keys: Keys, reading: Reading, path: string): Values<Keys> {
  const values: Record<string, unknown> = {}
  for (const entry of map.entries) {
    const key = Object.hasOwn(keys, entry.name) ? keys[entry.name] : undefined
    if (key === undefined) reportUnknownKey(entry, Object.keys(keys), reading, path)
    else values[entry.name] = key.read(entry.value, reading, joined(path, entry.name))
  }
  return values
}

/** How findings name the place above all sections. */
export const TOP_LEVEL = 'the top level'

/** Where something stands, in a sentence. */
export function placeOf(path: string): string {
  return path === '' || path === TOP_LEVEL ? `at ${TOP_LEVEL}` : `under ${path}`
}

function reportUnknownKey(entry: Entry, known: readonly string[], reading: Reading, path: string): void {
  const name = quoted(entry.name)
  const where = placeOf(path)
  const elsewhere = reading.belongs(entry.name, path)
  if (elsewhere !== undefined) {
    const message = `${name} has no meaning ${where}.`
    object(reading, entry.nameAt, { code: 'misplaced-key', message, suggestion: `It belongs ${placeOf(elsewhere)}.` })
    return
  }
  const near = closest(entry.name, known)
  const suggestion = near === undefined ? `Known here: ${known.toSorted().join(', ')}.` : `Did you mean "${near}"?`
  object(reading, entry.nameAt, { code: 'unknown-key', message: `There is no key ${name} ${where}.`, suggestion })
}

export function joined(path: string, name: string): string {
  const shown = /^[\w./*:-]{1,60}$/.test(name) && quoted(name) === JSON.stringify(name) ? name : quoted(name)
  return path === '' ? shown : `${path}.${shown}`
}

/** A scalar after references are looked up. `converts`: text may stand for a number or a boolean. */
export interface Resolved {
  readonly value: string | number | boolean | null | undefined
  readonly converts: boolean
}

/** Looks a scalar's reference up; a variable that is not set is reported, and its value is undefined. */
export function resolved(node: ScalarNode, reading: Reading): Resolved {
  const variable = typeof node.value === 'string' ? variableIn(node.value) : undefined
  if (variable === undefined) return { value: node.value, converts: reading.manner === 'lenient' }
  const value = reading.environment(variable)
  if (value === undefined) {
    const message = `The environment variable ${variable} is not set, so this value is missing.`
    reading.report.warn(node.at, {
      code: 'missing-env',
      message,
      suggestion: `Set ${variable} before starting Spillway.`,
    })
  }
  return { value, converts: true }
}
