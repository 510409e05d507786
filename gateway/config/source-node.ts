import type { JsonObject, JsonValue } from '../contract/json.ts'

/** Where something was written; line and column are 1-based. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A parsed configuration file in which every value knows its place. */
export type SourceNode = MapNode | ListNode | ScalarNode

export interface MapNode {
  readonly kind: 'map'
  readonly at: Place
  /** In the order of the file; names are unique. */
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly name: string
  readonly nameAt: Place
  readonly value: SourceNode
}

export interface ListNode {
  readonly kind: 'list'
  readonly at: Place
  readonly items: readonly SourceNode[]
}

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly at: Place
  readonly value: string | number | boolean | null
}

/** The value under `name`; undefined when the map has no such key. */
export function valueAt(map: MapNode, name: string): SourceNode | undefined {
  return map.entries.find((entry) => entry.name === name)?.value
}

/** True for an absent value and for a key with nothing behind it, which YAML reads as null. */
export function isBlank(node: SourceNode | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.value === null)
}

/** A map in which the entries of `above` replace those of `below` with the same name. */
export function overlaid(below: MapNode, above: MapNode): MapNode {
  const names = new Set(above.entries.map((entry) => entry.name))
  return { ...above, entries: [...below.entries.filter((entry) => !names.has(entry.name)), ...above.entries] }
}

/** The plain value; `replace` may change each scalar on the way, and drops the key by giving undefined. */
export function plainValue(
  node: SourceNode,
  replace: (scalar: ScalarNode) => JsonValue | undefined = (scalar) => scalar.value,
): JsonValue | undefined {
  if (node.kind === 'scalar') return replace(node)
  if (node.kind === 'map') return plainObject(node, replace)
  return node.items.map((item) => plainValue(item, replace) ?? null)
}

/** As {@link plainValue}, for a map. */
export function plainObject(
  node: MapNode,
  replace: (scalar: ScalarNode) => JsonValue | undefined = (scalar) => scalar.value,
): JsonObject {
  const pairs = node.entries.map(({ name, value }) => [name, plainValue(value, replace)] as const)
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}
