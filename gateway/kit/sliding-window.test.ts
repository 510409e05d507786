import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSlidingWindow } from './sliding-window.ts'

describe('createSlidingWindow', () => {
  it('forgets an amount exactly one window after it was added', () => {
    const window = createSlidingWindow(1_000, 10)
    window.add(3, 0)
    window.add(4, 500)
    expect([window.sum(999), window.sum(1_000), window.sum(1_499), window.sum(1_500)]).toEqual([7, 4, 4, 0])
  })

  it('says how long until there is room', () => {
    const window = createSlidingWindow(1_000, 10)
    window.add(3, 0)
    window.add(4, 500)
    expect([window.waitMs(7, 600), window.waitMs(4, 600), window.waitMs(3, 600)]).toEqual([0, 400, 900])
  })

  it('corrects an amount for as long as it holds it', () => {
    const window = createSlidingWindow(1_000, 10)
    const first = window.add(3, 0)
    const second = window.add(4, 500)
    expect(window.correct(second, -2, 900)).toBe(true)
    expect(window.sum(900)).toBe(5)
    expect(window.correct(first, 10, 1_000)).toBe(false)
    expect(window.sum(1_000)).toBe(2)
  })

  it('never counts less than the last window held, and at most one step more', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 })), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(steps, (additions) => {
        const window = createSlidingWindow(100, 7)
        const added: { readonly atMs: number; readonly amount: number }[] = []
        let nowMs = 0
        for (const [pauseMs, amount] of additions) {
          nowMs += pauseMs
          window.add(amount, nowMs)
          added.push({ atMs: nowMs, amount })
          const within = (ms: number): number =>
            added.filter((one) => one.atMs > nowMs - ms).reduce((total, one) => total + one.amount, 0)
          expect(window.sum(nowMs)).toBeGreaterThanOrEqual(within(100))
          expect(window.sum(nowMs)).toBeLessThanOrEqual(within(107))
        }
      }),
    )
  })
})
