import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Reader } from '../contract/provider.ts'
import type { FinishReason, StreamEvent, Usage } from '../contract/stream-event.ts'
import { arrayOf, countOf, entryOf, objectOf, parseJson, stringOf, textOf } from '../kit/json-fields.ts'
import { createSseReader, type SseEvent } from '../kit/sse.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { bodyReader, strayJson, wholeReader } from './body-reader.ts'
import { toolCallId } from './stable-id.ts'
import { badReply, cutReply, failureInReply, type Upstream } from './upstream-failure.ts'

/** Reads one successful reply of Cohere's v2 chat, streamed or whole. */
export function cohereReader(upstream: Upstream): Reader {
  return bodyReader(
    () => wholeReader(upstream, (text) => readWhole(upstream, text)),
    () => streamReader(upstream),
  )
}

/** Cohere's words for why it stopped, and OpenAI's. An answer that it gave up on is an error. */
const FINISH: Readonly<Record<string, FinishReason | 'failed'>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  ERROR_LIMIT: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR_TOXIC: 'content_filter',
  ERROR: 'failed',
  TIMEOUT: 'failed',
  USER_CANCEL: 'failed',
}

/** The meaning of a message in Cohere's words. One instance per reply. */
class CohereAnswer {
  readonly #upstream: Upstream
  #id = ''
  #calls = 0
  started = false
  over = false

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  start(id: string, out: StreamEvent[]): void {
    if (this.started) return
    this.started = true
    this.#id = id
    // The reply does not say which model it is.
    out.push(id === '' ? { type: 'start', model: '' } : { type: 'start', model: '', upstreamId: id })
  }

  /** A piece of content: text, or a thought. */
  say(content: JsonObject | undefined, out: StreamEvent[]): void {
    const text = textOf(content?.['text'])
    const thinking = textOf(content?.['thinking'])
    if (thinking !== undefined) this.think(thinking, out)
    if (text !== undefined) out.push({ type: 'text-delta', text })
  }

  /** A thought, or the plan that comes before the calls. */
  think(text: string | undefined, out: StreamEvent[]): void {
    if (text !== undefined) out.push({ type: 'reasoning-delta', text })
  }

  call(call: JsonObject | undefined, out: StreamEvent[]): void {
    const fn = objectOf(call?.['function'])
    const name = textOf(fn?.['name'])
    if (call === undefined || name === undefined) return
    const index = this.#calls
    this.#calls += 1
    const id = textOf(call['id']) ?? toolCallId(`${this.#id}/${index}/${name}`)
    out.push({ type: 'tool-call-start', index, id, name })
    this.addArguments(call, out)
  }

