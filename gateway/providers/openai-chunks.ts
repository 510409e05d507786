import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { FinishReason, StreamEvent, Usage } from '../contract/stream-event.ts'
import { finishReason } from '../wire/finish-reason.ts'
import { arrayOf, isJsonArray, numberOf, objectOf, stringOf, textAt } from '../kit/json-fields.ts'
import { ToolCalls } from './openai-tool-calls.ts'
import { readUsage, usageOf } from '../wire/openai-usage.ts'
import { hasError } from '../wire/upstream-error.ts'
import { cutReply, failureInReply, type Upstream } from './upstream-failure.ts'

interface Choice {
  readonly index: number
  tools: ToolCalls | undefined
  refusal: string
  finished: boolean
}

/**
 * The meaning of OpenAI's chat and completion objects, whole (`message`, `text`) or in chunks (`delta`), and of what
 * its imitators make of them. One instance per reply. This runs for every token of every translated stream: it looks
 * at the few keys that matter, in the order in which they are likely, and allocates only events.
 */
export class OpenAiChunks {
  readonly #upstream: Upstream
  readonly #choices: Choice[] = []
  #started = false
  #failed = false
  #seed = ''
  /** Seen but not yet handed out: servers that count along send it with every chunk, and only the last one matters. */
  #usage: Usage | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** True once anything of an answer was read. */
  get started(): boolean {
    return this.#started
  }

  /** True when a failure was handed out: nothing may follow it. */
  get failed(): boolean {
    return this.#failed
  }

