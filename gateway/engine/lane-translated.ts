import type { SentSoFar, StreamWriter } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { HttpHead, Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import type { SentText, Splice } from './continuation.ts'
import type { Delivery } from './delivery.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { newTally, noteUsage } from './tally.ts'

/** What a translated stream is made of. */
export interface TranslatedParts {
  readonly request: LaneRequest
  reader(head: HttpHead): Reader
  readonly writer: StreamWriter
  readonly delivery: Delivery
  /** Undefined: no other target could take the answer up, so nothing is kept for it. */
  readonly sent: SentText | undefined
  /** Set where the answer's beginning may repeat what the client has already. */
  readonly splice?: Splice
  /** Sent before the first content of a continued answer: who goes on. */
  readonly preface?: string
}

/** A stream that is read into events and written in the client's dialect: one write per chunk that came. */
export class TranslatedStream implements Lane {
  readonly name = 'translated'
  readonly streams = true
  readonly tally = newTally()
  readonly request: LaneRequest
  finished = false
  readonly #parts: TranslatedParts
  #reader: Reader | undefined
  #chars = 0
  /** Until this attempt has shown content. */
  #held: StreamEvent[] | undefined = []

  constructor(parts: TranslatedParts) {
    this.#parts = parts
    this.request = parts.request
  }

  get contentType(): string {
    return this.#parts.writer.contentType
  }

  get committed(): boolean {
    return this.#held === undefined
  }

  heartbeat(): string {
    return this.#parts.writer.heartbeat?.() ?? SSE_COMMENT
  }

  begin(head: HttpHead): void {
    this.#reader = this.#parts.reader(head)
  }

  push(chunk: Uint8Array): Failure | undefined {
    return this.take(this.#reader?.push(chunk) ?? [])
  }

  end(): Failure | undefined {
    const failure = this.take(this.#reader?.end() ?? [])
    if (failure !== undefined) return failure
    if (!this.finished) return CUT
    this.#parts.delivery.end(this.#parts.writer.done())
    return undefined
  }

  sent(): SentSoFar | undefined {
    return this.#parts.sent?.sent()
  }

  fail(failure: Failure): string {
    return this.#parts.writer.fail(failure)
  }

  /** Writes what the client may see of these events. */
  take(events: readonly StreamEvent[]): Failure | undefined {
    const fresh = this.#parts.splice === undefined ? events : this.#parts.splice.skip(events)
    if (fresh === undefined) return DIFFERS
    const failure = this.#note(fresh)
    const written = failure === undefined ? fresh : fresh.filter((event) => event.type !== 'failure')
    if (this.#held === undefined) this.#write(written)
    else if (failure === undefined) return this.#hold(this.#held, written)
    return failure
  }

  #note(events: readonly StreamEvent[]): Failure | undefined {
    let failure: Failure | undefined
    for (const event of events) {
      this.#parts.sent?.note(event)
      this.#chars += EVENT_CHARS + charsOf(event)
      if (event.type === 'usage') noteUsage(this.tally, event)
      else if (event.type === 'failure') failure = event.failure
      else if (event.type === 'end') {
        this.tally.finish = event.reason
        this.finished = true
      }
    }
    return failure ?? (this.#chars > limits.translatedAnswerChars ? ENDLESS : undefined)
  }

  #hold(held: StreamEvent[], events: readonly StreamEvent[]): Failure | undefined {
    held.push(...events)
    if (held.length > MAX_HELD_EVENTS) return TOO_MUCH_OF_NOTHING
    if (!this.finished && !events.some(isContent)) return undefined
    this.#held = undefined
    if (this.#parts.preface !== undefined) this.#parts.delivery.write(this.#parts.preface)
    this.#write(held)
    return undefined
  }

  #write(events: readonly StreamEvent[]): void {
    if (events.length === 0) return
    const text = this.#parts.writer.write(events)
    // A wire that tells calls only as a whole has shown nothing of one yet: a failure still moves on unseen.
    if (text === '') return
    this.#parts.delivery.committed = true
    // As bytes, because a string would be flattened and measured three times on its way to the socket.
    this.#parts.delivery.write(Buffer.from(text))
  }
}

/** Some writers repeat the whole answer at its end, so they keep it; an event takes room even without any text. */
const EVENT_CHARS = 64

function charsOf(event: StreamEvent): number {
  if (event.type === 'text-delta') return event.text.length
  if (event.type === 'tool-call-delta') return event.argumentsJson.length
  if (event.type === 'reasoning-delta')
    return event.text.length + (event.signature?.length ?? event.redacted?.length ?? 0)
  return event.type === 'tool-call-start' ? event.name.length + (event.signature?.length ?? 0) : 0
}

/** What makes an answer: text, thoughts or a tool call. */
export function isContent(event: StreamEvent): boolean {
  if (event.type === 'text-delta' || event.type === 'reasoning-delta') return event.text !== ''
  return event.type === 'tool-call-start' || event.type === 'tool-call-delta'
}

/** Every reader of server-sent events skips it. */
export const SSE_COMMENT = ': keep-alive\n\n'

/** The smallest event takes about a hundred bytes. */
const MAX_HELD_EVENTS = limits.heldBackBytes / 100

const TOO_MUCH_OF_NOTHING: Failure = { kind: 'bad-reply', message: 'The upstream streams, but never any content.' }
const ENDLESS: Failure = {
  kind: 'bad-reply',
  message: 'The answer is longer than any model writes, so it was given up. Ask again, or ask for less.',
}
const CUT: Failure = { kind: 'cut', message: 'The upstream ended its answer without finishing it.' }
const DIFFERS: Failure = {
  kind: 'prefill-refused',
  message: 'Its answer began differently from what the client had been sent, so it could not be continued.',
}
