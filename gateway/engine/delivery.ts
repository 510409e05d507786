import type { ReplySink } from '../contract/call.ts'
import type { Clock, Timer } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import { IdleTimer } from './idle-timer.ts'

/** What is being read while the client is written to: it stops when the client is slow. */
export interface Source {
  pause(): void
  resume(): void
}

/** Knows what keeps a silent client waiting; nothing where nothing may be said. */
export interface Beating {
  heartbeat?(): string
}

/** The reply's head, asked for at the moment it is sent. */
export interface ReplyHead {
  readonly status: number
  headers(): Readonly<Record<string, string>>
}

/**
 * The client's side of one call. The head is held back until there is something to send, so that until then any
 * failure can still move on unseen; back-pressure and heartbeats live here, apart from what is being sent.
 */
export class Delivery {
  /** The client has been sent content: from here its answer can only be continued. */
  committed = false
  status = 0
  bytes = 0
  readonly #sink: ReplySink
  readonly #clock: Clock
  readonly #tooSlow: () => void
  #head: ReplyHead | undefined
  #headSent = false
  #over = false
  #source: Source | undefined
  #blocked: Timer | undefined
  #heartbeat: IdleTimer | undefined

  /** @param tooSlow the client has read nothing for {@link limits.slowClientMs}; the connection is gone already. */
  constructor(sink: ReplySink, clock: Clock, tooSlow: () => void) {
    this.#sink = sink
    this.#clock = clock
    this.#tooSlow = tooSlow
  }

  get headSent(): boolean {
    return this.#headSent
  }

  get isBlocked(): boolean {
    return this.#blocked !== undefined
  }

  /** An upstream has accepted the request: this head will do, should something be sent now. */
  prepare(head: ReplyHead, source: Source | undefined): void {
    this.#head = head
    this.#source = source
    if (this.isBlocked) source?.pause()
  }

  /** From now on the client hears this whenever it would hear nothing for long. */
  keepAlive(speaker: Beating): void {
    this.#heartbeat ??= this.#startHeartbeat(speaker)
  }

  write(chunk: Uint8Array | string): void {
    if (this.#over) return
    this.#sendHead()
    this.#heartbeat?.touch()
    this.bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
    if (!this.#sink.write(chunk) && this.#blocked === undefined) this.#block()
  }

  end(chunk?: Uint8Array | string): void {
    if (this.#over) return
    this.#sendHead()
    this.close()
    if (chunk !== undefined) this.bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
    this.#sink.end(chunk)
  }

  /** Breaks the connection off: where nothing else tells the client that its answer is not whole. */
  destroy(): void {
    if (this.#over) return
    this.close()
    this.#sink.destroy()
  }

  /** Nothing more will be sent. */
  close(): void {
    this.#over = true
    this.#source = undefined
    this.#blocked?.cancel()
    this.#blocked = undefined
    this.#heartbeat?.cancel()
  }

  #sendHead(): void {
    if (this.#headSent || this.#head === undefined) return
    this.#headSent = true
    this.status = this.#head.status
    this.#sink.head(this.status, this.#head.headers())
  }

  #block(): void {
    this.#blocked = this.#clock.startTimer(limits.slowClientMs, () => {
      this.destroy()
      this.#tooSlow()
    })
    this.#source?.pause()
    this.#sink.onDrain(() => this.#unblock())
  }

  #unblock(): void {
    if (this.#blocked === undefined) return
    this.#blocked.cancel()
    this.#blocked = undefined
    this.#source?.resume()
  }

  #startHeartbeat(speaker: Beating): IdleTimer {
    return new IdleTimer(this.#clock, limits.heartbeatMs, () => {
      this.#heartbeat = undefined
      if (this.#over) return
      // A client that does not read needs no more to read.
      if (!this.isBlocked) this.write(speaker.heartbeat?.() ?? '')
      this.keepAlive(speaker)
    })
  }
}
