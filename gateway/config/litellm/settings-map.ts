import { type Keys, placeOf, type Reading, readKeys, type Values } from '../reading.ts'
import { quoted } from '../report.ts'
import type { MapNode } from '../source-node.ts'

/** One section of LiteLLM's file: what is read, what is refused with a reason. */
export interface Section<K extends Keys> {
  readonly path: string
  readonly keys: K
  readonly unsupported: Readonly<Record<string, string>>
}

/** Reads a section, and names every key of it that has no effect here. */
export function readSection<K extends Keys>(map: MapNode, section: Section<K>, reading: Reading): Values<K> {
  const { path, keys, unsupported } = section
  const entries = map.entries.filter(({ name, nameAt }) => {
    if (!Object.hasOwn(unsupported, name)) return true
    const message = `${quoted(name)} ${placeOf(path)} has no effect: ${unsupported[name] ?? ''}`
    reading.report.warn(nameAt, { code: 'unsupported-key', message })
    return false
  })
  return readKeys({ ...map, entries }, keys, reading, path)
}

/** Reports a name that was understood although it is not LiteLLM's; the right one is told. */
export function reportMisspelled(reading: Reading, at: MapNode['at'], told: { name: string; meant: string }): void {
  const message = `LiteLLM has no key ${quoted(told.name)} here and ignores it; it is read as "${told.meant}".`
  reading.report.warn(at, { code: 'unknown-key', message, suggestion: `Write "${told.meant}".` })
}

/** Moves entries from the map where they stand to the one where they belong, and says so. */
export function relocate(
  from: { map: MapNode; path: string },
  to: { map: MapNode; path: string },
  context: { belongs: (name: string) => boolean; reading: Reading },
): { from: MapNode; to: MapNode } {
  const moved = from.map.entries.filter(({ name }) => context.belongs(name))
  if (moved.length === 0) return { from: from.map, to: to.map }
  const taken = new Set(to.map.entries.map(({ name }) => name))
  for (const { name, nameAt } of moved) {
    const effect = taken.has(name)
      ? `ignored, because ${to.path} has it too`
      : `read as if it stood ${placeOf(to.path)}`
    const message = `${quoted(name)} has no meaning ${placeOf(from.path)} for LiteLLM; here it is ${effect}.`
    context.reading.report.warn(nameAt, { code: 'misplaced-key', message, suggestion: `Move it under ${to.path}.` })
  }
  return {
    from: { ...from.map, entries: from.map.entries.filter((entry) => !moved.includes(entry)) },
    to: { ...to.map, entries: [...to.map.entries, ...moved.filter(({ name }) => !taken.has(name))] },
  }
}
