import type { Call } from '../contract/call.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { HttpHead } from '../contract/provider.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { newTally, type Tally } from './tally.ts'

/** What is done with a complete body: the client's JSON, or what is wrong with it. Notes usage and finish. */
export type ReadWhole = (body: Buffer, head: HttpHead, tally: Tally) => Uint8Array | string | Failure | More

/** The answer is not whole yet: this lane, of the same target, brings the rest. */
export interface More {
  readonly next: Lane | Failure
}

/** Sends one complete JSON reply to the client. */
export type SendWhole = (body: Uint8Array | string, tally: Tally) => void

export interface WholeParts {
  readonly name: Lane['name']
  readonly request: LaneRequest
  readonly read: ReadWhole
  readonly send: SendWhole
  /** Another target is there for content that this one refuses, so an answer that was filtered away is a failure. */
  readonly filteredIsRefusal?: boolean
}

/**
 * A reply that has to be complete, and proved to be an answer, before anything of it is sent: every reply that is no
 * stream. So half a JSON, a web page or an error inside a 200 moves on to the next target unseen.
 */
export class WholeLane implements Lane {
  readonly name: Lane['name']
  readonly request: LaneRequest
  readonly streams = false
  readonly committed = false
  readonly finished = false
  readonly tally = newTally()
  readonly contentType = 'application/json'
  next: Lane | undefined
  readonly #read: ReadWhole
  readonly #send: SendWhole
  readonly #refusal: boolean
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  #head: HttpHead = { status: 200, headers: {} }

  constructor(parts: WholeParts) {
    this.#refusal = parts.filteredIsRefusal ?? false
    this.name = parts.name
    this.request = parts.request
    this.#read = parts.read
    this.#send = parts.send
  }

  begin(head: HttpHead): void {
    this.#head = head
  }

  push(chunk: Uint8Array): Failure | undefined {
    this.#bytes += chunk.byteLength
    if (this.#bytes > limits.replyBodyBytes) return TOO_LARGE
    this.#chunks.push(chunk)
    return undefined
  }

  end(): Failure | undefined {
    const reply = this.#read(joined(this.#chunks), this.#head, this.tally)
    if (isFailure(reply)) return reply
    if (isMore(reply)) return this.#goOn(reply.next)
    if (this.#refusal && this.tally.finish === 'content_filter') return FILTERED
    this.#send(reply, this.tally)
    return undefined
  }

  sent(): undefined {
    return undefined
  }

  #goOn(next: Lane | Failure): Failure | undefined {
    if (isFailure(next)) return next
    this.next = next
    return undefined
  }
}

function isMore(reply: Uint8Array | string | More): reply is More {
  return typeof reply === 'object' && 'next' in reply
}

/** One buffer; a body that came in one piece is not copied. */
export function joined(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks
  if (chunks.length !== 1 || first === undefined) return Buffer.concat(chunks)
  return Buffer.isBuffer(first) ? first : Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}

const TOO_LARGE: Failure = {
  kind: 'bad-reply',
  message: `The upstream's answer is larger than ${limits.replyBodyBytes / 1024 / 1024} MB.`,
}

const FILTERED: Failure = { kind: 'content-policy', message: "The upstream's content filter took its answer away." }

/**
 * LiteLLM's rule: `content_filter` is a failure exactly where there is a fallback for it. Where none is configured the
 * plan puts the general ones in its place, and those are not meant.
 */
export function refusals(call: Call): { readonly filteredIsRefusal: boolean } {
  const { contentPolicy, general } = call.plan.fallbacks
  return { filteredIsRefusal: contentPolicy.length > 0 && contentPolicy !== general }
}
