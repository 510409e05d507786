import type { Random } from '../contract/clock.ts'

/**
 * All items in a random order in which each place is drawn from what is left, in proportion to the weights.
 * So the first item comes up as often as its weight says, and the rest is a fair order of alternatives.
 * Items of weight 0 or less come last, in the order in which they were given.
 *
 * Efraimidis and Spirakis: sort by ln(u) / weight, largest first, which is one draw for each item.
 */
export function weightedOrder<Item>(items: readonly Item[], weightOf: (item: Item) => number, random: Random): Item[] {
  return items
    .map((item) => ({ item, rank: rankOf(weightOf(item), random) }))
    .sort((a, b) => compareDescending(a.rank, b.rank))
    .map(({ item }) => item)
}

/** All items in a uniformly random order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return weightedOrder(items, () => 1, random)
}

function rankOf(weight: number, random: Random): number {
  if (!(weight > 0)) return -Infinity
  // 1 - u is in (0, 1], so that the logarithm is finite.
  return Math.log(1 - random()) / weight
}

function compareDescending(a: number, b: number): number {
  // Infinities may not be subtracted from one another.
  if (a === b) return 0
  return a > b ? -1 : 1
}
