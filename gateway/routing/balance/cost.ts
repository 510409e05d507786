import type { Target } from '../../contract/route.ts'
import { shuffle } from './shuffle.ts'
import type { BalanceStrategy } from './strategy.ts'

/**
 * Cheapest first, by the sum of the prices for input and output as LiteLLM compares them; ties are drawn. What runs
 * on this device or network costs nothing unless it states a price; a cloud target of unknown price comes last.
 */
export const cost: BalanceStrategy = (targets, view) =>
  [...shuffle(targets, view)].sort((a, b) => compare(priceOf(a), priceOf(b)))

function priceOf({ price, locality }: Target): number {
  if (price !== undefined) return price.inputUsdPerToken + price.outputUsdPerToken
  return locality === 'cloud' ? Infinity : 0
}

function compare(a: number, b: number): number {
  // Two unknown prices are equal; their difference would be no number.
  return a === b ? 0 : a - b
}
