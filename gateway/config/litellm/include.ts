import { dirname, isAbsolute, join } from 'node:path'
import { limits } from '../../contract/limits.ts'
import type { SourceLoader } from '../load-source.ts'
import type { Report } from '../report.ts'
import type { Entry, MapNode } from '../source-node.ts'
import { valueAt } from '../source-node.ts'

interface Inclusion {
  readonly loader: SourceLoader
  readonly report: Report
  /** The files that are being included, outermost first. */
  readonly stack: readonly string[]
}

/**
 * Adds the files under `include`, each relative to the file that names it: lists grow, anything else is replaced, as
 * LiteLLM does it. A file that cannot be read is an error there and here.
 */
export function withIncludes(root: MapNode, path: string, context: Omit<Inclusion, 'stack'>): MapNode {
  return expand(root, path, { ...context, stack: [path] })
}

function expand(root: MapNode, path: string, context: Inclusion): MapNode {
  const include = valueAt(root, 'include')
  const own: MapNode = { ...root, entries: root.entries.filter(({ name }) => name !== 'include') }
  if (include === undefined) return own
  const { report, stack } = context
  const items = include.kind === 'list' ? include.items : [include]
  return items.reduce<MapNode>((merged, item) => {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') {
      report.error(item.at, { code: 'bad-value', message: 'include is a list of file names.' })
      return merged
    }
    const file = isAbsolute(item.value) ? item.value : join(dirname(path), item.value)
    if (stack.includes(file)) {
      report.error(item.at, { code: 'include-cycle', message: 'This file is included by itself.' })
      return merged
    }
    if (stack.length > limits.includeDepth || context.loader.files.length > limits.includedFiles) {
      report.error(item.at, {
        code: 'include-depth',
        message: `Files are included more than ${limits.includeDepth} deep, or more than ${limits.includedFiles} of them.`,
      })
      return merged
    }
    const included = context.loader.load(file, item.at)
    if (included === undefined) return merged
    if (included.kind !== 'map') {
      report.error(included.at, {
        code: 'bad-value',
        message: 'An included file is a map of keys, such as "model_list:".',
      })
      return merged
    }
    return extended(merged, expand(included, file, { ...context, stack: [...stack, file] }))
  }, own)
}

function extended(base: MapNode, addition: MapNode): MapNode {
  const entries = new Map<string, Entry>(base.entries.map((entry) => [entry.name, entry]))
  for (const entry of addition.entries) {
    const known = entries.get(entry.name)
    const grows = known?.value.kind === 'list' && entry.value.kind === 'list'
    if (grows && known.value.kind === 'list' && entry.value.kind === 'list') {
      const value = { ...known.value, items: [...known.value.items, ...entry.value.items] }
      entries.set(entry.name, { ...known, value })
    } else entries.set(entry.name, entry)
  }
  return { ...base, entries: [...entries.values()] }
}