  addArguments(call: JsonObject | undefined, out: StreamEvent[]): void {
    const argumentsJson = textOf(objectOf(call?.['function'])?.['arguments'])
    if (argumentsJson === undefined || this.#calls === 0) return
    out.push({ type: 'tool-call-delta', index: this.#calls - 1, argumentsJson })
  }

  end(message: JsonObject, out: StreamEvent[]): void {
    const rawReason = stringOf(message['finish_reason']) ?? 'COMPLETE'
    const reason = entryOf(FINISH, rawReason.toUpperCase()) ?? 'stop'
    const usage = usageOf(objectOf(message['usage']))
    if (usage !== undefined) out.push({ type: 'usage', usage })
    if (reason === 'failed') {
      this.fail({ error: message['error'] ?? `the upstream gave up (${rawReason})` }, out)
      return
    }
    this.over = true
    out.push({ type: 'end', reason: reason === 'stop' && this.#calls > 0 ? 'tool_calls' : reason, rawReason })
  }

  fail(json: JsonValue | undefined, out: StreamEvent[]): void {
    this.over = true
    out.push({ type: 'failure', failure: failureInReply(this.#upstream, json) })
  }
}

/** `tokens` counts what was read and written, caches included; `billed_units` leaves out what Cohere itself put in. */
function usageOf(usage: JsonObject | undefined): Usage | undefined {
  const counts = objectOf(usage?.['tokens']) ?? objectOf(usage?.['billed_units'])
  const input = countOf(counts?.['input_tokens'])
  const output = countOf(counts?.['output_tokens'])
  if (input === undefined && output === undefined) return undefined
  const cacheRead = countOf(usage?.['cached_tokens'])
  return { input: input ?? 0, output: output ?? 0, ...(cacheRead !== undefined && { cacheRead }) }
}

function readWhole(upstream: Upstream, text: string): readonly StreamEvent[] {
  const json = parseJson(text)
  const message = isJsonObject(json) ? objectOf(json['message']) : undefined
  const out: StreamEvent[] = []
  const answer = new CohereAnswer(upstream)
  if (isJsonObject(json) && message !== undefined) {
    answer.start(stringOf(json['id']) ?? '', out)
    answer.think(textOf(message['tool_plan']), out)
    answer.say({ text: message['content'] }, out)
    for (const part of arrayOf(message['content'])) answer.say(objectOf(part), out)
    for (const call of arrayOf(message['tool_calls'])) answer.call(objectOf(call), out)
    answer.end(json, out)
  } else if (readUpstreamError(json) === undefined) {
    out.push({ type: 'failure', failure: badReply(upstream, text) })
  } else {
    answer.fail(json, out)
  }
  return out
}

function readEvent(answer: CohereAnswer, { event: name, data }: SseEvent, out: StreamEvent[]): void {
  const event = parseJson(data)
  if (answer.over || !isJsonObject(event)) return
  const delta = objectOf(event['delta'])
  const message = objectOf(delta?.['message'])
  const type = textOf(event['type']) ?? name ?? ''
  if (entryOf(STREAM_TYPES, type) === undefined) {
    if (readUpstreamError(event) !== undefined) answer.fail(event, out)
    return
  }
  answer.start(stringOf(event['id']) ?? '', out)
  if (type === 'content-start' || type === 'content-delta') answer.say(objectOf(message?.['content']), out)
  else if (type === 'tool-plan-delta') answer.think(textOf(message?.['tool_plan']), out)
  else if (type === 'tool-call-start') answer.call(callIn(message), out)
  else if (type === 'tool-call-delta') answer.addArguments(callIn(message), out)
  else if (type === 'message-end') answer.end(delta ?? {}, out)
}

/** An event's one call, which the reference shows as an object and some of its examples as a list. */
function callIn(message: JsonObject | undefined): JsonObject | undefined {
  const calls = message?.['tool_calls']
  return objectOf(calls) ?? objectOf(arrayOf(calls)[0])
}

/** Events that belong to an answer; citations have no reader here. */
const STREAM_TYPES: Readonly<Record<string, true>> = {
  'message-start': true,
  'content-start': true,
  'content-delta': true,
  'content-end': true,
  'tool-plan-delta': true,
  'tool-call-start': true,
  'tool-call-delta': true,
  'tool-call-end': true,
  'citation-start': true,
  'citation-end': true,
  'message-end': true,
}

function streamReader(upstream: Upstream): Reader {
  const sse = createSseReader()
  const answer = new CohereAnswer(upstream)
  const stop = (out: StreamEvent[], body: string): void => {
    if (answer.over) return
    answer.over = true
    out.push({ type: 'failure', failure: answer.started ? cutReply(upstream) : badReply(upstream, body) })
  }
  return {
    push(bytes) {
      const out: StreamEvent[] = []
      for (const event of sse.push(bytes)) readEvent(answer, event, out)
      if (sse.overflowed) stop(out, 'one event that is larger than it may be')
      return out
    },
    end() {
      const out: StreamEvent[] = []
      for (const event of sse.end()) readEvent(answer, event, out)
      const stray = strayJson(sse.leftover())
      if (!answer.over && readUpstreamError(stray) !== undefined) answer.fail(stray, out)
      stop(out, sse.leftover())
      return out
    },
  }
}
