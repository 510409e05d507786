import type { Call } from '../contract/call.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { SentSoFar } from '../contract/dialect.ts'
import type { AttemptLog } from '../contract/request-log.ts'
import type { Target } from '../contract/route.ts'
import type { Answers } from './answers.ts'
import type { Delivery } from './delivery.ts'
import type { EngineDeps } from './deps.ts'
import type { Ask, Asked } from './doctrine.ts'
import type { HealthBook } from './health.ts'
import type { Lane } from './lane.ts'
import type { Slots } from './slots.ts'
import type { Tally } from './tally.ts'
import type { Upstream } from './upstream.ts'

/** What all calls share. */
export interface EngineCore {
  readonly deps: EngineDeps
  readonly upstream: Upstream
  readonly health: HealthBook
  readonly slots: Slots
  readonly answers: Answers
}

/** What is known about one call while it runs. Only its execution changes it. */
export interface CallState {
  readonly core: EngineCore
  readonly call: Call
  readonly delivery: Delivery
  /** The attempts that failed, for the doctrine. */
  readonly asked: Asked[]
  /** Attempts begun. */
  attemptCount: number
  /** All attempts that have ended, for the row. */
  readonly attempts: AttemptLog[]
  /** The attempt that runs, or ran last. */
  step: Ask | undefined
  /** Whose words the client has, in part or whole: the last one, when an answer was continued. */
  speaker: Speaker | undefined
  /** What the client has of an answer that was cut. */
  sent: SentSoFar | undefined
  /** Parameters that the last target's rules removed. */
  droppedParams: readonly string[]
  /** What could not be carried over as it was, of the last target's request and answer. */
  conversions: readonly Conversion[]
  /** On the monotonic clock. */
  firstTokenAtMs: number | undefined
}

export interface Speaker {
  readonly target: Target
  readonly tally: Tally
  /** Undefined: this process itself. */
  readonly lane: Lane | undefined
}
