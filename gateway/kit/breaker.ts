/**
 * A circuit breaker as a pure reducer. `closed`: working. `open`: left alone until `untilMs`. After that one request
 * may try (`probing`): its success closes the breaker, its failure opens it again, for longer.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly untilMs: number; readonly openings: number; readonly probing: boolean }

export type BreakerEvent =
  | { readonly type: 'success' }
  /** One failure of several: opens after `threshold` in a row. */
  | { readonly type: 'failure'; readonly threshold: number }
  /** A failure that says enough on its own, such as 429. */
  | { readonly type: 'trip' }
  /** A request was let through after `untilMs`. */
  | { readonly type: 'probe' }
  /** A request ended without saying anything about the target, such as one that its client gave up. */
  | { readonly type: 'neutral' }

export interface BreakerTiming {
  readonly nowMs: number
  /** The first opening lasts so long; each one that follows without a success in between lasts twice as long. */
  readonly openMs: number
  readonly openMaxMs: number
}

/** Beyond any limit by far, and still a number. */
const MAX_DOUBLINGS = 30

/** A breaker that has seen nothing. */
export const CLOSED: Breaker = { state: 'closed', failures: 0 }

/** The breaker after an event. Times are on one monotonic clock. */
export function reduceBreaker(breaker: Breaker, event: BreakerEvent, timing: BreakerTiming): Breaker {
  switch (event.type) {
    case 'success':
      return breaker.state === 'closed' && breaker.failures === 0 ? breaker : CLOSED
    case 'trip':
      return open(breaker, timing)
    case 'failure':
      return afterFailure(breaker, event.threshold, timing)
    case 'probe':
      return breaker.state === 'open' && breaker.untilMs <= timing.nowMs ? { ...breaker, probing: true } : breaker
    case 'neutral':
      return breaker.state === 'open' && breaker.probing ? { ...breaker, probing: false } : breaker
    default:
      return event satisfies never
  }
}

function afterFailure(breaker: Breaker, threshold: number, timing: BreakerTiming): Breaker {
  if (breaker.state === 'open') return open(breaker, timing)
  const failures = breaker.failures + 1
  return failures >= threshold ? open(breaker, timing) : { state: 'closed', failures }
}

function open(breaker: Breaker, timing: BreakerTiming): Breaker {
  // Requests that were under way when the breaker opened fail too; they say nothing new and lengthen nothing.
  if (breaker.state === 'open' && !breaker.probing && breaker.untilMs > timing.nowMs) return breaker
  const openings = breaker.state === 'open' ? breaker.openings + 1 : 1
  const openMaxMs = Math.max(timing.openMs, timing.openMaxMs)
  const openMs = Math.min(timing.openMs * 2 ** Math.min(openings - 1, MAX_DOUBLINGS), openMaxMs)
  return { state: 'open', untilMs: timing.nowMs + openMs, openings, probing: false }
}
