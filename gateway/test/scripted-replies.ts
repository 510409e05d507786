import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { ReceivedRequest, Script, ScriptedUpstream } from './scripted-upstream.ts'

/** Answers with one JSON object. */
export function replyJson(body: object, options: { status?: number; headers?: Record<string, string> } = {}): Script {
  return (_request, response) => {
    response.writeHead(options.status ?? 200, { 'content-type': 'application/json', ...options.headers })
    response.end(JSON.stringify(body))
  }
}

/** Answers with server-sent events, each in a write of its own; without `[DONE]` where `done` is false. */
export function replyEvents(events: readonly (object | string)[], options: { done?: boolean } = {}): Script {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) response.write(typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`)
    response.end(options.done === false ? undefined : 'data: [DONE]\n\n')
  }
}

/** Answers as Ollama streams: one object a line. */
export function replyLines(lines: readonly object[]): Script {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`)
    response.end()
  }
}

/** The first request gets the first answer, and so on; the last answer is repeated. */
export function inTurn(...scripts: readonly Script[]): Script {
  let turn = 0
  return (request, response) => {
    const script = scripts[Math.min(turn, scripts.length - 1)]
    turn++
    return script?.(request, response)
  }
}

/** An OpenAI chat reply around a message. */
export function chatReply(message: object, choice: object = {}): JsonObject {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [
      { index: 0, message: { role: 'assistant', ...message }, logprobs: null, finish_reason: 'stop', ...choice },
    ],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  }
}

/** One event of an OpenAI chat stream. */
export function chatChunk(delta: object, finish: string | null = null, extra: object = {}): JsonObject {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, delta: { ...delta }, finish_reason: finish }],
    ...extra,
  }
}

/** The usage event at the end of an OpenAI stream. */
export const usageChunk: JsonObject = {
  ...chatChunk({}),
  choices: [],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
}

/** One line of Ollama's `/api/chat`. */
export function ollamaLine(message: object, rest: object = { done: false }): object {
  return { model: 'llama3', created_at: '2026-01-01T00:00:00Z', message: { role: 'assistant', ...message }, ...rest }
}

/** What Ollama says at the end. */
export const OLLAMA_DONE = { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7, eval_duration: 5 }

/** What the upstream was sent, by number; negative ones count from the last. */
export function bodyOf(upstream: ScriptedUpstream, at = -1): Readonly<Record<string, JsonValue | undefined>> {
  return JSON.parse(requestOf(upstream, at).text) as JsonObject
}

export function requestOf(upstream: ScriptedUpstream, at = -1): ReceivedRequest {
  const request = upstream.received.at(at)
  if (request === undefined) throw new Error('The upstream was sent nothing.')
  return request
}
