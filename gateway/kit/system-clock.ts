import type { Clock, Timer } from '../contract/clock.ts'

/** The real clock: the one file in which timers and `Date.now` may be used. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep,
    startTimer,
  }
}

function startTimer(ms: number, fire: () => void): Timer {
  const handle = setTimeout(fire, ms)
  handle.unref()
  return {
    cancel: () => clearTimeout(handle),
    restart: () => void handle.refresh(),
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      clearTimeout(handle)
      reject(signal?.reason)
    }
    const handle = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
