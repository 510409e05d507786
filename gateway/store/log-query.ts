import { limits } from '../contract/limits.ts'
import type { RequestLog } from '../contract/request-log.ts'

/** A row as it is stored; `seq` is the order of writing, and the cursor for following the log. */
export interface StoredRequest extends RequestLog {
  readonly seq: number
}

/** Which rows to show. Everything absent: the newest ones. */
export interface LogQuery {
  /** At most {@link limits.logQueryRows}. */
  readonly limit: number
  /** Only rows written after this one, the oldest of them first to come within the limit. */
  readonly afterSeq?: number
  readonly app?: string
  /** The model that was asked for. */
  readonly model?: string
  readonly target?: string
  readonly status?: StatusFilter
  /** Found anywhere in id, app, model, route, target, reason or failure message; no wildcards, any case. */
  readonly text?: string
}

/** A range of HTTP statuses, or the way a request ended. */
export type StatusFilter = { readonly from: number; readonly to: number } | { readonly outcome: RequestLog['outcome'] }

/** Reads what people type: `429`, `4xx`, `ok`, `error`, `truncated`, `cancelled`; undefined for anything else. */
export function readStatusFilter(text: string): StatusFilter | undefined {
  const outcome = OUTCOMES.find((candidate) => candidate === text)
  if (outcome !== undefined) return { outcome }
  const century = /^([1-5])xx$/i.exec(text)?.[1]
  if (century !== undefined) return { from: Number(century) * 100, to: Number(century) * 100 + 99 }
  return /^[1-5]\d\d$/.test(text) ? { from: Number(text), to: Number(text) } : undefined
}

/** An SQL statement over `requests` and its parameters; rows come in the order of writing. */
export interface LogSelect {
  readonly sql: string
  readonly params: Readonly<Record<string, string | number>>
}

/** Values only ever travel as parameters; the text of the statement is put together from constants. */
export function selectLogs(query: LogQuery): LogSelect {
  const conditions = conditionsOf(query)
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`
  const order = query.afterSeq === undefined ? 'DESC' : 'ASC'
  const params = Object.assign({ limit: boundedLimit(query.limit) }, ...conditions.map((condition) => condition.params))
  return {
    sql: `SELECT * FROM (SELECT * FROM requests${where} ORDER BY seq ${order} LIMIT @limit) ORDER BY seq`,
    params,
  }
}

const OUTCOMES: readonly RequestLog['outcome'][] = ['ok', 'error', 'truncated', 'cancelled']
const TEXT_COLUMNS = ['id', 'app', 'model', 'route', 'target', 'reason', 'failure_message']

function conditionsOf(query: LogQuery): LogSelect[] {
  const { afterSeq, app, model, target, status, text } = query
  return [
    ...(afterSeq === undefined ? [] : [{ sql: 'seq > @afterSeq', params: { afterSeq } }]),
    ...(app === undefined ? [] : [{ sql: 'app = @app', params: { app } }]),
    ...(model === undefined ? [] : [{ sql: 'model = @model', params: { model } }]),
    ...(target === undefined ? [] : [{ sql: 'target = @target', params: { target } }]),
    ...(status === undefined ? [] : [statusCondition(status)]),
    ...(text === undefined || text === '' ? [] : [textCondition(text)]),
  ]
}

function statusCondition(status: StatusFilter): LogSelect {
  if ('outcome' in status) return { sql: 'outcome = @outcome', params: { outcome: status.outcome } }
  return { sql: 'status BETWEEN @statusFrom AND @statusTo', params: { statusFrom: status.from, statusTo: status.to } }
}

function textCondition(text: string): LogSelect {
  const like = TEXT_COLUMNS.map((column) => `${column} LIKE @text ESCAPE '\\'`).join(' OR ')
  return { sql: `(${like})`, params: { text: `%${text.replace(/[\\%_]/g, '\\$&')}%` } }
}

function boundedLimit(limit: number): number {
  return Math.max(1, Math.min(Math.trunc(limit) || 1, limits.logQueryRows))
}
