import type { Target } from '../../contract/route.ts'
import { shuffle } from './shuffle.ts'
import type { BalanceStrategy, BalanceView } from './strategy.ts'

/** Targets within this part of the fastest one share the load: medians differ by chance alone. */
const BUFFER = 0.1

/** The length of an answer whose request does not bound it. */
const USUAL_OUTPUT_TOKENS = 256

/**
 * Soonest answer first: for a stream its first token, else the whole answer. A target that was never measured comes
 * first, so that it is; but only one request at a time, else every request of a burst would go to the unknown one.
 */
export const latency: BalanceStrategy = (targets, view) => {
  const drawn = shuffle(targets, view)
  const expected = new Map(drawn.map((target) => [target, expectedMs(target, view)]))
  const measured = [...expected.values()].filter((ms) => ms > 0 && ms < Infinity)
  const best = measured.length === 0 ? 0 : Math.min(...measured)
  const rank = (target: Target): number => {
    const ms = expected.get(target) ?? Infinity
    return ms > 0 && ms <= best * (1 + BUFFER) ? best : ms
  }
  return [...drawn].sort((a, b) => compare(rank(a), rank(b)))
}

/** 0: not measured yet, so worth a try; Infinity: somebody is trying it already. */
function expectedMs(target: Target, { facts, snapshot }: BalanceView): number {
  const known = snapshot.latency(target.id)
  if (known === undefined) return snapshot.inFlight(target.id) > 0 ? Infinity : 0
  if (facts.stream) return known.firstTokenMs
  return known.firstTokenMs + known.perTokenMs * (facts.maxOutputTokens ?? USUAL_OUTPUT_TOKENS)
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
