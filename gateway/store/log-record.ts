import type { Conversion } from '../contract/conversion.ts'
import { limits } from '../contract/limits.ts'
import type { AttemptLog, RequestLog } from '../contract/request-log.ts'
import type { Dropped } from '../contract/route.ts'
import type { Usage } from '../contract/stream-event.ts'
import type { StoredRequest } from './log-query.ts'

type OrNull<T> = T | null

/** A row of the table `requests`, named as its columns. */
export interface LogRecord {
  readonly id: string
  readonly at_ms: number
  readonly app: string
  readonly client: string
  readonly operation: string
  readonly stream: 0 | 1
  readonly model: string
  readonly route: string
  /** JSON. */
  readonly attempts: string
  /** JSON. */
  readonly dropped: string
  readonly reason: string
  readonly target: OrNull<string>
  readonly locality: OrNull<NonNullable<RequestLog['locality']>>
  readonly lane: OrNull<NonNullable<RequestLog['lane']>>
  readonly status: number
  readonly outcome: RequestLog['outcome']
  readonly failure: OrNull<NonNullable<RequestLog['failure']>>
  readonly failure_message: OrNull<string>
  readonly finish: OrNull<NonNullable<RequestLog['finish']>>
  readonly input_tokens: OrNull<number>
  readonly output_tokens: OrNull<number>
  readonly cache_read_tokens: OrNull<number>
  readonly cache_write_tokens: OrNull<number>
  readonly reasoning_tokens: OrNull<number>
  readonly usage_estimated: 0 | 1
  /** JSON. */
  readonly conversions: string
  readonly cost_usd: OrNull<number>
  readonly first_token_ms: OrNull<number>
  readonly total_ms: number
  readonly request_bytes: number
  readonly reply_bytes: number
}

/** The columns in the order of the table. */
export const logColumns: readonly (keyof LogRecord)[] = [
  'id',
  'at_ms',
  'app',
  'client',
  'operation',
  'stream',
  'model',
  'route',
  'attempts',
  'dropped',
  'reason',
  'target',
  'locality',
  'lane',
  'status',
  'outcome',
  'failure',
  'failure_message',
  'finish',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'cost_usd',
  'first_token_ms',
  'total_ms',
  'request_bytes',
  'reply_bytes',
  'usage_estimated',
  'conversions',
]

/** Every text is clipped to `limits.logMessageChars`: a row has a size that can be reckoned with. */
export function toRecord(row: RequestLog): LogRecord {
  return {
    id: row.id,
    at_ms: Math.round(row.atMs),
    app: clip(row.app),
    client: clip(row.client),
    operation: clip(row.operation),
    stream: row.stream ? 1 : 0,
    model: clip(row.model),
    route: clip(row.route),
    attempts: JSON.stringify(row.attempts.slice(0, limits.maxAttempts).map(clipAttempt)),
    dropped: JSON.stringify(row.dropped.slice(0, limits.logDroppedTargets).map(clipDropped)),
    reason: clip(row.reason),
    target: clip(row.target) ?? null,
    locality: row.locality ?? null,
    lane: row.lane ?? null,
    status: Math.round(row.status),
    outcome: row.outcome,
    failure: row.failure ?? null,
    failure_message: clip(row.failureMessage) ?? null,
    finish: row.finish ?? null,
    ...toUsageColumns(row.usage),
    usage_estimated: row.usageEstimated ? 1 : 0,
    conversions: toConversions(row.conversions),
    cost_usd: row.costUsd ?? null,
    first_token_ms: row.firstTokenMs ?? null,
    total_ms: row.totalMs,
    request_bytes: Math.round(row.requestBytes),
    reply_bytes: Math.round(row.replyBytes),
  }
}

/** The inverse of {@link toRecord}, which wrote the JSON that is read here. */
export function fromRecord(record: LogRecord & { readonly seq: number }): StoredRequest {
  const attempts: readonly AttemptLog[] = JSON.parse(record.attempts)
  const dropped: readonly Dropped[] = JSON.parse(record.dropped)
  return {
    seq: record.seq,
    id: record.id,
    atMs: record.at_ms,
    app: record.app,
    client: record.client,
    operation: record.operation,
    stream: record.stream === 1,
    model: record.model,
    route: record.route,
    attempts,
    dropped,
    reason: record.reason,
    target: record.target ?? undefined,
    locality: record.locality ?? undefined,
    lane: record.lane ?? undefined,
    status: record.status,
    outcome: record.outcome,
    failure: record.failure ?? undefined,
    failureMessage: record.failure_message ?? undefined,
    finish: record.finish ?? undefined,
    usage: fromUsageColumns(record),
    usageEstimated: record.usage_estimated === 1,
    conversions: fromConversions(record.conversions),
    costUsd: record.cost_usd ?? undefined,
    firstTokenMs: record.first_token_ms ?? undefined,
    totalMs: record.total_ms,
    requestBytes: record.request_bytes,
    replyBytes: record.reply_bytes,
  }
}

type UsageColumns = Pick<
  LogRecord,
  'input_tokens' | 'output_tokens' | 'cache_read_tokens' | 'cache_write_tokens' | 'reasoning_tokens'
>

/** Counts come from upstreams: a fraction, a NaN or more than 64 bits hold must not make a whole batch fail. */
function toUsageColumns(usage: Usage | undefined): UsageColumns {
  return {
    input_tokens: count(usage?.input),
    output_tokens: count(usage?.output),
    cache_read_tokens: count(usage?.cacheRead),
    cache_write_tokens: count(usage?.cacheWrite),
    reasoning_tokens: count(usage?.reasoning),
  }
}

function fromUsageColumns(record: UsageColumns): Usage | undefined {
  if (record.input_tokens === null && record.output_tokens === null) return undefined
  return {
    input: record.input_tokens ?? 0,
    output: record.output_tokens ?? 0,
    ...(record.cache_read_tokens === null ? {} : { cacheRead: record.cache_read_tokens }),
    ...(record.cache_write_tokens === null ? {} : { cacheWrite: record.cache_write_tokens }),
    ...(record.reasoning_tokens === null ? {} : { reasoning: record.reasoning_tokens }),
  }
}

function count(value: number | undefined): number | null {
  return value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? Math.round(value) : null
}

function clipAttempt(attempt: AttemptLog): AttemptLog {
  return { ...attempt, target: clip(attempt.target), message: clip(attempt.message), why: clip(attempt.why) }
}

function clipDropped(dropped: Dropped): Dropped {
  return { target: clip(dropped.target), by: clip(dropped.by), why: clip(dropped.why) }
}

/** Most requests have none, so that most rows spend two characters on it. */
function toConversions(conversions: readonly Conversion[]): string {
  if (conversions.length === 0) return '[]'
  return JSON.stringify(conversions.slice(0, limits.logConversions).map(clipConversion))
}

function fromConversions(json: string): readonly Conversion[] {
  const conversions: readonly Conversion[] = json === '[]' ? NO_CONVERSIONS : JSON.parse(json)
  return conversions
}

const NO_CONVERSIONS: readonly Conversion[] = []

function clipConversion(conversion: Conversion): Conversion {
  return { ...conversion, field: clip(conversion.field), why: clip(conversion.why) }
}

function clip(text: string): string
function clip(text: string | undefined): string | undefined
function clip(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= limits.logMessageChars) return text
  return `${text.slice(0, limits.logMessageChars - 1)}…`
}
