import type { Call } from '../contract/call.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { AttemptLog, RequestLog } from '../contract/request-log.ts'
import { redact } from '../kit/redact.ts'
import type { Speaker } from './call-state.ts'
import type { Tally } from './tally.ts'

/** How a call ended, for its row. */
export interface Ending {
  readonly status: number
  readonly outcome: RequestLog['outcome']
  readonly failure: Failure | undefined
  /** Who really served the answer, or as much of it as there was. */
  readonly speaker: Speaker | undefined
  readonly tally: Tally
  readonly costUsd: number | undefined
  readonly attempts: readonly AttemptLog[]
  readonly reason: string
  readonly conversions: readonly Conversion[]
  /** After arrival. */
  readonly firstTokenMs: number | undefined
  readonly totalMs: number
  readonly replyBytes: number
}

/** The one row of a call. */
export function rowOf(call: Call, ending: Ending): RequestLog {
  const { work, facts, plan } = call
  const { failure, speaker, tally } = ending
  const target = speaker?.target
  return {
    id: call.id,
    atMs: call.startedAtMs,
    app: call.app.name,
    client: call.client,
    operation: work.operation === 'passthrough' ? work.route : work.dialect.verbatimRoute,
    stream: facts.stream,
    model: facts.model,
    route: plan.route,
    attempts: ending.attempts,
    dropped: plan.dropped,
    reason: ending.reason,
    target: target?.id,
    locality: target?.locality,
    lane: speaker && (speaker.lane?.name ?? 'builtin'),
    status: ending.status,
    outcome: ending.outcome,
    failure: failure?.kind,
    failureMessage: failure && logMessage(failure),
    finish: tally.finish,
    usage: tally.usage,
    usageEstimated: tally.usageEstimated,
    conversions: ending.conversions,
    costUsd: ending.costUsd,
    firstTokenMs: ending.firstTokenMs,
    totalMs: ending.totalMs,
    requestBytes: work.body.raw.byteLength,
    replyBytes: ending.replyBytes,
  }
}

/** A failure's sentence as it may be stored: short, and without anything that looks like a key. */
export function logMessage(failure: Failure): string {
  return redact(failure.message.slice(0, limits.logMessageChars * 4)).slice(0, limits.logMessageChars)
}
