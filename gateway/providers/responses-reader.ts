import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { isJsonArray, parseJson, textOf } from '../kit/json-fields.ts'
import { createSseReader, type SseEvent, type SseReader } from '../kit/sse.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { bodyReader, strayJson, wholeReader } from './body-reader.ts'
import { ResponsesEvents } from './responses-events.ts'
import { badReply, cutReply, failureInReply, type Upstream } from './upstream-failure.ts'

/** Reads one successful reply of `POST /responses`, streamed or whole. */
export function responsesReader(upstream: Upstream): Reader {
  return bodyReader(
    () => wholeReader(upstream, (text) => readWhole(upstream, text)),
    () => new StreamReader(upstream),
  )
}

function readWhole(upstream: Upstream, text: string): readonly StreamEvent[] {
  const json = parseJson(text)
  const out: StreamEvent[] = []
  if (isResponse(json)) new ResponsesEvents(upstream).finish(json, out)
  else if (readUpstreamError(json) === undefined) out.push({ type: 'failure', failure: badReply(upstream, text) })
  else out.push({ type: 'failure', failure: failureInReply(upstream, json) })
  return out
}

/** A response has output, or has failed before it came to that; one that still goes on in the background is no answer. */
function isResponse(json: unknown): json is JsonObject {
  if (!isJsonObject(json)) return false
  const status = json['status']
  if (status === 'queued' || status === 'in_progress') return false
  return isJsonArray(json['output']) || status === 'failed' || status === 'cancelled'
}

/** Named server-sent events; the name stands in the data as well, and some servers send only one of the two. */
class StreamReader implements Reader {
  readonly #sse: SseReader = createSseReader()
  readonly #events: ResponsesEvents
  readonly #upstream: Upstream

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#events = new ResponsesEvents(upstream)
  }

  push(bytes: Uint8Array): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.push(bytes)) this.#read(event, out)
    if (this.#sse.overflowed)
      this.#events.stop(badReply(this.#upstream, 'one event that is larger than it may be'), out)
    return out
  }

  end(): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.end()) this.#read(event, out)
    if (this.#events.over) return out
    const leftover = this.#sse.leftover()
    const stray = strayJson(leftover)
    if (isJsonObject(stray) && readUpstreamError(stray) !== undefined) this.#events.fail(stray, out)
    else this.#events.stop(this.#events.started ? cutReply(this.#upstream) : badReply(this.#upstream, leftover), out)
    return out
  }

  #read(event: SseEvent, out: StreamEvent[]): void {
    const json = parseJson(event.data)
    if (isJsonObject(json)) this.#events.read(textOf(json['type']) ?? event.event ?? '', json, out)
    // Some relays forget the blank line between events. Any other unreadable event, and `[DONE]`, is skipped.
    else if (json === undefined && event.data.includes('\n')) {
      for (const data of event.data.split('\n')) this.#read({ data }, out)
    }
  }
}
