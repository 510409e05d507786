import type { Clock, Timer } from '../contract/clock.ts'

/** A clock that stands still until a test advances it. */
export interface FakeClock extends Clock {
  /** Moves time forward, firing what falls due in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>
  /** Timers and sleeps that have not fired: a test that ends with some has leaked them. */
  readonly pending: number
}

interface Waiter {
  dueMs: number
  readonly fire: () => void
}

/** Stands at `startMs` of wall time and at 0 of monotonic time. */
export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let elapsedMs = 0
  const waiters = new Set<Waiter>()

  const startTimer = (ms: number, fire: () => void): Timer => {
    const waiter: Waiter = {
      dueMs: elapsedMs + ms,
      fire: () => {
        waiters.delete(waiter)
        fire()
      },
    }
    waiters.add(waiter)
    return {
      cancel: () => void waiters.delete(waiter),
      restart: () => {
        waiter.dueMs = elapsedMs + ms
        waiters.add(waiter)
      },
    }
  }

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const timer = startTimer(ms, resolve)
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })

  const advance = async (ms: number): Promise<void> => {
    const untilMs = elapsedMs + ms
    for (;;) {
      await settle()
      const next = [...waiters].filter((waiter) => waiter.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      elapsedMs = Math.max(elapsedMs, next.dueMs)
      next.fire()
    }
    elapsedMs = untilMs
    await settle()
  }

  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep,
    startTimer,
    advance,
    get pending() {
      return waiters.size
    },
  }
}

/** Lets every promise that can settle now do so, including those behind a socket's callback. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve))
  })
}
