import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFailure, type Failure } from '../contract/failure.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { createLimiter, type Admission, type AppLimits, type Limiter } from './limits.ts'

function app(changes: Partial<AppLimits>): AppLimits {
  return { name: 'editor', rpm: undefined, tpm: undefined, maxParallelRequests: undefined, ...changes }
}

function admitted(limiter: Limiter, limits: AppLimits, tokens = 0): Admission {
  const result = limiter.admit(limits, tokens)
  if (isFailure(result)) throw new Error(result.message)
  return result
}

function refused(limiter: Limiter, limits: AppLimits, tokens = 0): Failure {
  const result = limiter.admit(limits, tokens)
  if (!isFailure(result)) throw new Error('expected a refusal')
  return result
}

function letsIn(limiter: Limiter, limits: AppLimits, tokens = 0): boolean {
  return !isFailure(limiter.admit(limits, tokens))
}

describe('requests per minute', () => {
  it('are counted over the last 60 seconds, and a refusal says when there is room', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock)
    admitted(limiter, app({ rpm: 2 }))
    await clock.advance(20_000)
    admitted(limiter, app({ rpm: 2 }))
    expect(refused(limiter, app({ rpm: 2 }))).toMatchObject({
      kind: 'limit-exceeded',
      status: 429,
      retryAfterMs: 40_000,
    })
    await clock.advance(39_999)
    refused(limiter, app({ rpm: 2 }))
    await clock.advance(1)
    admitted(limiter, app({ rpm: 2 }))
    refused(limiter, app({ rpm: 2 }))
  })

  it('do not count what was refused', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock)
    admitted(limiter, app({ rpm: 1 }))
    for (let second = 0; second < 60; second++) {
      expect(letsIn(limiter, app({ rpm: 1 }))).toBe(false)
      await clock.advance(1_000)
    }
    expect(letsIn(limiter, app({ rpm: 1 }))).toBe(true)
  })

  it('follow a limit that changes while it counts', () => {
    const limiter = createLimiter(createFakeClock())
    const answers = [1, 1, 2, 2, 0].map((rpm) => letsIn(limiter, app({ rpm })))
    expect(answers).toEqual([true, false, true, false, false])
  })

  it('of one app are not those of another', () => {
    const limiter = createLimiter(createFakeClock())
    admitted(limiter, app({ rpm: 1 }))
    expect(letsIn(limiter, app({ rpm: 1, name: 'other' }))).toBe(true)
  })

  it('begin anew for a key that was revoked and made again', () => {
    const limiter = createLimiter(createFakeClock())
    admitted(limiter, app({ rpm: 1 }))
    limiter.forget('editor')
    expect(letsIn(limiter, app({ rpm: 1 }))).toBe(true)
  })
})

describe('tokens per minute', () => {
  it('are reserved by the estimate and settled by what was used', () => {
    const limiter = createLimiter(createFakeClock())
    const first = admitted(limiter, app({ tpm: 100 }), 80)
    refused(limiter, app({ tpm: 100 }), 30)
    first.settle(50)
    const second = admitted(limiter, app({ tpm: 100 }), 30)
    second.settle(60)
    expect(refused(limiter, app({ tpm: 100 }), 1).message).toContain('used 110')
  })

  it('are settled once only', () => {
    const limiter = createLimiter(createFakeClock())
    const admission = admitted(limiter, app({ tpm: 100 }), 80)
    admission.settle(80)
    admission.settle(0)
    expect(letsIn(limiter, app({ tpm: 100 }), 30)).toBe(false)
  })

  it('refuse a request that could never fit, without asking it to wait', () => {
    const failure = refused(createLimiter(createFakeClock()), app({ tpm: 100 }), 101)
    expect(failure.retryAfterMs).toBeUndefined()
    expect(failure.message).toContain('Shorten it')
  })

  it('say how long until this request fits', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock)
    admitted(limiter, app({ tpm: 100 }), 40)
    await clock.advance(10_000)
    admitted(limiter, app({ tpm: 100 }), 60)
    expect(refused(limiter, app({ tpm: 100 }), 30).retryAfterMs).toBe(50_000)
    expect(refused(limiter, app({ tpm: 100 }), 50).retryAfterMs).toBe(60_000)
  })

  it('count what a long request used beyond its estimate when it used it', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock)
    const long = admitted(limiter, app({ tpm: 100 }), 1)
    await clock.advance(300_000)
    long.settle(90)
    expect([12, 11].map((tokens) => letsIn(limiter, app({ tpm: 100 }), tokens))).toEqual([false, true])
  })
})

