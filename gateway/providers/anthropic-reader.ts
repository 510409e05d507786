import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { isJsonArray, parseJson } from '../kit/json-fields.ts'
import { createSseReader, type SseEvent, type SseReader } from '../kit/sse.ts'
import { hasError } from '../wire/upstream-error.ts'
import { AnthropicEvents } from './anthropic-events.ts'
import { bodyReader, strayJson, wholeReader } from './body-reader.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

/** Reads one successful reply of `/v1/messages`, streamed or whole. */
export function anthropicReader(upstream: Upstream): Reader {
  return bodyReader(
    () => wholeReader(upstream, (text) => readWhole(upstream, text)),
    () => new StreamReader(upstream),
  )
}

function readWhole(upstream: Upstream, text: string): readonly StreamEvent[] {
  const json = parseJson(text)
  const events = new AnthropicEvents(upstream)
  const out: StreamEvent[] = []
  if (isJsonObject(json) && isMessage(json)) events.readWhole(json, out)
  else if (isJsonObject(json) && isError(json)) events.fail(json, out)
  else out.push({ type: 'failure', failure: badReply(upstream, text) })
  return out
}

function isMessage({ type, content }: JsonObject): boolean {
  return isJsonArray(content) || (type === 'message' && typeof content === 'string')
}

function isError(json: JsonObject): boolean {
  return json['type'] === 'error' || hasError(json)
}

/** Server-sent events with one JSON object each. Their data names its type; the event's name only repeats it. */
class StreamReader implements Reader {
  readonly #sse: SseReader = createSseReader()
  readonly #events: AnthropicEvents

  constructor(upstream: Upstream) {
    this.#events = new AnthropicEvents(upstream)
  }

  push(bytes: Uint8Array): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.push(bytes)) this.#readEvent(event, out)
    if (this.#sse.overflowed) this.#events.finish('one event that is larger than it may be', out)
    return out
  }

  end(): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.end()) this.#readEvent(event, out)
    const leftover = this.#sse.leftover()
    const stray = strayJson(leftover)
    if (isJsonObject(stray) && isError(stray) && !this.#events.failed) this.#events.fail(stray, out)
    else this.#events.finish(leftover, out)
    return out
  }

  #readEvent({ event: name, data }: SseEvent, out: StreamEvent[]): void {
    const json = parseJson(data)
    // One unreadable event must not end a healthy answer.
    if (!isJsonObject(json)) return
    // A compatible server may report its error in OpenAI's form, without a type.
    if (json['type'] === undefined && hasError(json)) this.#readError(json, out)
    else this.#events.read(json, out, name)
  }

  #readError(json: JsonObject, out: StreamEvent[]): void {
    if (!this.#events.failed) this.#events.fail(json, out)
  }
}
