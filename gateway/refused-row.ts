import type { RequestLog } from './contract/request-log.ts'
import type { FailedRequest } from './http/server-deps.ts'
import { redact } from './kit/redact.ts'
import { limits } from './contract/limits.ts'

/** The row of a request that was let in but never reached the engine: unreadable, unknown model, over a limit. */
export function refusedRow(event: FailedRequest): RequestLog {
  const { facts, failure } = event
  const gone = failure.kind === 'client-gone'
  return {
    id: event.id,
    atMs: event.atMs,
    app: event.app.name,
    client: event.client,
    operation: event.operation,
    stream: facts?.stream ?? false,
    model: facts?.model ?? '',
    route: '',
    attempts: [],
    dropped: event.dropped,
    reason: `refused:${failure.kind}`,
    target: undefined,
    locality: undefined,
    lane: undefined,
    status: event.status,
    outcome: gone ? 'cancelled' : 'error',
    failure: failure.kind,
    failureMessage: redact(failure.message).slice(0, limits.logMessageChars),
    finish: undefined,
    usage: undefined,
    usageEstimated: false,
    conversions: [],
    costUsd: undefined,
    firstTokenMs: undefined,
    totalMs: event.totalMs,
    requestBytes: event.requestBytes,
    replyBytes: 0,
  }
}
