import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { createSseReader, type SseEvent, type SseReader } from '../kit/sse.ts'
import { bodyReader, strayJson, wholeReader } from './body-reader.ts'
import { isJsonArray, parseJson } from '../kit/json-fields.ts'
import { OpenAiChunks } from './openai-chunks.ts'
import { TextTemplate } from './openai-text-template.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { generateAsCompletion } from './tgi-generate.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

/** Reads one successful reply of `/chat/completions` or `/completions`, streamed or whole. */
export function openAiReader(upstream: Upstream): Reader {
  return bodyReader(
    () => wholeReader(upstream, (text) => readWhole(upstream, text)),
    () => new StreamReader(upstream),
  )
}

function readWhole(upstream: Upstream, text: string): readonly StreamEvent[] {
  const json = parseJson(text)
  const chunks = new OpenAiChunks(upstream)
  const out: StreamEvent[] = []
  const reply = isJsonObject(json) && isJsonArray(json['choices']) ? json : (generateAsCompletion(json) ?? json)
  if (isJsonObject(reply) && isJsonArray(reply['choices']) && reply['choices'].length > 0) {
    chunks.read(reply, out, true)
    chunks.end(true, out)
  } else if (readUpstreamError(json) === undefined) {
    out.push({ type: 'failure', failure: badReply(upstream, text) })
  } else {
    chunks.fail(json, out)
  }
  return out
}

/** Server-sent events: one JSON object each, then `[DONE]`. */
class StreamReader implements Reader {
  readonly #sse: SseReader = createSseReader()
  readonly #chunks: OpenAiChunks
  readonly #template = new TextTemplate()
  readonly #upstream: Upstream
  #done = false

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#chunks = new OpenAiChunks(upstream)
  }

  push(bytes: Uint8Array): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.push(bytes)) this.#readEvent(event, out)
    if (this.#sse.overflowed && !this.#done && !this.#chunks.failed)
      this.#fail('one event that is larger than it may be', out)
    return out
  }

  end(): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const event of this.#sse.end()) this.#readEvent(event, out)
    if (this.#done || this.#chunks.failed) return out
    const leftover = this.#sse.leftover()
    const stray = strayJson(leftover)
    if (readUpstreamError(stray) !== undefined) this.#chunks.fail(stray, out)
    else if (this.#chunks.started) this.#chunks.end(false, out)
    else this.#fail(leftover, out)
    return out
  }

  #readEvent(event: SseEvent, out: StreamEvent[]): void {
    if (this.#done || this.#chunks.failed) return
    const { data } = event
    const text = event.event === undefined ? this.#template.textOf(data) : undefined
    if (text !== undefined) {
      if (text !== '') out.push(this.#template.eventOf(text))
      return
    }
    if (data.startsWith('[DONE]')) {
      this.#finish(out)
      return
    }
    const json = parseJson(data)
    if (isJsonObject(json) || isJsonArray(json)) this.#readJson(json, event, out)
    else if (event.event === 'error' && data !== '') this.#chunks.fail({ error: data }, out)
    // Some relays forget the blank line between events, so that several arrive as one. Any other unreadable event is
    // skipped: one bad event must not end a healthy answer.
    else if (data.includes('\n')) for (const line of data.split('\n')) this.#readEvent({ ...event, data: line }, out)
  }

  #readJson(json: JsonValue, { event: name, data }: SseEvent, out: StreamEvent[]): void {
    // Google wraps errors into a list.
    const object = isJsonArray(json) ? json[0] : json
    if (!isJsonObject(object)) return
    // An event can be an error as a whole: `{"error"}`, or `{"object": "error", "message"}` as older vLLM has it.
    const isError = name === 'error' || (object['choices'] === undefined && readUpstreamError(object) !== undefined)
    if (isError) this.#chunks.fail(object, out)
    else this.#readChunk(object['choices'] === undefined ? (generateAsCompletion(object) ?? object) : object, data, out)
  }

  #readChunk(chunk: JsonObject, data: string, out: StreamEvent[]): void {
    const before = out.length
    this.#chunks.read(chunk, out)
    const said = out[before]
    if (said?.type === 'text-delta' && out.length === before + 1) this.#template.learn(data, chunk, said)
    else this.#template.forget()
  }

  #finish(out: StreamEvent[]): void {
    this.#done = true
    if (this.#chunks.started) this.#chunks.end(true, out)
    else this.#fail('', out)
  }

  #fail(body: string, out: StreamEvent[]): void {
    this.#done = true
    out.push({ type: 'failure', failure: badReply(this.#upstream, body) })
  }
}
