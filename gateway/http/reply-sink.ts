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
  const { response, clock } = options
  const slowClientMs = options.slowClientMs ?? limits.slowClientMs
  let status = 0
  let pendingHead: string[] | undefined

  const isGone = (): boolean => response.destroyed || response.writableEnded

  const sendHead = (): void => {
    if (pendingHead === undefined) return
    response.writeHead(status, pendingHead)
    pendingHead = undefined
  }

  return {
    head(code, headers) {
      status = code
      pendingHead = flatten(options.headers, headers)
      if (options.isClosing?.() === true) pendingHead.push('connection', 'close')
    },
    write(chunk) {
      if (isGone()) return true
      sendHead()
      return response.write(chunk)
    },
    onDrain(resume) {
      response.once('drain', resume)
    },
    end(chunk) {
      if (isGone()) return
      if (pendingHead !== undefined) pendingHead.push('content-length', String(byteLength(chunk)))
      sendHead()
      response.end(chunk)
      // Nobody watches a reply that has ended: a client that never takes its rest would keep it in memory.
      if (!response.writableFinished && response.writableNeedDrain) {
        const timer = clock.startTimer(slowClientMs, () => response.destroy())
        response.once('close', () => timer.cancel())
      }
    },
    onGone(gone) {
      if (response.destroyed && !response.writableEnded) {
        queueMicrotask(gone)
        return
      }
      response.once('close', () => {
        if (!response.writableEnded) gone()
      })
    },
    destroy() {
      response.destroy()
    },
  }
}

/** A model may have any name, a header may not: one character too many would make the whole reply an error. */
const UNSENDABLE = /[^\x20-\x7e]/g

const RATE_LIMIT = 'x-ratelimit-'

function flatten(base: readonly string[], headers: Readonly<Record<string, string>>): string[] {
  const flat = [...base]
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || !mayPass(name)) continue
    // The limits of the client's own key hold for it; those that the upstream sets for ours must not contradict them.
    if (name.startsWith(RATE_LIMIT) && base.some((own) => own.startsWith(RATE_LIMIT))) continue
    flat.push(name, value.replaceAll(UNSENDABLE, '?'))
    // A reverse proxy that buffers would hold tokens back.
    if (name === 'content-type' && value.startsWith('text/event-stream')) flat.push('x-accel-buffering', 'no')
  }
  return flat
}

function byteLength(chunk: Uint8Array | string | undefined): number {
  if (chunk === undefined) return 0
  return typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
}
