import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import { createSlidingWindow } from '../kit/sliding-window.ts'

/** Slows down whoever tries keys. */
export interface BadKeyThrottle {
  /**
   * Counts one bad key. Undefined: answer it as such (401); else it is one too many: answer 429, and this is after how
   * many milliseconds bad keys are answered again.
   */
  countBadKey(): number | undefined
}

/**
 * Every caller comes from this machine, so there is one count for all. It is asked only after a key has proved bad:
 * a valid key works at once, whoever else is guessing, so nobody can lock the user out. What is answered 429 is not
 * counted again, so that a client which keeps trying is told the truth about when it may.
 */
export function createBadKeyThrottle(clock: Clock, perMinute: number = limits.badKeysPerMinute): BadKeyThrottle {
  const window = createSlidingWindow(limits.rateWindowMs, limits.rateWindowStepMs)
  return {
    countBadKey: () => {
      const nowMs = clock.monotonicMs()
      if (window.sum(nowMs) >= perMinute) return Math.ceil(window.waitMs(perMinute - 1, nowMs))
      window.add(1, nowMs)
      return undefined
    },
  }
}
