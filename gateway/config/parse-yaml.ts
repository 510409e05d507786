import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair } from 'yaml'
import { parseDocument, type YAMLMap, type YAMLError } from 'yaml'
import { limits } from '../contract/limits.ts'
import type { Report } from './report.ts'
import type { Entry, MapNode, Place, ScalarNode, SourceNode } from './source-node.ts'

/**
 * Reads YAML 1.2 text into nodes that know their places. Anchors, aliases and `<<` are expanded, within bounds.
 * Gives undefined after reporting what is wrong, and an empty map for a file with nothing in it.
 */
export function parseYaml(text: string, file: string, report: Report): SourceNode | undefined {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const document = parsed(text.replace(/^\uFEFF/, ''), lines)
  if (document === undefined) {
    report.error({ file, line: 1, column: 1 }, { code: 'yaml-syntax', message: 'The file is nested too deeply.' })
    return undefined
  }
  // An unknown tag is a warning to the parser; the value without it is not what its writer meant.
  const first = document.errors[0] ?? document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED')
  if (first !== undefined) {
    // What follows the first syntax error is mostly its echo, except for repeated keys, which stand alone.
    const told = first.code === 'DUPLICATE_KEY' ? document.errors : [first]
    for (const error of told) report.error(placeAt(error.pos[0]), { code: codeOf(error), message: explained(error) })
    return undefined
  }
  if (document.contents === null) return { kind: 'map', at: { file, line: 1, column: 1 }, entries: [] }
  const root = createConverter(document, placeAt, report)(document.contents, 0)
  return report.hasErrors ? undefined : root
}

function parsed(text: string, lineCounter: LineCounter): Document | undefined {
  try {
    const options = { lineCounter, prettyErrors: false, stringKeys: true, logLevel: 'error' } as const
    return parseDocument(text, options)
  } catch (error) {
    // The parser is recursive: absurd nesting exhausts the stack before it exhausts memory.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

type Convert = (node: Node, depth: number) => SourceNode | undefined

/** Converts within a budget of nodes, so that aliases of aliases of aliases end in an error, not in a full memory. */
function createConverter(document: Document, placeAt: (offset: number) => Place, report: Report): Convert {
  let budget: number = limits.configNodes
  let told = false
  const refuse = (at: Place, message: string): undefined => {
    if (!told) report.error(at, { code: 'yaml-syntax', message })
    told = true
    return undefined
  }

  const convert: Convert = (node, depth) => {
    const at = placeAt(node.range?.[0] ?? 0)
    budget -= 1
    if (budget < 0) return refuse(at, 'The file expands to too many values; are there anchors inside anchors?')
    if (depth > limits.jsonDepth) return refuse(at, `Values are nested deeper than ${limits.jsonDepth} levels.`)
    if (isAlias(node)) return convertAlias(node, at, depth)
    if (isMap<Node, Node | null>(node)) return { kind: 'map', at, entries: convertEntries(node, depth) }
    if (isSeq<Node>(node)) {
      return { kind: 'list', at, items: node.items.flatMap((item) => convert(item, depth + 1) ?? []) }
    }
    return isScalar(node) ? scalar(node.value, at) : undefined
  }

  const convertAlias = (alias: Alias, at: Place, depth: number): SourceNode | undefined => {
    const target = alias.resolve(document)
    if (target !== undefined) return convert(target, depth + 1)
    return refuse(at, 'Nothing is anchored by this name above this line. Quote a value that begins with "*".')
  }

  const convertEntries = (map: YAMLMap<Node, Node | null>, depth: number): Entry[] => {
    const merged: Entry[] = []
    const own: Entry[] = []
    for (const pair of map.items) {
      const entry = convertPair(pair, depth)
      if (entry?.name === '<<') merged.push(...entriesToMerge(entry.value))
      else if (entry !== undefined) own.push(entry)
    }
    const stated = new Set(own.map((entry) => entry.name))
    const added = merged.filter((entry) => !stated.has(entry.name) && stated.add(entry.name))
    return [...added, ...own]
  }

  const convertPair = (pair: Pair<Node, Node | null>, depth: number): Entry | undefined => {
    const nameAt = placeAt(pair.key.range?.[0] ?? 0)
    const name = isScalar(pair.key) ? String(pair.key.value) : ''
    const value = pair.value === null ? scalar(null, nameAt) : convert(pair.value, depth + 1)
    return value === undefined ? undefined : { name, nameAt, value }
  }

  return convert
}

/** `<<` takes one map or a list of maps; the first one that has a key wins. */
function entriesToMerge(node: SourceNode): readonly Entry[] {
  const sources = node.kind === 'list' ? node.items : [node]
  return sources.filter((source): source is MapNode => source.kind === 'map').flatMap((source) => source.entries)
}

function scalar(value: unknown, at: Place): ScalarNode {
  const known = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
  return { kind: 'scalar', at, value: known ? value : null }
}

function codeOf(error: YAMLError): string {
  return error.code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'yaml-syntax'
}

/** Our own words: the parser's quote the source, and the source holds keys. */
const EXPLANATIONS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  DUPLICATE_KEY: 'This key is already given above in the same block. Keep one of the two.',
  TAB_AS_INDENT: 'A tab indents this line, which YAML does not allow. Use spaces.',
  BAD_INDENT: 'The indentation does not fit the lines above.',
  MISSING_CHAR: 'Something is not closed here: a quote, a bracket, or the space after a colon.',
  MULTIPLE_DOCS: 'The file holds more than one document ("---"). Put everything into one.',
  TAG_RESOLVE_FAILED: 'This tag ("!...") is not known. Quote a value that begins with "!".',
  BAD_DQ_ESCAPE: 'This escape ("\\...") is not known. In a Windows path use single quotes or doubled backslashes.',
  BLOCK_AS_IMPLICIT_KEY: 'There is a second ": " on this line. Quote the value.',
  MULTILINE_IMPLICIT_KEY: 'A key or value spans lines here. Is a ":" missing? Else quote it.',
  NON_STRING_KEY: 'A key must be plain text. Quote a value that begins with "{", "[" or "?".',
  BAD_SCALAR_START: 'A value cannot begin with this character. Quote it.',
  BAD_ALIAS: 'This "*" or "&" is not an anchor. Quote a value that begins with it, such as "*".',
}

function explained(error: YAMLError): string {
  return EXPLANATIONS[error.code] ?? 'This is not valid YAML.'
}
