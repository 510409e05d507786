import type { Clock } from '../contract/clock.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { CooldownRules, Health, Snapshot, Target } from '../contract/route.ts'
import type { Usage } from '../contract/stream-event.ts'
import { CLOSED, reduceBreaker, type Breaker, type BreakerEvent } from '../kit/breaker.ts'
import { coolingOf, speaksOfTheTarget } from './cooling.ts'
import { createRing, type Ring } from './ring.ts'

/** What is known about every target from the requests it was given. One writer (the engine), many readers. */
export interface HealthBook {
  /** The target is being asked. Every call is followed by exactly one of {@link finished}. */
  started(target: Target): void
  finished(target: Target, result: AttemptResult, group: GroupFacts): void
  /** Neither cooling down, nor being probed, nor at its parallel limit. */
  ready(target: Target): boolean
  inFlight(targetId: string): number
  /** A live view: reading it costs a look-up, making it costs nothing. */
  readonly snapshot: Snapshot
}

export interface AttemptResult {
  /** Undefined: it served the answer. */
  readonly failure: Failure | undefined
  readonly usage: Usage | undefined
  /** From the request to the first content; for a reply that is no stream, to its end. */
  readonly firstTokenMs: number | undefined
  readonly durationMs: number
}

export interface GroupFacts {
  /** No other target of the route was there: it is left alone only when it is really broken. */
  readonly alone: boolean
}

/** Counts of one target: `minute` is the running minute of the monotonic clock. */
interface TargetRecord {
  breaker: Breaker
  why: string
  inFlight: number
  readonly usage: { requests: number; tokens: number }
  minute: number
  failures: number
  readonly failuresByKind: Map<string, number>
  readonly firstTokens: Ring
  readonly perToken: Ring
}

const MINUTE_MS = 60_000
const NO_USAGE = { requests: 0, tokens: 0 } as const
const IS_CLOSED: Health = { state: 'closed' }

/** @param rules read at every failure, so that a reloaded configuration holds at once. */
export function createHealthBook(clock: Clock, rules: () => CooldownRules): HealthBook {
  const records = new Map<string, TargetRecord>()

  const recordOf = (targetId: string): TargetRecord => {
    const known = records.get(targetId)
    if (known !== undefined) {
      rollMinute(known, clock.monotonicMs())
      return known
    }
    if (records.size >= limits.trackedTargets) forgetOne(records)
    const record = newRecord(clock.monotonicMs())
    records.set(targetId, record)
    return record
  }

  const reduce = (record: TargetRecord, event: BreakerEvent, openMs: number): void => {
    const timing = { nowMs: clock.monotonicMs(), openMs, openMaxMs: limits.cooldownMaxMs }
    record.breaker = reduceBreaker(record.breaker, event, timing)
  }

  const healthOf = (targetId: string): Health => {
    const breaker = records.get(targetId)?.breaker
    if (breaker === undefined || breaker.state === 'closed') return IS_CLOSED
    if (breaker.untilMs <= clock.monotonicMs()) return { state: 'half-open', probing: breaker.probing }
    return { state: 'open', untilMs: breaker.untilMs, why: records.get(targetId)?.why ?? '' }
  }

  const inFlight = (targetId: string): number => records.get(targetId)?.inFlight ?? 0

  return {
    started: (target) => {
      const record = recordOf(target.id)
      record.inFlight++
      record.usage.requests++
      if (record.breaker.state === 'open') reduce(record, { type: 'probe' }, 0)
    },
    finished: (target, result, group) => {
      const record = recordOf(target.id)
      record.inFlight = Math.max(0, record.inFlight - 1)
      if (result.usage !== undefined) record.usage.tokens += result.usage.input + result.usage.output
      if (result.failure === undefined) {
        noteLatency(record, result)
        reduce(record, { type: 'success' }, 0)
        return
      }
      if (speaksOfTheTarget(result.failure)) noteFailure(record, result.failure)
      const cooling = coolingOf({ failure: result.failure, target, rules: rules(), alone: group.alone, counts: record })
      if (cooling.event.type === 'trip' || cooling.event.type === 'failure') record.why = result.failure.message
      if (result.failure.kind === 'first-token-timeout') record.firstTokens.add(result.durationMs)
      reduce(record, cooling.event, cooling.openMs)
    },
    ready: (target) => {
      const max = target.maxParallelRequests
      if (max !== undefined && inFlight(target.id) >= max) return false
      const health = healthOf(target.id)
      return health.state === 'closed' || (health.state === 'half-open' && !health.probing)
    },
    inFlight,
    snapshot: {
      get atMs() {
        return clock.monotonicMs()
      },
      health: healthOf,
      inFlight,
      usage: (targetId) => (records.has(targetId) ? recordOf(targetId).usage : NO_USAGE),
      latency: (targetId) => latencyOf(records.get(targetId)),
    },
  }
}

function newRecord(nowMs: number): TargetRecord {
  return {
    breaker: CLOSED,
    why: '',
    inFlight: 0,
    usage: { requests: 0, tokens: 0 },
    minute: Math.floor(nowMs / MINUTE_MS),
    failures: 0,
    failuresByKind: new Map(),
    firstTokens: createRing(limits.latencySamples),
    perToken: createRing(limits.latencySamples),
  }
}

function rollMinute(record: TargetRecord, nowMs: number): void {
  const minute = Math.floor(nowMs / MINUTE_MS)
  if (minute === record.minute) return
  record.minute = minute
  record.usage.requests = 0
  record.usage.tokens = 0
  record.failures = 0
  record.failuresByKind.clear()
}

/** Wildcard routes make targets by the dozen: the oldest that is idle and well has least to tell. */
function forgetOne(records: Map<string, TargetRecord>): void {
  for (const [id, record] of records) {
    if (record.inFlight > 0 || record.breaker.state === 'open') continue
    records.delete(id)
    return
  }
}

function noteFailure(record: TargetRecord, failure: Failure): void {
  record.failures++
  record.failuresByKind.set(failure.kind, (record.failuresByKind.get(failure.kind) ?? 0) + 1)
}

function noteLatency(record: TargetRecord, result: AttemptResult): void {
  const { firstTokenMs, durationMs, usage } = result
  if (firstTokenMs === undefined) return
  record.firstTokens.add(firstTokenMs)
  const outputTokens = usage?.output ?? 0
  // A reply in one piece has no first token apart from its end: then all of its time was spent on all tokens.
  const writingMs = firstTokenMs < durationMs ? durationMs - firstTokenMs : durationMs
  if (outputTokens > 0) record.perToken.add(writingMs / outputTokens)
}

function latencyOf(record: TargetRecord | undefined): { firstTokenMs: number; perTokenMs: number } | undefined {
  const firstTokenMs = record?.firstTokens.median()
  if (record === undefined || firstTokenMs === undefined) return undefined
  return { firstTokenMs, perTokenMs: record.perToken.median() ?? 0 }
}
