import { limits } from './contract/limits.ts'
import type { RequestLog } from './contract/request-log.ts'
import type { EarlyRequest, FailedRequest } from './http/server-deps.ts'
import { redact } from './kit/redact.ts'

/** The row of a request that was let in but never reached the engine: unreadable, unknown model, over a limit. */
export function refusedRow(event: FailedRequest): RequestLog {
  const { failure } = event
  return {
    ...earlyRow(event),
    dropped: event.dropped,
    reason: `refused:${failure.kind}`,
    outcome: failure.kind === 'client-gone' ? 'cancelled' : 'error',
    failure: failure.kind,
    failureMessage: redact(failure.message).slice(0, limits.logMessageChars),
  }
}

/** The row of a request that asked for no answer, such as a client's wish to have a model of Ollama's loaded. */
export function loadedRow(event: EarlyRequest): RequestLog {
  return { ...earlyRow(event), reason: 'loaded', outcome: 'ok', failure: undefined, failureMessage: undefined }
}

type Early = Omit<RequestLog, 'reason' | 'outcome' | 'failure' | 'failureMessage'>

/** All of a row that is the same where no target was asked. */
function earlyRow({ facts, ...event }: EarlyRequest): Early {
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
    dropped: [],
    target: undefined,
    locality: undefined,
    lane: undefined,
    status: event.status,
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
