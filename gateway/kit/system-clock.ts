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
  return new SystemTimer(ms, fire)
}

/** A class, because every request has a few of these: two closures and an object each would be a kilobyte. */
class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout

  constructor(ms: number, fire: () => void) {
    this.#handle = setTimeout(fire, ms)
    this.#handle.unref()
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  restart(): void {
    this.#handle.refresh()
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
