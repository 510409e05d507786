import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent, Usage } from '../contract/stream-event.ts'
import { createJsonLinesReader } from '../kit/json-lines.ts'
import { finishReason } from '../wire/finish-reason.ts'
import { countOf, objectOf, parseJson, stringOf } from '../kit/json-fields.ts'
import { ToolCalls } from './openai-tool-calls.ts'
import { hasError } from '../wire/upstream-error.ts'
import { badReply, cutReply, failureInReply, type Upstream } from './upstream-failure.ts'

/**
 * Reads a reply of `/api/chat` or `/api/generate`. Streamed and whole replies are read alike: NDJSON with many objects
 * or with one, the last of which says `done` and carries the counts.
 * @param turn how many answers the conversation had before this one
 */
export function ollamaReader(upstream: Upstream, turn: number): Reader {
  const lines = createJsonLinesReader()
  const answer = new OllamaAnswer(upstream, turn)
  return {
    push(bytes) {
      const out: StreamEvent[] = []
      for (const line of lines.push(bytes)) answer.readLine(line, out)
      if (lines.overflowed) answer.refuse('one line that is longer than it may be', out)
      return out
    },
    end() {
      const out: StreamEvent[] = []
      for (const line of lines.end()) answer.readLine(line, out)
      answer.end(out)
      return out
    },
  }
}

class OllamaAnswer {
  readonly #upstream: Upstream
  readonly #turn: number
  #tools: ToolCalls | undefined
  #seed = ''
  #started = false
  #over = false
  /** Lines that are no JSON: a web page, or a whole reply that somebody printed over several lines. */
  #unreadable = ''

  constructor(upstream: Upstream, turn: number) {
    this.#upstream = upstream
    this.#turn = turn
  }

  readLine(line: string, out: StreamEvent[]): void {
    if (this.#over) return
    const json = parseJson(line)
    if (!isJsonObject(json)) {
      // One unreadable line must not end a healthy answer.
      if (this.#unreadable.length + line.length <= limits.errorBodyBytes) this.#unreadable += `${line}\n`
      return
    }
    this.#readJson(json, out)
  }

  #readJson(json: JsonObject, out: StreamEvent[]): void {
    if (hasError(json)) this.#fail(json, out)
    else if (json['message'] !== undefined || json['response'] !== undefined || json['done'] === true)
      this.#read(json, out)
  }

  end(out: StreamEvent[]): void {
    if (this.#over) return
    const printed = this.#started ? undefined : parseJson(this.#unreadable)
    if (isJsonObject(printed)) this.#readJson(printed, out)
    if (this.#over) return
    if (!this.#started) {
      this.refuse(this.#unreadable, out)
      return
    }
    this.#over = true
    out.push({ type: 'failure', failure: cutReply(this.#upstream) })
  }

  refuse(body: string, out: StreamEvent[]): void {
    if (this.#over) return
    this.#over = true
    out.push({ type: 'failure', failure: badReply(this.#upstream, body) })
  }

  #fail(json: JsonObject, out: StreamEvent[]): void {
    this.#over = true
    out.push({ type: 'failure', failure: failureInReply(this.#upstream, json) })
  }

  #read(json: JsonObject, out: StreamEvent[]): void {
    if (!this.#started) this.#start(json, out)
    const message = objectOf(json['message'])
    this.#readText(message?.['thinking'] ?? json['thinking'], 'reasoning-delta', json, out)
    this.#readText(message?.['content'] ?? json['response'], 'text-delta', json, out)
    const calls = message?.['tool_calls']
    if (calls !== undefined && calls !== null) this.#readTools(calls, out)
    if (json['done'] === true) this.#finish(json, out)
  }

  #start(json: JsonObject, out: StreamEvent[]): void {
    this.#started = true
    // Ollama names no answer; its time of creation tells one from another, so that synthesised ids differ per turn.
    // A server that imitates it may write whole seconds, and an agent whose tools are fast then asks twice in one: it would
    // take the second call for the first, and its result for known.
    const turn = this.#turn === 0 ? '' : `/${this.#turn}`
    this.#seed = `${stringOf(json['model']) ?? ''}/${stringOf(json['created_at']) ?? ''}${turn}`
    out.push({ type: 'start', model: stringOf(json['model']) ?? '' })
  }

  #readText(
    value: JsonValue | undefined,
    type: 'text-delta' | 'reasoning-delta',
    json: JsonObject,
    out: StreamEvent[],
  ): void {
    if (typeof value !== 'string' || value === '') return
    const logprobs = json['logprobs']
    if (type === 'reasoning-delta' || logprobs === undefined || logprobs === null) out.push({ type, text: value })
    else out.push({ type, text: value, logprobs })
  }

  /** Calls arrive whole, each in its list or all in one; no index of theirs can be trusted over several lines. */
  #readTools(calls: JsonValue, out: StreamEvent[]): void {
    this.#tools ??= new ToolCalls(this.#seed, 0)
    if (!Array.isArray(calls)) return
    for (const call of calls) this.#tools.readNext(call, out)
  }

  #finish(json: JsonObject, out: StreamEvent[]): void {
    this.#over = true
    const usage = usageOf(json)
    if (usage !== undefined) out.push({ type: 'usage', usage })
    const raw = stringOf(json['done_reason']) ?? 'stop'
    const reason = finishReason(raw, this.#tools?.seen ?? false)
    if (reason === 'failed') out.push({ type: 'failure', failure: cutReply(this.#upstream) })
    else out.push({ type: 'end', reason, rawReason: raw })
  }
}

/** Counts of the last line. The prompt's is absent when all of it was cached: that is zero tokens to evaluate. */
function usageOf(json: JsonObject): Usage | undefined {
  const output = countOf(json['eval_count'])
  const input = countOf(json['prompt_eval_count'])
  if (output === undefined && input === undefined) return undefined
  return { input: input ?? 0, output: output ?? 0 }
}
