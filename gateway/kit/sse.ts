import { limits } from '../contract/limits.ts'
import { WholeLines } from './whole-lines.ts'

/** One dispatched event: `data` lines joined by "\n"; `event` only where the stream named it. */
export interface SseEvent {
  readonly event?: string
  readonly data: string
}

/** A push-based reader of `text/event-stream`, after the HTML standard's section on server-sent events. */
export interface SseReader {
  /** Bytes as they came; the events that they complete. */
  push(bytes: Uint8Array): SseEvent[]
  /** The body ended: an event that lacks only its blank line still counts, because servers forget it. */
  end(): SseEvent[]
  /** Lines that are not SSE at all, such as a bare JSON error after the last event. Bounded by `limits.errorBodyBytes`. */
  leftover(): string
  /** True once one event exceeded `limits.streamLineBytes`: nothing after it is read. */
  readonly overflowed: boolean
}

/** A reader for one stream. */
export function createSseReader(): SseReader {
  return new Reader()
}

const SPACE = 32
const COLON = 58
/** Fields of the format that carry nothing for us, so that they are not taken for stray text. */
const IGNORED_FIELD = /^(?:id|retry|data|event)(?::|$)/

class Reader implements SseReader {
  readonly #lines = new WholeLines()
  #event: string | undefined
  #data: string | undefined
  #stray = ''
  #tooLong = false

  get overflowed(): boolean {
    return this.#tooLong || this.#lines.overflowed
  }

  push(bytes: Uint8Array): SseEvent[] {
    const events: SseEvent[] = []
    this.#readLines(this.#lines.push(bytes), events)
    return events
  }

  end(): SseEvent[] {
    const events: SseEvent[] = []
    const rest = this.#lines.rest()
    if (rest !== '') this.#readLines(`${rest}\n`, events)
    this.#dispatch(events)
    return events
  }

  leftover(): string {
    return this.#stray
  }

  #readLines(text: string, events: SseEvent[]): void {
    let start = 0
    while (start < text.length && !this.#tooLong) {
      const end = text.indexOf('\n', start)
      if (end === start) this.#dispatch(events)
      else this.#readLine(text, start, end)
      start = end + 1
    }
  }

  #readLine(text: string, lineStart: number, end: number): void {
    // Some relays indent their lines; the standard would read " data" as an unknown field.
    let start = lineStart
    while (text.charCodeAt(start) === SPACE) start += 1
    if (text.startsWith('data:', start)) this.#addData(valueAt(text, start + 5, end))
    else if (text.startsWith('event:', start)) this.#event = valueAt(text, start + 6, end)
    else if (text.charCodeAt(start) !== COLON) this.#addStray(text.slice(start, end))
  }

  #addData(value: string): void {
    if (this.#data === undefined) {
      this.#data = value
      return
    }
    if (this.#data.length + value.length > limits.streamLineBytes) {
      this.#tooLong = true
      return
    }
    this.#data += `\n${value}`
  }

  #addStray(line: string): void {
    if (IGNORED_FIELD.test(line) || this.#stray.length + line.length > limits.errorBodyBytes) return
    this.#stray += `${line}\n`
  }

  #dispatch(events: SseEvent[]): void {
    if (this.#data !== undefined && !this.#tooLong) {
      events.push(this.#event === undefined ? { data: this.#data } : { event: this.#event, data: this.#data })
    }
    this.#data = undefined
    this.#event = undefined
  }
}

/** The field's value, without the one space that may follow the colon. */
function valueAt(text: string, start: number, end: number): string {
  return text.slice(text.charCodeAt(start) === SPACE ? start + 1 : start, end)
}
