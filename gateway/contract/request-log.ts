import type { Conversion } from './conversion.ts'
import type { FailureKind } from './failure.ts'
import type { Dropped, Locality } from './route.ts'
import type { FinishReason, Usage } from './stream-event.ts'

/** One terminal row per request that was let in: it answers "what happened, where, and why there?" */
export interface RequestLog {
  readonly id: string
  readonly atMs: number
  /** App name of the key. */
  readonly app: string
  readonly client: string
  /** The path's operation, such as `chat/completions`. */
  readonly operation: string
  readonly stream: boolean
  /** The model that the client asked for. */
  readonly model: string
  /** The route that was planned. */
  readonly route: string
  readonly attempts: readonly AttemptLog[]
  readonly dropped: readonly Dropped[]
  readonly reason: string
  /** Target id that really served the answer (the last one, when a cut stream was continued). */
  readonly target: string | undefined
  readonly locality: Locality | undefined
  readonly lane: 'verbatim' | 'translated' | 'builtin' | undefined
  /** HTTP status sent to the client; 499 when it left first. */
  readonly status: number
  /** How it ended for the client: `truncated` is an error after the answer had begun. */
  readonly outcome: 'ok' | 'error' | 'truncated' | 'cancelled'
  readonly failure: FailureKind | undefined
  readonly failureMessage: string | undefined
  readonly finish: FinishReason | undefined
  readonly usage: Usage | undefined
  /** The upstream told no usage, so it was counted here from the texts. */
  readonly usageEstimated: boolean
  /** What was dropped, changed or repaired on the way. */
  readonly conversions: readonly Conversion[]
  readonly costUsd: number | undefined
  readonly firstTokenMs: number | undefined
  readonly totalMs: number
  readonly requestBytes: number
  readonly replyBytes: number
}

export interface AttemptLog {
  readonly target: string
  /** Milliseconds after arrival. */
  readonly atMs: number
  readonly durationMs: number
  readonly status: number | undefined
  /** Undefined: this attempt served the answer. */
  readonly failure: FailureKind | undefined
  readonly message: string | undefined
  /** Why this target, in this place: `primary`, `retry`, `fallback:context-window`, `continue:prefill`... */
  readonly why: string
}

/** Takes rows from the request path without ever blocking it. */
export interface RequestLogSink {
  append(row: RequestLog): void
}
