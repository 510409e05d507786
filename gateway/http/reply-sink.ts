import type { ServerResponse } from 'node:http'
import type { ReplySink } from '../contract/call.ts'
import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import { mayPass } from './reply-headers.ts'

export interface SinkOptions {
  readonly response: ServerResponse
  readonly clock: Clock
  /** Sent before the engine's own, flat: name and value in turn. */
  readonly headers: readonly string[]
  /** What the limits of the client's own key have to say: in place of what an upstream says of ours. */
  readonly limitHeaders?: Readonly<Record<string, string>>
  /** Asked when the head is sent: true ends the connection with this reply. */
  isClosing?(): boolean
  /** A client that has not taken the last of its reply after so long is gone. */
  readonly slowClientMs?: number
}

/**
 * The engine's view of one HTTP response. The head waits for the first bytes, so that both leave in one write and
 * a reply that comes in one piece gets a length instead of chunks. Nothing here throws when the client is gone.
 */
export function createReplySink(options: SinkOptions): ReplySink {
  return new HttpReplySink(options)
}

/** A class, because there is one for each open stream: six closures would be most of a kilobyte. */
class HttpReplySink implements ReplySink {
  readonly #response: ServerResponse
  /** Undefined once the head has been made. */
  #options: SinkOptions | undefined
  readonly #clock: Clock
  readonly #slowClientMs: number
  #status = 0
  #pendingHead: string[] | undefined

  constructor(options: SinkOptions) {
    this.#response = options.response
    this.#options = options
    this.#clock = options.clock
    this.#slowClientMs = options.slowClientMs ?? limits.slowClientMs
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#options === undefined) return
    this.#status = status
    this.#pendingHead = flatten(this.#options, headers)
    this.#options = undefined
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#isGone()) return true
    this.#sendHead()
    return this.#response.write(chunk)
  }

  onDrain(resume: () => void): void {
    this.#response.once('drain', resume)
  }

  end(chunk?: Uint8Array | string): void {
    if (this.#isGone()) return
    if (this.#pendingHead !== undefined) this.#pendingHead.push('content-length', String(byteLength(chunk)))
    this.#sendHead()
    const response = this.#response
    response.end(chunk)
    // Nobody watches a reply that has ended: a client that never takes its rest would keep it in memory.
    if (!response.writableFinished && response.writableNeedDrain) {
      const timer = this.#clock.startTimer(this.#slowClientMs, () => response.destroy())
      response.once('close', () => timer.cancel())
    }
  }

  onGone(gone: () => void): void {
    const response = this.#response
    if (response.destroyed && !response.writableEnded) {
      queueMicrotask(gone)
      return
    }
    response.once('close', () => {
      if (!response.writableEnded) gone()
    })
  }

  destroy(): void {
    this.#response.destroy()
  }

  #isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  #sendHead(): void {
    if (this.#pendingHead === undefined) return
    this.#response.writeHead(this.#status, this.#pendingHead)
    this.#pendingHead = undefined
  }
}

/** A model may have any name, a header may not: one character too many would make the whole reply an error. */
const UNSENDABLE = /[^\x20-\x7e]/
const ALL_UNSENDABLE = new RegExp(UNSENDABLE, 'g')

const RATE_LIMIT = 'x-ratelimit-'

/** One list of everything: with some 26 headers each copy of it would be felt. */
function flatten(options: SinkOptions, headers: Readonly<Record<string, string>>): string[] {
  const flat = options.headers.slice()
  let isLimited = false
  for (const name in options.limitHeaders) {
    flat.push(name, options.limitHeaders[name] ?? '')
    isLimited = true
  }
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || !mayPass(name)) continue
    // The limits of the client's own key hold for it; those that the upstream sets for ours must not contradict them.
    if (isLimited && name.startsWith(RATE_LIMIT)) continue
    // Looked at first, because a replacement that finds nothing costs three times as much as the look.
    flat.push(name, UNSENDABLE.test(value) ? value.replaceAll(ALL_UNSENDABLE, '?') : value)
    // A reverse proxy that buffers would hold tokens back.
    if (name === 'content-type' && value.startsWith('text/event-stream')) flat.push('x-accel-buffering', 'no')
  }
  if (options.isClosing?.() === true) flat.push('connection', 'close')
  return flat
}

function byteLength(chunk: Uint8Array | string | undefined): number {
  if (chunk === undefined) return 0
  return typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
}
