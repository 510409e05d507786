import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Case, Gap } from './cases.ts'
import { DIALECTS, type ClientDialect } from './clients.ts'
import { FEATURES, type Feature } from './features.ts'
import type { Verdict } from './judge.ts'

/** Where the table stands. */
export const TABLE = resolve(import.meta.dirname, '../../../docs/conformance.md')

interface Cell {
  passed: number
  total: number
  /** Numbers of the notes that say what is missing. */
  readonly notes: Set<number>
}

/** Counts what came through, by dialect, provider and feature. */
export class Tally {
  readonly #cells = new Map<string, Cell>()
  readonly #notes: string[] = []
  readonly #providers = new Set<string>()
  readonly #recordings = new Set<string>()
  readonly #cases = new Map<ClientDialect, { passed: number; total: number }>()

  note({ recording, dialect }: Case, { features, limits, problems }: Verdict): void {
    this.#recordings.add(recording.id)
    const cases = this.#cases.get(dialect) ?? { passed: 0, total: 0 }
    this.#cases.set(dialect, { passed: cases.passed + (problems.length === 0 ? 1 : 0), total: cases.total + 1 })
    for (const [feature, passed] of features) {
      const cell = this.#cell(dialect, recording.provider, feature)
      cell.total += 1
      if (passed) cell.passed += 1
    }
    for (const { feature, what, why } of limits) this.#add(dialect, recording.provider, feature, `${what}: ${why}`)
  }

  gap({ recording, dialect }: Case, { what, why }: Gap): void {
    this.#add(dialect, recording.provider, 'text', `${what}: ${why}`)
  }

  /** The whole page. */
  page(): string {
    return [
      ...INTRODUCTION,
      `${this.#recordings.size} recorded exchanges are compared.`,
      'Vectors, counts of tokens, listings and moderations are compared apart from these tables. Not asked of a provider are the',
      'pages of Ollama that Spillway answers itself (`ps`, `show`, `version`, unloading), and `/responses/compact`.',
      '',
      ...DIALECTS.flatMap((dialect) => this.#section(dialect)),
      '## What is missing, and why',
      '',
      ...this.#notes.map((note, index) => `${index + 1}. ${note}.`),
      '',
    ].join('\n')
  }

  #section(dialect: ClientDialect): readonly string[] {
    const { passed, total } = this.#cases.get(dialect) ?? { passed: 0, total: 0 }
    const rows = [...this.#providers]
      .toSorted()
      .filter((provider) => FEATURES.some((feature) => this.#cells.has(`${dialect}/${provider}/${feature}`)))
      .map((provider) => [provider, ...FEATURES.map((feature) => this.#text(`${dialect}/${provider}/${feature}`))])
    const lines = [['provider', ...FEATURES], [':--', ...FEATURES.map(() => '--:')], ...rows]
    const table = lines.map((line) => `| ${line.join(' | ')} |`)
    return [`## ${TITLES[dialect]}`, '', `${passed} of ${total} replays.`, '', ...table, '']
  }

  #text(key: string): string {
    const cell = this.#cells.get(key)
    if (cell === undefined) return ''
    const notes = [...cell.notes].toSorted((a, b) => a - b).map((note) => `[${note}]`)
    return [...(cell.total > 0 ? [`${cell.passed}/${cell.total}`] : []), ...notes].join(' ')
  }

  #add(dialect: ClientDialect, provider: string, feature: Feature, text: string): void {
    const known = this.#notes.indexOf(text)
    this.#cell(dialect, provider, feature).notes.add(known >= 0 ? known + 1 : this.#notes.push(text))
  }

  #cell(dialect: ClientDialect, provider: string, feature: Feature): Cell {
    this.#providers.add(provider)
    const key = `${dialect}/${provider}/${feature}`
    const cell = this.#cells.get(key) ?? { passed: 0, total: 0, notes: new Set() }
    this.#cells.set(key, cell)
    return cell
  }
}

const TITLES: Readonly<Record<ClientDialect, string>> = {
  chat: 'Clients of OpenAI’s chat completions',
  completions: 'Clients of OpenAI’s completions',
  responses: 'Clients of OpenAI’s Responses',
  messages: 'Clients of Anthropic’s Messages',
  ollama: 'Clients of Ollama’s API',
}

const INTRODUCTION = [
  '# Conformance',
  '',
  'Recorded exchanges with real providers are replayed behind the gateway, and asked for by the official client of each',
  'dialect in front of it. What the client sees must be what the provider’s own library reads in the same bytes: text,',
  'reasoning, tool names and arguments, finish reason, usage, and the class and the sentence of errors. Where a provider',
  'speaks the client’s own dialect, both lanes are measured, each as a replay of its own; what passes as it is may have words',
  'of the provider’s own, such as `reasoning` beside `reasoning_content`, and has usage only where the provider tells it.',
  '',
  'A cell is how many of the replays that have a feature came through; an empty one has no such exchange. A number in',
  'brackets names what is missing, at the end of this page. This page is written by',
  '`SPILLWAY_WRITE_CONFORMANCE=1 npx vitest run gateway/test/conformance`, and the tests fail where it tells more than',
  'they measured.',
  '',
]

/** Writes the page where that was asked for. */
export function writePage(page: string): void {
  if (process.env['SPILLWAY_WRITE_CONFORMANCE'] === '1') writeFileSync(TABLE, page)
}

/** Cells of the committed page that tell more than was measured; of another set of exchanges only the shares compare. */
export function boasts(measured: string): readonly string[] {
  const now = cellsOf(measured)
  const page = readFileSync(TABLE, 'utf8')
  const isSameSet = SIZE.exec(page)?.[1] === SIZE.exec(measured)?.[1]
  return [...cellsOf(page)].flatMap(([key, told]) => {
    const { passed, total } = now.get(key) ?? { passed: 0, total: 0 }
    const isMore = told.passed * total > passed * told.total || (isSameSet && told.passed > passed)
    return isMore ? [`${key}: ${told.passed}/${told.total} is told, ${passed}/${total} was measured`] : []
  })
}

const SIZE = /^(\d+) recorded exchanges are compared/m

/** The counts of a page by heading, row and column. */
function cellsOf(page: string): ReadonlyMap<string, { passed: number; total: number }> {
  const cells = new Map<string, { passed: number; total: number }>()
  let heading = ''
  for (const line of page.split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3)
    const sum = /^(\d+) of (\d+) replays/.exec(line)
    if (sum !== null) cells.set(heading, { passed: Number(sum[1]), total: Number(sum[2]) })
    if (!line.startsWith('| ')) continue
    const [, provider = '', ...columns] = line.split('|').map((column) => column.trim())
    for (const [index, column] of columns.entries()) {
      const count = /^(\d+)\/(\d+)/.exec(column)
      if (count === null) continue
      cells.set(`${heading}, ${provider}, ${FEATURES[index] ?? ''}`, {
        passed: Number(count[1]),
        total: Number(count[2]),
      })
    }
  }
  return cells
}
