import type { Call } from '../contract/call.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { SentSoFar } from '../contract/dialect.ts'
import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import type { Answers } from './answers.ts'
import type { Delivery } from './delivery.ts'
import type { ApplyParams } from './deps.ts'
import type { Continuation } from './doctrine.ts'
import type { SendWhole } from './lane-whole.ts'

/** One attempt, as far as its lane depends on it. */
export interface LaneInput {
  readonly call: Call
  readonly target: Target
  readonly provider: Provider
  readonly applyParams: ApplyParams
  /** What happens to translated answers on their way. */
  readonly answers: Answers
  /** Headers of the client for an upstream of its own wire. */
  readonly forwarded: Readonly<Record<string, string>>
  /** The monotonic clock. */
  readonly nowMs: () => number
  readonly delivery: Delivery
  readonly send: SendWhole
  /** Another target could take the answer up, should this one fail in the middle. */
  readonly keepSent: boolean
  /** The answer has begun elsewhere. */
  readonly continued?: { readonly how: Continuation; readonly sent: SentSoFar }
  /** Takes the names of parameters that the target's rules removed. */
  dropped(names: readonly string[]): void
  /** Takes what the translation could not carry over as it was, or had to mend. */
  converted(conversions: readonly Conversion[]): void
}
