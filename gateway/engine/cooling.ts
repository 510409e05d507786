import type { Failure, FailureKind } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { CooldownRules, Target } from '../contract/route.ts'
import type { BreakerEvent } from '../kit/breaker.ts'

/** A failure, and what it is held against. */
export interface CoolingInput {
  readonly failure: Failure
  readonly target: Target
  readonly rules: CooldownRules
  /** The target had no alternative in its group. */
  readonly alone: boolean
  /** Of the running minute, this failure included. */
  readonly counts: {
    readonly failures: number
    readonly failuresByKind: ReadonlyMap<string, number>
    readonly usage: { readonly requests: number }
  }
}

export interface Cooling {
  readonly event: BreakerEvent
  /** For how long, should it open. */
  readonly openMs: number
}

/**
 * What a failure says about its target: LiteLLM's cooldown, with two corrections. A target that cannot be reached
 * cools down like any other (LiteLLM leaves a dead Ollama in), and the only target of a group only when it is broken
 * several times in a row, because an answer that may come is better than none that will.
 */
export function coolingOf(input: CoolingInput): Cooling {
  const { failure, rules, target } = input
  const openMs = target.cooldownMs ?? failure.retryAfterMs ?? rules.cooldownMs
  if (rules.disabled || openMs <= 0 || !speaksOfTheTarget(failure)) return { event: NEUTRAL, openMs }
  return { event: eventOf(input), openMs }
}

const NEUTRAL: BreakerEvent = { type: 'neutral' }
const TRIP: BreakerEvent = { type: 'trip' }
const IN_A_ROW: BreakerEvent = { type: 'failure', threshold: limits.breakerFailures }

/** Status 429, 401, 404, 408, 5xx and everything that is no status at all; other refusals speak of the request. */
const COOLING: ReadonlySet<FailureKind> = new Set([
  'unreachable',
  'connect-timeout',
  'first-token-timeout',
  'stalled',
  'total-timeout',
  'cut',
  'rate-limited',
  'overloaded',
  'server-error',
  'upstream-timeout',
  'bad-reply',
  'unauthorized-upstream',
  'quota',
  'model-missing',
])

/** These will be the same in a second, and a group can do without their target. */
const AT_ONCE: ReadonlySet<FailureKind> = new Set([
  'unreachable',
  'rate-limited',
  'unauthorized-upstream',
  'quota',
  'model-missing',
])

/** These say that the upstream itself is broken. */
const BROKEN: ReadonlySet<FailureKind> = new Set(['unreachable', 'connect-timeout', 'overloaded', 'server-error'])

/** Half of the requests of a minute, once there are enough of them to tell (LiteLLM's numbers). */
const FAILING_SHARE = 0.5
const FAILING_REQUESTS = 5

/** False: the failure is the request's own, or ours, and says nothing about the target. */
export function speaksOfTheTarget(failure: Failure): boolean {
  return COOLING.has(failure.kind)
}

function eventOf({ failure, rules, alone, counts }: CoolingInput): BreakerEvent {
  const allowed = rules.allowedFailsByKind[failure.kind]
  if (allowed !== undefined) return (counts.failuresByKind.get(failure.kind) ?? 0) > allowed ? TRIP : NEUTRAL
  if (rules.allowedFails !== undefined) return counts.failures > rules.allowedFails ? TRIP : NEUTRAL
  if (alone) return BROKEN.has(failure.kind) ? IN_A_ROW : NEUTRAL
  if (AT_ONCE.has(failure.kind)) return TRIP
  const failing = counts.usage.requests >= FAILING_REQUESTS && counts.failures > counts.usage.requests * FAILING_SHARE
  return failing ? TRIP : IN_A_ROW
}
