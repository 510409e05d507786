import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shuffled, weightedOrder } from './weighted-pick.ts'

const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('weightedOrder', () => {
  it('puts an item first as often as its weight says', () => {
    const random = seeded(7)
    const weights: Record<string, number> = { a: 1, b: 3 }
    let first = 0
    for (let round = 0; round < 8_000; round++) {
      if (weightedOrder(['a', 'b'], (item) => weights[item] ?? 0, random)[0] === 'b') first++
    }
    expect(first / 8_000).toBeGreaterThan(0.72)
    expect(first / 8_000).toBeLessThan(0.78)
  })

  it('puts items without weight last, in the order in which they were given', () => {
    const weights: Record<string, number> = { a: 0, b: 2, c: -1, d: Number.NaN }
    expect(weightedOrder(['a', 'b', 'c', 'd'], (item) => weights[item] ?? 0, seeded(1))).toEqual(['b', 'a', 'c', 'd'])
  })

  it('loses and invents nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        expect(shuffled(items, seeded(seed)).sort(ascending)).toEqual([...items].sort(ascending))
      }),
    )
  })
})

function ascending(a: number, b: number): number {
  return a - b
}
