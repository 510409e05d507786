import type { RequestLog } from '../gateway/contract/request-log.ts'

/** `14:03:27` in the user's own time zone. */
export function clockText(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(undefined, { hour12: false })
}

/** `850 ms`, `2.4 s`; empty when it is not known. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined) return ''
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** `120 → 64`: tokens in and out. */
export function tokensText(usage: RequestLog['usage']): string {
  return usage === undefined ? '' : `${usage.input} → ${usage.output}`
}

const LOCALITIES = { device: 'this device', lan: 'local network', cloud: 'cloud', builtin: 'built in' } as const

/** Where the answer was made, as the table shows it. */
export function localityText(locality: RequestLog['locality']): string {
  return locality === undefined ? '' : LOCALITIES[locality]
}

/** What happened, in a word or with the reason. */
export function outcomeText(row: Pick<RequestLog, 'outcome' | 'failureMessage' | 'status'>): string {
  if (row.outcome === 'ok') return 'ok'
  return row.failureMessage === undefined ? `${row.outcome} (${row.status})` : `${row.outcome}: ${row.failureMessage}`
}
