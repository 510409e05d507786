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
      const usage = { input: count.input(), output: count.output(seen.text) }
      return [...events, { type: 'usage', usage, estimated: true }]
    },
  }
}

class Seen {
  readonly #parts: string[] = []
  #hasUsage = false
  #hasEnd = false
  #hasFailed = false

  get needsUsage(): boolean {
    return this.#hasEnd && !this.#hasUsage && !this.#hasFailed
  }

  get text(): string {
    return this.#parts.join('')
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
        this.#parts.length = 0
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
    if (!this.#hasUsage && text !== '') this.#parts.push(text)
  }
}
