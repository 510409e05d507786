import type { JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { parseJson } from '../kit/json-fields.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

/**
 * Chooses how to read a reply by its first visible byte: `{`, `[` or `<` begin a JSON object, a list or a web page, all
 * of which make sense only as a whole; anything else is a stream. The content type is not asked, because servers
 * answer an error with JSON under `text/event-stream`, and a stream under `application/json`.
 */
export function bodyReader(asWhole: () => Reader, asStream: () => Reader): Reader {
  let chosen: Reader | undefined
  return {
    push(bytes) {
      if (chosen === undefined) {
        const first = firstVisible(bytes)
        if (first === undefined) return NOTHING
        chosen = WHOLE.has(first) ? asWhole() : asStream()
      }
      return chosen.push(bytes)
    },
    end: () => (chosen ?? asWhole()).end(),
  }
}

const NOTHING: readonly StreamEvent[] = []
const WHOLE: ReadonlySet<number> = new Set(Buffer.from('{[<"'))
/** White space and the bytes of a byte order mark. */
const INVISIBLE: ReadonlySet<number> = new Set([9, 10, 13, 32, 0xef, 0xbb, 0xbf])

function firstVisible(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => !INVISIBLE.has(byte))
}

/**
 * JSON that stood outside of all events, such as an error that ended a stream: as it is, or behind `error:`, which
 * older builds of llama.cpp took for a field.
 */
export function strayJson(leftover: string): JsonValue | undefined {
  return parseJson(leftover.replace(/^error:/, ''))
}

/** Collects a whole body, up to `limits.replyBodyBytes`, and reads it at its end. */
export function wholeReader(upstream: Upstream, read: (text: string) => readonly StreamEvent[]): Reader {
  let chunks: Uint8Array[] = []
  let total = 0
  return {
    push(bytes) {
      total += bytes.length
      // Beyond the bound nothing is kept.
      if (total > limits.replyBodyBytes) chunks = []
      else chunks.push(Uint8Array.from(bytes))
      return NOTHING
    },
    end() {
      if (total > limits.replyBodyBytes) return [{ type: 'failure', failure: badReply(upstream, 'more than it may') }]
      const text = Buffer.concat(chunks).toString('utf8')
      return read(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
    },
  }
}
