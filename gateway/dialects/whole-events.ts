import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { endsEvent, lastEventEnd, nextEventEnd } from './event-bytes.ts'
import { badReply } from './openai-bad-reply.ts'
import { readWireEvent } from './openai-wire.ts'

/** What is handed on of some events, and what was wrong with the one behind them. */
export interface Handed {
  readonly forward: Buffer | undefined
  readonly failure?: Failure
}

/**
 * Cuts the chunks of a stream into whole events. The beginning of an event is kept until its end arrives: no client can
 * use half an event, and half an error that was already sent could not be taken back.
 */
export class WholeEvents {
  #carry: Buffer[] = []
  #carryBytes = 0

  /** The events that are whole with this chunk, which is the very same buffer where nothing is cut; undefined: none is. */
  take(chunk: Buffer): Buffer | undefined {
    return this.#carryBytes === 0 && endsEvent(chunk) ? chunk : this.#cut(chunk)
  }

  /** Set once an event has begun that is larger than any answer. */
  get tooLong(): Failure | undefined {
    return this.#carryBytes > limits.streamLineBytes ? TOO_LONG : undefined
  }

  /** What never became whole; nothing of it is kept any longer. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    return rest
  }

  #cut(chunk: Buffer): Buffer | undefined {
    if (!chunk.includes(NEWLINE)) return this.#hold(chunk)
    const all = this.#carryBytes === 0 ? chunk : Buffer.concat([...this.#carry, chunk])
    const end = lastEventEnd(all)
    this.#carry = []
    this.#carryBytes = 0
    if (end < all.length) this.#hold(all.subarray(end))
    return end === 0 ? undefined : all.subarray(0, end)
  }

  #hold(bytes: Buffer): undefined {
    this.#carry.push(bytes)
    this.#carryBytes += bytes.length
  }
}

/** Judges event by event; gives the same buffer back where none has to be held back. */
export function judgeEvents(whole: Buffer, judge: (event: Buffer) => 'pass' | 'hide' | Failure): Handed {
  const runs: Buffer[] = []
  let runStart = 0
  for (let at = 0; at < whole.length;) {
    const end = nextEventEnd(whole, at)
    const verdict = judge(whole.subarray(at, end))
    if (typeof verdict === 'object')
      return { forward: joined([...runs, whole.subarray(runStart, at)]), failure: verdict }
    if (verdict === 'hide') {
      runs.push(whole.subarray(runStart, at))
      runStart = end
    }
    at = end
  }
  return { forward: runStart === 0 ? whole : joined([...runs, whole.subarray(runStart)]) }
}

/**
 * What is left at the end, where it is an event that only lacks its blank line; half an event is dropped. The blank line is
 * added: some libraries wait for it, and a word of our own that follows would run into the event.
 */
export function readLastEvent(rest: Buffer, read: (event: Buffer) => Handed): Handed {
  const { type } = readWireEvent(rest.toString())
  if (type === 'unreadable' || type === 'nothing') return { forward: undefined }
  const handed = read(rest)
  return handed.forward === undefined ? handed : { ...handed, forward: Buffer.concat([handed.forward, BLANK_LINE]) }
}

/** One buffer; undefined where there is nothing in them. */
export function joined(runs: readonly Buffer[]): Buffer | undefined {
  const filled = runs.filter((run) => run.length > 0)
  return filled.length > 1 ? Buffer.concat(filled) : filled[0]
}

const NEWLINE = 0x0a
const BLANK_LINE = Buffer.from('\n\n')
const TOO_LONG = badReply('The upstream sent one event that is larger than any answer.')
