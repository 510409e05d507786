import type { ConfigText } from './live-config.ts'
import type { SpillwayConfig } from './spillway-config.ts'

/** The name under which an object's findings are reported, and what each path in it begins with. */
export const OBJECT_NAME = 'config'

/**
 * An object as a text that the reader of configurations takes: JSON is YAML, with one value on each line. Nobody sees
 * that text, so what is found in it gets the path of the value in place of a file's name:
 * `config.models.coder.targets[0]`.
 */
export function objectText(config: SpillwayConfig): ConfigText {
  const text = JSON.stringify(config, undefined, 2)
  return { text, locate: (found) => ({ ...found, file: pathAt(text.split('\n').slice(0, found.line)) }) }
}

/** The path of what the last line begins or ends; the lines are those of JSON with two spaces. */
function pathAt(lines: readonly string[]): string {
  const names: string[] = []
  const items: (number | undefined)[] = []
  let depth = 0
  for (const line of lines) {
    const content = line.trimStart()
    depth = (line.length - content.length) / 2
    if (/^[\]}]/.test(content)) continue
    const item = items[depth - 1]
    const isItem = depth > 0 && item !== undefined
    if (isItem) items[depth - 1] = item + 1
    names[depth] = depth === 0 ? OBJECT_NAME : isItem ? `[${item}]` : nameIn(content)
    items[depth] = content.endsWith('[') ? 0 : undefined
  }
  return names.slice(0, depth + 1).join('')
}

function nameIn(content: string): string {
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(content)?.[0] ?? ''
  return /^"[A-Za-z_]\w*"$/.test(quoted) ? `.${quoted.slice(1, -1)}` : `[${quoted}]`
}
