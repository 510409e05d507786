import { mapOf, type Read, type Reading, wrongValue } from '../reading.ts'
import { listOf, number, plainText } from '../readers.ts'
import type { SourceNode } from '../source-node.ts'

const LONGEST_SECONDS = 86_400

/** LiteLLM's seconds, which may be fractions, as whole milliseconds. */
export function seconds(min: number): Read<number> {
  const read = number(min, LONGEST_SECONDS)
  return (node, reading, path) => {
    const value = read(node, reading, path)
    return value === undefined ? undefined : Math.round(value * 1_000)
  }
}

/** A timeout; zero would mean "never answer". */
export const timeout = seconds(0.001)

/** `[{"model": ["other"]}]`: which models stand in for a model. */
export const fallbackLists: Read<ReadonlyMap<string, readonly string[]>> = (node, reading, path) => {
  const lists = new Map<string, readonly string[]>()
  for (const item of itemsOf(node, reading, path)) {
    for (const { name, value } of mapOf(item, reading, `${path}[]`)?.entries ?? []) {
      const names = listOf(plainText)(value, reading, `${path}.${name.slice(0, 60)}`) ?? []
      lists.set(name, [...(lists.get(name) ?? []), ...names])
    }
  }
  return lists
}

function itemsOf(node: SourceNode, reading: Reading, path: string): readonly SourceNode[] {
  if (node.kind === 'list') return node.items
  if (node.kind === 'map') return [node]
  if (node.value !== null) wrongValue(node, reading, { path, expected: 'a list such as [{"model": ["other-model"]}]' })
  return []
}