describe('parallel requests', () => {
  it('are given back once, however often they are released', () => {
    const limiter = createLimiter(createFakeClock())
    const limits = app({ maxParallelRequests: 2 })
    const first = admitted(limiter, limits)
    expect([letsIn(limiter, limits), letsIn(limiter, limits)]).toEqual([true, false])
    first.release()
    first.release()
    expect([letsIn(limiter, limits), letsIn(limiter, limits)]).toEqual([true, false])
  })
})

describe('headers', () => {
  it('say limit, remaining and reset of what is limited', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock)
    const limits = app({ rpm: 10, tpm: 1_000 })
    admitted(limiter, limits, 100)
    await clock.advance(58_500)
    const expected = {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-reset-requests': '1.5s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '1.5s',
    }
    expect(limiter.headers(limits)).toEqual(expected)
    expect(limiter.headers(app({}))).toEqual({})
  })

  it.each([
    [0, '1m0s'],
    [59_940, '60ms'],
    [60_000, '0ms'],
  ])('write durations as OpenAI does: after %i ms %s', async (afterMs, text) => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock)
    admitted(limiter, app({ rpm: 10 }))
    await clock.advance(afterMs)
    expect(limiter.headers(app({ rpm: 10 }))['x-ratelimit-reset-requests']).toBe(text)
  })
})

it('costs nothing where an app has no limits', () => {
  const limiter = createLimiter(createFakeClock())
  expect(limiter.admit(app({}), 5)).toBe(limiter.admit(app({ name: 'other' }), 9))
})

describe('under any interleaving', () => {
  const limits = app({ rpm: 5, tpm: 100, maxParallelRequests: 3 })
  const step = fc.record({ afterMs: fc.nat(9_000), estimate: fc.nat(60), used: fc.nat(120), finish: fc.boolean() })

  it('lets in no more than the limits in any 60 seconds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = createFakeClock()
        const limiter = createLimiter(clock)
        const spent: { readonly atMs: number; tokens: number }[] = []
        const arrivals: number[] = []
        const running: { readonly admission: Admission; readonly entry: { tokens: number } }[] = []
        for (const { afterMs, estimate, used, finish } of steps) {
          await clock.advance(afterMs)
          const nowMs = clock.monotonicMs()
          const ended = finish ? running.shift() : undefined
          ended?.admission.settle(used)
          ended?.admission.release()
          if (ended !== undefined) {
            spent.push({ atMs: nowMs, tokens: Math.max(0, used - ended.entry.tokens) })
            ended.entry.tokens = Math.min(ended.entry.tokens, used)
          }
          const result = limiter.admit(limits, estimate)
          if (isFailure(result)) continue
          const entry = { atMs: nowMs, tokens: estimate }
          spent.push(entry)
          arrivals.push(nowMs)
          running.push({ admission: result, entry })
          const recent = spent.filter(({ atMs }) => atMs > nowMs - 60_000)
          expect(recent.reduce((total, { tokens }) => total + tokens, 0)).toBeLessThanOrEqual(100)
          expect(arrivals.filter((atMs) => atMs > nowMs - 60_000).length).toBeLessThanOrEqual(5)
          expect(running.length).toBeLessThanOrEqual(3)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('leaks nothing: a minute after the last one ended, everything is free again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const clock = createFakeClock()
        const limiter = createLimiter(clock)
        const running: Admission[] = []
        for (const { afterMs, estimate } of steps) {
          await clock.advance(afterMs)
          const result = limiter.admit(limits, estimate)
          if (!isFailure(result)) running.push(result)
        }
        for (const admission of running) admission.release()
        await clock.advance(60_000)
        expect([33, 33, 34].map((tokens) => isFailure(limiter.admit(limits, tokens)))).toEqual([false, false, false])
      }),
      { numRuns: 60 },
    )
  })
})
