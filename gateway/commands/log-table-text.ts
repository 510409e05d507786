import type { StoredRequest } from '../store/log-query.ts'

interface Column {
  readonly title: string
  readonly width: number
  readonly align?: 'right'
  readonly text: (row: StoredRequest) => string
}

const COLUMNS: readonly Column[] = [
  { title: 'TIME', width: 19, text: (row) => timeOf(row.atMs) },
  { title: 'APP', width: 12, text: (row) => row.app },
  { title: 'MODEL -> TARGET', width: 44, text: (row) => `${row.model} -> ${row.target ?? '(none)'}` },
  { title: 'WHERE', width: 7, text: (row) => row.locality ?? '-' },
  { title: 'STATUS', width: 13, text: (row) => `${row.status} ${row.outcome}` },
  { title: 'IN/OUT', width: 11, align: 'right', text: (row) => tokensOf(row) },
  { title: 'FIRST', width: 7, align: 'right', text: (row) => durationOf(row.firstTokenMs) },
  { title: 'TOTAL', width: 7, align: 'right', text: (row) => durationOf(row.totalMs) },
  { title: 'WHY', width: 0, text: (row) => whyOf(row) },
]

/** The titles above {@link formatLogRow}. */
export function formatLogHeader(): string {
  return joinCells(COLUMNS.map((column) => cell(column, column.title)))
}

/** One request in one line. What clients and upstreams wrote into it cannot steer a terminal. */
export function formatLogRow(row: StoredRequest): string {
  return joinCells(COLUMNS.map((column) => cell(column, printable(column.text(row)))))
}

function joinCells(cells: readonly string[]): string {
  return cells.join('  ').trimEnd()
}

/** The last column (width 0) takes what it needs. */
function cell({ width, align }: Column, text: string): string {
  if (width === 0) return text
  const clipped = text.length > width ? `${text.slice(0, width - 1)}…` : text
  return align === 'right' ? clipped.padStart(width) : clipped.padEnd(width)
}

/** Local time, because people compare it with their clock. */
function timeOf(atMs: number): string {
  const date = new Date(atMs)
  const shifted = new Date(atMs - date.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19).replace('T', ' ')
}

function tokensOf({ usage, usageEstimated }: StoredRequest): string {
  // Counted here, because the upstream told none.
  const about = usageEstimated ? '~' : ''
  return usage === undefined ? '-' : `${about}${usage.input}/${usage.output}`
}

function durationOf(ms: number | undefined): string {
  if (ms === undefined) return '-'
  return ms < 10_000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`
}

function whyOf(row: StoredRequest): string {
  const tries = row.attempts.length > 1 ? ` (${row.attempts.length} attempts)` : ''
  const failure = row.failure === undefined ? '' : `: ${row.failure} ${row.failureMessage ?? ''}`.trimEnd()
  const converted = row.conversions.map(({ field, did }) => `${field} ${did}`).join(', ')
  return `${row.reason}${tries}${failure}${converted === '' ? '' : ` [${converted}]`}`
}

function printable(text: string): string {
  return text.replaceAll(/\p{C}+/gu, ' ')
}
