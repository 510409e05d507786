import type { Clock, Timer } from '../contract/clock.ts'

/**
 * Fires once when nothing has happened for `ms`. `touch` only notes the time, so that it may be called for every
 * chunk of every stream; the timer looks at the note when it fires, and waits for what is left.
 */
export class IdleTimer {
  readonly #clock: Clock
  readonly #ms: number
  readonly #fire: () => void
  #timer: Timer | undefined
  #lastMs: number

  constructor(clock: Clock, ms: number, fire: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#fire = fire
    this.#lastMs = clock.monotonicMs()
    this.#wait(ms)
  }

  touch(): void {
    this.#lastMs = this.#clock.monotonicMs()
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.startTimer(ms, () => this.#look())
  }

  #look(): void {
    const leftMs = this.#lastMs + this.#ms - this.#clock.monotonicMs()
    // A system timer may fire a fraction of a millisecond early.
    if (leftMs >= 1) this.#wait(leftMs)
    else this.#fire()
  }
}
