import { isJsonObject } from '../contract/json.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { isJsonArray, parseJson } from '../kit/json-fields.ts'
import { createSseReader, type SseEvent, type SseReader } from '../kit/sse.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { bodyReader, strayJson, wholeReader } from './body-reader.ts'
import { GeminiAnswer } from './gemini-answer.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

/**
 * Reads one successful reply of `:generateContent` or `:streamGenerateContent`: a JSON object, server-sent events without
 * names and without a mark of the end, or, where a proxy lost `alt=sse`, one JSON array of all chunks.
 */
export function geminiReader(upstream: Upstream): Reader {
  return bodyReader(
    () => wholeReader(upstream, (text) => readWhole(upstream, text)),
    () => new StreamReader(upstream),
  )
}

function readWhole(upstream: Upstream, text: string): readonly StreamEvent[] {
  const json = parseJson(text)
  const chunks = (isJsonArray(json) ? json : [json]).filter(isJsonObject)
  const answer = new GeminiAnswer(upstream)
  const out: StreamEvent[] = []
  for (const chunk of chunks) answer.read(chunk, out)
  if (!answer.started && !answer.failed) return refused(upstream, text)
  answer.end(!isJsonArray(json), out)
  return out
}

function refused(upstream: Upstream, body: string): readonly StreamEvent[] {
  return [{ type: 'failure', failure: badReply(upstream, body) }]
}

class StreamReader implements Reader {
  readonly #sse: SseReader = createSseReader()
  readonly #answer: GeminiAnswer
  readonly #upstream: Upstream
  #overflowed = false

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#answer = new GeminiAnswer(upstream)
  }

  push(bytes: Uint8Array): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.push(bytes)) this.#readEvent(event, out)
    if (this.#sse.overflowed && !this.#overflowed && !this.#answer.failed) {
      this.#overflowed = true
      out.push(...refused(this.#upstream, 'one event that is larger than it may be'))
    }
    return out
  }

  end(): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    if (this.#overflowed) return out
    for (const event of this.#sse.end()) this.#readEvent(event, out)
    if (this.#answer.failed) return out
    // An error in the middle of a stream stands there as it is, printed over several lines, in no event.
    const leftover = this.#sse.leftover()
    const stray = strayJson(leftover)
    if (readUpstreamError(stray) !== undefined) this.#answer.fail(stray, out)
    else if (this.#answer.started) this.#answer.end(false, out)
    else out.push(...refused(this.#upstream, leftover))
    return out
  }

  #readEvent(event: SseEvent, out: StreamEvent[]): void {
    if (this.#overflowed) return
    const json = parseJson(event.data)
    const chunk = isJsonArray(json) ? json[0] : json
    if (isJsonObject(chunk)) this.#answer.read(chunk, out)
  }
}
