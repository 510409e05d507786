/** A pending timer. `cancel` is idempotent; `restart` begins its full delay anew. */
export interface Timer {
  cancel(): void
  restart(): void
}

/**
 * The only source of time in the program. Tests pass a clock that they advance by hand, so that a backoff of
 * eight seconds or a cooldown of five minutes is tested in microseconds and never flakes.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch: for log rows and for dates that people read. */
  nowMs(): number
  /** Milliseconds that never run backwards, fractional: for every duration, deadline and cooldown. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `fire` once after `ms`, unless cancelled. Never keeps the process alive. */
  startTimer(ms: number, fire: () => void): Timer
}

/** The only source of randomness: a number in [0, 1). Tests pass a seeded one. */
export type Random = () => number
