import { describe, expect, it } from 'vitest'
import { CLOSED, reduceBreaker, type Breaker, type BreakerEvent } from './breaker.ts'

const FAILURE: BreakerEvent = { type: 'failure', threshold: 3 }

function run(steps: readonly (readonly [number, BreakerEvent])[]): Breaker {
  return steps.reduce<Breaker>(
    (breaker, [nowMs, event]) => reduceBreaker(breaker, event, { nowMs, openMs: 1_000, openMaxMs: 5_000 }),
    CLOSED,
  )
}

describe('breaker', () => {
  it('opens after as many failures in a row as it takes', () => {
    expect(
      run([
        [0, FAILURE],
        [0, FAILURE],
      ]),
    ).toEqual({ state: 'closed', failures: 2 })
    expect(
      run([
        [0, FAILURE],
        [0, FAILURE],
        [0, FAILURE],
      ]),
    ).toMatchObject({ state: 'open', untilMs: 1_000 })
  })

  it('a success in between starts the count anew', () => {
    expect(
      run([
        [0, FAILURE],
        [0, FAILURE],
        [0, { type: 'success' }],
        [0, FAILURE],
      ]),
    ).toEqual({
      state: 'closed',
      failures: 1,
    })
  })

  it('a failed probe opens it for twice as long, up to the limit; a success closes it', () => {
    const probeFails = (untilMs: number): readonly (readonly [number, BreakerEvent])[] => [
      [untilMs, { type: 'probe' }],
      [untilMs, { type: 'trip' }],
    ]
    const once = run([[0, { type: 'trip' }], ...probeFails(1_000)])
    expect(once).toMatchObject({ untilMs: 3_000, openings: 2 })
    const often = run([[0, { type: 'trip' }], ...probeFails(1_000), ...probeFails(3_000), ...probeFails(7_000)])
    expect(often).toMatchObject({ untilMs: 12_000, openings: 4 })
    expect(
      run([
        [0, { type: 'trip' }],
        [1_000, { type: 'probe' }],
        [1_100, { type: 'success' }],
      ]),
    ).toBe(CLOSED)
  })

  it('failures of requests that were under way when it opened change nothing', () => {
    expect(
      run([
        [0, { type: 'trip' }],
        [10, { type: 'trip' }],
        [20, FAILURE],
      ]),
    ).toMatchObject({
      untilMs: 1_000,
      openings: 1,
    })
  })

  it('is probed by one request, and again when that one said nothing', () => {
    expect(
      run([
        [0, { type: 'trip' }],
        [500, { type: 'probe' }],
      ]),
    ).toMatchObject({ probing: false })
    expect(
      run([
        [0, { type: 'trip' }],
        [1_000, { type: 'probe' }],
      ]),
    ).toMatchObject({ probing: true })
    expect(
      run([
        [0, { type: 'trip' }],
        [1_000, { type: 'probe' }],
        [1_001, { type: 'neutral' }],
      ]),
    ).toMatchObject({
      probing: false,
    })
  })
})