  /** Reads one parsed object; `whole` for a complete reply. */
  read(chunk: JsonObject, out: StreamEvent[], whole = false): void {
    if (this.#failed) return
    const usage = usageOf(chunk)
    if (usage !== undefined) this.#usage = usage
    const choices = chunk['choices']
    if (isJsonArray(choices)) {
      // Azure's first chunk has no choices and an empty model: the real one follows.
      if (!this.#started && (choices.length > 0 || stringOf(chunk['model']))) this.#start(chunk, out)
      for (const choice of choices) if (isJsonObject(choice)) this.#readChoice(choice, out, whole)
    }
    // Groq says beside the answer why it stopped it early.
    const stopped = textAt(chunk['x_groq'], 'error')
    if (stopped !== undefined) this.fail({ error: stopped }, out)
    else if (hasError(chunk)) this.fail(chunk, out)
    else if (this.#isFinished()) this.#flushUsage(out)
  }

  /** Ends the reply with the error that this object holds. Also after a finish reason: OpenRouter takes it back so. */
  fail(envelope: JsonValue | undefined, out: StreamEvent[]): void {
    if (this.#failed) return
    this.#flushUsage(out)
    this.#failed = true
    out.push({ type: 'failure', failure: failureInReply(this.#upstream, envelope) })
  }

  /**
   * The reply is over. `marked` when the server said so itself (`[DONE]`, or a whole JSON object): then a missing finish
   * reason is forgiven; without either, the answer was cut.
   */
  end(marked: boolean, out: StreamEvent[]): void {
    if (this.#failed) return
    const open = this.#choices.filter((choice) => !choice.finished)
    if (marked) {
      if (this.#choices.length === 0) this.#finish(this.#choice(0), 'stop', out)
      for (const choice of open) this.#finish(choice, 'stop', out)
      this.#flushUsage(out)
      return
    }
    this.#flushUsage(out)
    if (open.length === 0 && this.#choices.length > 0) return
    this.#failed = true
    out.push({ type: 'failure', failure: cutReply(this.#upstream) })
  }

  #start(chunk: JsonObject, out: StreamEvent[]): void {
    this.#started = true
    const model = stringOf(chunk['model']) ?? ''
    const id = stringOf(chunk['id']) ?? ''
    this.#seed = `${id}/${numberOf(chunk['created']) ?? ''}`
    out.push(id === '' ? { type: 'start', model } : { type: 'start', model, upstreamId: id })
  }

  #readChoice(value: JsonObject, out: StreamEvent[], whole: boolean): void {
    const choice = this.#choice(numberOf(value['index']) ?? 0)
    if (choice.finished) return
    // Perplexity sends an empty `delta` in whole replies and a growing `message` in chunks.
    const delta = objectOf(whole ? (value['message'] ?? value['delta']) : (value['delta'] ?? value['message']))
    if (delta !== undefined) this.#readDelta(delta, value, { choice, out, whole })
    else this.#text(value['text'], value, choice, out)
    const usage = value['usage']
    if (isJsonObject(usage)) this.#usage = readUsage(usage) ?? this.#usage
    const reason = value['finish_reason']
    if (typeof reason === 'string' && reason !== '') this.#finish(choice, reason, out, value)
  }

  #readDelta(delta: JsonObject, value: JsonObject, at: { choice: Choice; out: StreamEvent[]; whole: boolean }): void {
    const { choice, out, whole } = at
    // Some vLLM builds send the same text under both names.
    const reasoning = stringOf(delta['reasoning_content']) || stringOf(delta['reasoning'])
    if (reasoning) pushReasoning(reasoning, choice, out)
    this.#text(delta['content'], value, choice, out)
    const refusal = delta['refusal']
    if (typeof refusal === 'string') choice.refusal += refusal
    const calls = delta['tool_calls']
    if (calls !== undefined && calls !== null) this.#toolsOf(choice).read(calls, out, whole)
    const legacy = delta['function_call']
    if (isJsonObject(legacy)) this.#toolsOf(choice).readLegacy(legacy, out)
  }

  #text(content: JsonValue | undefined, value: JsonObject, choice: Choice, out: StreamEvent[]): void {
    if (typeof content === 'string') {
      if (content !== '') pushText(content, value, choice, out)
    } else if (isJsonArray(content)) {
      for (const part of content) if (isJsonObject(part)) readPart(part, value, choice, out)
    }
  }

  #finish(choice: Choice, raw: string, out: StreamEvent[], value?: JsonObject): void {
    const reason = finishReason(raw, choice.tools?.seen ?? false)
    if (reason === 'failed') {
      this.fail(value?.['error'] === undefined ? { error: `the upstream gave up (${raw})` } : value, out)
      return
    }
    choice.finished = true
    this.#flushUsage(out)
    out.push(endEvent(choice, reason, raw))
  }

  #flushUsage(out: StreamEvent[]): void {
    if (this.#usage === undefined || !this.#started) return
    out.push({ type: 'usage', usage: this.#usage })
    this.#usage = undefined
  }

  #isFinished(): boolean {
    return this.#usage !== undefined && this.#choices.length > 0 && this.#choices.every((choice) => choice.finished)
  }

  #choice(index: number): Choice {
    const known = this.#choices[0]
    if (known !== undefined && known.index === index) return known
    const other = this.#choices.find((choice) => choice.index === index)
    if (other !== undefined) return other
    const choice: Choice = { index, tools: undefined, refusal: '', finished: false }
    this.#choices.push(choice)
    return choice
  }

  #toolsOf(choice: Choice): ToolCalls {
    choice.tools ??= new ToolCalls(this.#seed, choice.index)
    return choice.tools
  }
}

function pushText(text: string, value: JsonObject, choice: Choice, out: StreamEvent[]): void {
  const logprobs = value['logprobs']
  if (logprobs === undefined || logprobs === null) {
    out.push(choice.index === 0 ? { type: 'text-delta', text } : { type: 'text-delta', text, choice: choice.index })
    return
  }
  const content = isJsonObject(logprobs) && logprobs['content'] !== undefined ? logprobs['content'] : logprobs
  out.push({ type: 'text-delta', text, logprobs: content, ...(choice.index === 0 ? {} : { choice: choice.index }) })
}

function pushReasoning(text: string, choice: Choice, out: StreamEvent[]): void {
  out.push(
    choice.index === 0 ? { type: 'reasoning-delta', text } : { type: 'reasoning-delta', text, choice: choice.index },
  )
}

/** A part of a content list. Mistral's `thinking` parts hold a list of texts; references and images carry no text. */
function readPart(part: JsonObject, value: JsonObject, choice: Choice, out: StreamEvent[]): void {
  const text = stringOf(part['text'])
  if (part['type'] === 'text') {
    if (text) pushText(text, value, choice, out)
    return
  }
  if (part['type'] !== 'thinking') return
  const thinking = part['thinking']
  const thought =
    stringOf(thinking) ??
    arrayOf(thinking)
      .map((piece) => stringOf(objectOf(piece)?.['text']) ?? '')
      .join('')
  if (thought !== '') pushReasoning(thought, choice, out)
}

function endEvent(choice: Choice, reason: FinishReason, rawReason: string): StreamEvent {
  return {
    type: 'end',
    reason,
    rawReason,
    ...(choice.refusal === '' ? {} : { refusal: choice.refusal }),
    ...(choice.index === 0 ? {} : { choice: choice.index }),
  }
}
