import { limits } from '../contract/limits.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'

/** What counts the tokens of an answer whose upstream tells none. */
export interface UsageCount {
  input(): number
  output(text: string): number
}

/**
 * Usage is always there: an answer that has come to its end without any gets one that was counted here, and says so. An
 * answer that failed or was cut is left as it is, since nobody knows what its upstream will bill.
 */
export function withUsage(reader: Reader, count: UsageCount): Reader {
  const seen = new Seen()
  return {
    push: (bytes) => {
      const events = reader.push(bytes)
      for (const event of events) seen.note(event)
      return events
    },
    end: () => {
      const events = reader.end()
      for (const event of events) seen.note(event)
      if (!seen.needsUsage) return events
      const usage = { input: count.input(), output: seen.outputTokens((text) => count.output(text)) }
      return [...events, { type: 'usage', usage, estimated: true }]
    },
  }
}

class Seen {
  /** The beginning of the answer: the rest of a long one is taken to be like it. */
  #sample = ''
  #chars = 0
  #hasUsage = false
  #hasEnd = false
  #hasFailed = false

  get needsUsage(): boolean {
    return this.#hasEnd && !this.#hasUsage && !this.#hasFailed
  }

  outputTokens(count: (text: string) => number): number {
    if (this.#sample === '') return 0
    return Math.round((count(this.#sample) * this.#chars) / this.#sample.length)
  }

  note(event: StreamEvent): void {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        this.#keep(event.text)
        return
      case 'tool-call-delta':
        this.#keep(event.argumentsJson)
        return
      case 'usage':
        // From here on nothing needs to be kept.
        this.#hasUsage = true
        this.#sample = ''
        return
      case 'end':
        this.#hasEnd = true
        return
      case 'failure':
        this.#hasFailed = true
        return
      case 'start':
      case 'tool-call-start':
        return
      default:
        event satisfies never
    }
  }

  #keep(text: string): void {
    if (this.#hasUsage) return
    this.#chars += text.length
    const room = limits.usageSampleChars - this.#sample.length
    if (room > 0) this.#sample += text.slice(0, room)
  }
}
