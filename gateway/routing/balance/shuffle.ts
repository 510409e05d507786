import type { Target } from '../../contract/route.ts'
import { weightedOrder } from '../../kit/weighted-pick.ts'
import type { BalanceStrategy } from './strategy.ts'

type Measure = (target: Target) => number | undefined

/** The first of these that any target states is what the draw goes by, as in LiteLLM's simple-shuffle. */
const MEASURES: readonly Measure[] = [(target) => target.weight, (target) => target.rpm, (target) => target.tpm]

/**
 * A random order by `weight`, else by `rpm`, else by `tpm`, else uniform. LiteLLM looks at the first deployment alone
 * to decide by which, so that the order of the file changes who gets the load; here it is enough that any states it.
 * A target without a weight weighs 1; one without an rpm or tpm gets the mean of those that state it.
 */
export const shuffle: BalanceStrategy = (targets, { random }) => {
  if (targets.length < 2) return targets
  return weightedOrder(targets, weightsOf(targets), random)
}

function weightsOf(targets: readonly Target[]): (target: Target) => number {
  const measure = MEASURES.find((one) => targets.some((target) => one(target) !== undefined))
  if (measure === undefined) return () => 1
  if (measure === MEASURES[0]) return (target) => measure(target) ?? 1
  const stated = targets.map(measure).filter((value) => value !== undefined)
  const mean = stated.reduce((total, value) => total + value, 0) / stated.length
  return (target) => measure(target) ?? mean
}
