import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent, Usage } from '../contract/stream-event.ts'
import { arrayOf, countOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { finishReason } from '../wire/finish-reason.ts'
import { metricsUsage } from './bedrock-usage.ts'
import { toolCallId } from './stable-id.ts'
import { cutReply, type Upstream } from './upstream-failure.ts'

/**
 * An answer of the models that only write text, from a whole reply of `invoke` or from the chunks of a stream. Where the
 * text stands: Llama `generation`; Titan `results[].outputText`, in a stream `outputText`; Mistral `outputs[].text`; Cohere
 * `generations[].text` and `text`; the first Claudes `completion`; Jurassic `completions[].data.text`. Source: Bedrock, "Inference
 * request parameters and response fields for foundation models".
 */
export class TextAnswer {
  readonly #upstream: Upstream
  #started = false
  #calls = 0
  #ended = false
  #failed = false
  #usage: Usage | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  get failed(): boolean {
    return this.#failed
  }

  /** A chunk, or the whole reply. */
  read(json: JsonObject, out: StreamEvent[]): void {
    if (this.#failed) return
    this.#start(json, out)
    const part = partOf(json)
    if (!this.#ended && part.text !== '') out.push({ type: 'text-delta', text: part.text })
    for (const call of arrayOf(json['tool_calls'])) this.#readCall(objectOf(call) ?? {}, out)
    this.#readUsage(json, out)
    if (part.stop !== undefined) this.#end(part.stop, textOf(json['stop']), out)
  }

  /** The reply is complete; `whole` when it was one JSON, which needs no word for why it ended. */
  finish(whole: boolean, out: StreamEvent[]): void {
    if (this.#failed || this.#ended) return
    if (whole) this.#end('stop', undefined, out)
    else this.#fail(cutReply(this.#upstream), out)
  }

  #start(json: JsonObject, out: StreamEvent[]): void {
    if (this.#started) return
    this.#started = true
    const upstreamId = textOf(json['response_id']) ?? textOf(json['generation_id'])
    out.push({ type: 'start', model: textOf(json['model']) ?? '', ...(upstreamId !== undefined && { upstreamId }) })
  }

  /** Command R names its calls, and gives no ids. */
  #readCall(call: JsonObject, out: StreamEvent[]): void {
    const name = textOf(call['name'])
    if (name === undefined || this.#ended) return
    const index = this.#calls
    this.#calls += 1
    const argumentsJson = JSON.stringify(call['parameters'] ?? {})
    out.push({ type: 'tool-call-start', index, id: toolCallId(`${name}/${index}/${argumentsJson}`), name })
    out.push({ type: 'tool-call-delta', index, argumentsJson })
  }

  #readUsage(json: JsonObject, out: StreamEvent[]): void {
    const usage = usageIn(json, this.#usage)
    if (usage === undefined) return
    this.#usage = usage
    out.push({ type: 'usage', usage })
  }

  #end(raw: string, stopSequence: string | undefined, out: StreamEvent[]): void {
    if (this.#ended) return
    this.#ended = true
    const reason = finishReason(raw, this.#calls > 0)
    if (reason === 'failed') this.#fail(cutReply(this.#upstream), out)
    else out.push({ type: 'end', reason, rawReason: raw, ...(stopSequence !== undefined && { stopSequence }) })
  }

  #fail(failure: Failure, out: StreamEvent[]): void {
    this.#failed = true
    out.push({ type: 'failure', failure })
  }
}

interface TextPart {
  readonly text: string
  readonly stop: string | undefined
}

function partOf(json: JsonObject): TextPart {
  // Command R repeats the whole answer at the end of its stream.
  if (json['event_type'] === 'stream-end') return { text: '', stop: textOf(json['finish_reason']) }
  const nested =
    firstOf(json, 'results') ?? firstOf(json, 'outputs') ?? firstOf(json, 'generations') ?? firstOf(json, 'completions')
  const source = nested ?? json
  const text =
    stringOf(source['generation']) ??
    stringOf(source['outputText']) ??
    stringOf(source['completion']) ??
    stringOf(source['text']) ??
    stringOf(objectOf(source['data'])?.['text'])
  const stop =
    textOf(source['stop_reason']) ??
    textOf(source['completionReason']) ??
    textOf(source['finish_reason']) ??
    textOf(objectOf(source['finishReason'])?.['reason'])
  return { text: text ?? '', stop: stop === 'null' ? undefined : stop }
}

function firstOf(json: JsonObject, key: string): JsonObject | undefined {
  return objectOf(arrayOf(json[key])[0])
}

/** Llama and Titan count in the body, everybody in the metrics of the last chunk; a count that is absent stays. */
function usageIn(json: JsonObject, before: Usage | undefined): Usage | undefined {
  const metrics = objectOf(json['amazon-bedrock-invocationMetrics'])
  const stated = metrics && metricsUsage(metrics)
  if (stated !== undefined) return stated
  const input = countOf(json['prompt_token_count']) ?? countOf(json['inputTextTokenCount'])
  const output =
    countOf(json['generation_token_count']) ??
    countOf(json['totalOutputTextTokenCount']) ??
    countOf(firstOf(json, 'results')?.['tokenCount'])
  if (input === undefined && output === undefined) return undefined
  return { input: input ?? before?.input ?? 0, output: output ?? before?.output ?? 0 }
}

/** True for JSON in which {@link TextAnswer} finds an answer. */
export function isTextAnswer(json: JsonObject): boolean {
  return KEYS.some((key) => json[key] !== undefined)
}

const KEYS = [
  'generation',
  'outputText',
  'results',
  'outputs',
  'generations',
  'completion',
  'completions',
  'text',
  'event_type',
]
