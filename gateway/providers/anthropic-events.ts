import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { EndEvent, StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, entryOf, numberOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { anthropicFinish } from '../wire/anthropic-stop.ts'
import { mergeAnthropicUsage, readAnthropicUsage } from '../wire/anthropic-usage.ts'
import { AnthropicBlock, type AnswerState } from './anthropic-block.ts'
import { anthropicErrorEvent } from './anthropic-failure.ts'
import { badReply, cutReply, type Upstream } from './upstream-failure.ts'

/**
 * Reads the parsed events of one Messages stream, in whatever frames they came: server-sent events, or the chunks of
 * Bedrock's `invoke-with-response-stream`. What compatible servers do beyond the documented form: no `message_start`, no
 * `content_block_stop`, a tool's whole input at its start, thinking without a signature, usage only at the end.
 */
export class AnthropicEvents {
  readonly #upstream: Upstream
  readonly #answer: AnswerState = { seed: '', calls: 0, chars: 0 }
  readonly #open = new Map<number, AnthropicBlock>()
  #last = 0
  #usage: JsonObject | undefined
  #started = false
  #ended = false
  #over = false

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** True after a failure: nothing can follow. */
  get failed(): boolean {
    return this.#over
  }

  /** One event. `name` is what the stream called it, which counts where the data names no type. */
  read(event: JsonObject, out: StreamEvent[], name?: string): void {
    if (this.#over) return
    switch (stringOf(event['type']) ?? name ?? '') {
      case 'message_start':
        this.#startMessage(objectOf(event['message']) ?? {}, out)
        break
      case 'content_block_start':
        this.#startBlock(this.#indexOf(event), objectOf(event['content_block']) ?? {}, out)
        break
      case 'content_block_delta':
        this.#readBlockDelta(this.#indexOf(event), objectOf(event['delta']) ?? {}, out)
        break
      case 'content_block_stop':
        this.#closeBlock(this.#indexOf(event), out)
        break
      case 'message_delta':
        this.#readDelta(event, out)
        break
      case 'message_stop':
        this.#stop(out)
        break
      case 'error':
        this.fail(event, out)
        break
      default:
      // `ping`, and whatever Anthropic may add: its documentation asks to skip what is not known.
    }
  }

  /** A whole `message`, as JSON. */
  readWhole(message: JsonObject, out: StreamEvent[]): void {
    this.#start(message, out)
    for (const [index, block] of blocksOf(message).entries()) {
      this.#startBlock(index, block, out)
      this.#closeBlock(index, out)
    }
    this.#readUsage(message['usage'], out)
    this.#end(message, out)
  }

  /** An error in place of an answer, or in the middle of one. */
  fail(json: JsonObject, out: StreamEvent[]): void {
    this.#over = true
    out.push({ type: 'failure', failure: anthropicErrorEvent(this.#upstream, json) })
  }

  /** The stream ended: a failure where the answer had not. `stray` is what came that was no event. */
  finish(stray: string, out: StreamEvent[]): void {
    if (this.#over || this.#ended) return
    this.#over = true
    out.push({ type: 'failure', failure: this.#started ? cutReply(this.#upstream) : badReply(this.#upstream, stray) })
  }

  #startMessage(message: JsonObject, out: StreamEvent[]): void {
    if (this.#started) return
    this.#start(message, out)
    // Content never stands here at Anthropic; a server that sends it whole is taken at its word.
    for (const [index, block] of blocksOf(message).entries()) {
      this.#startBlock(index, block, out)
    }
    this.#usage = mergeAnthropicUsage(this.#usage, objectOf(message['usage']))
    // A zero means that the server does not know yet.
    if ((readAnthropicUsage(this.#usage)?.input ?? 0) > 0) this.#tellUsage(out)
  }

  #start(message: JsonObject, out: StreamEvent[]): void {
    this.#started = true
    const upstreamId = textOf(message['id'])
    this.#answer.seed = upstreamId ?? ''
    out.push({
      type: 'start',
      model: stringOf(message['model']) ?? '',
      ...(upstreamId !== undefined && { upstreamId }),
    })
  }

  #startBlock(index: number, block: JsonObject, out: StreamEvent[]): void {
    if (!this.#started) this.#start({}, out)
    if (this.#ended) return
    this.#closeBlock(index, out)
    this.#open.set(index, new AnthropicBlock(block, this.#answer, out))
  }

  /** A delta of a block that nobody began begins it, where it says what block that is. */
  #readBlockDelta(index: number, delta: JsonObject, out: StreamEvent[]): void {
    const type = entryOf(BLOCK_OF_DELTA, stringOf(delta['type']) ?? '')
    if (!this.#open.has(index) && type !== undefined) this.#startBlock(index, { type }, out)
    this.#open.get(index)?.delta(delta, out)
  }

  #closeBlock(index: number, out: StreamEvent[]): void {
    this.#open.get(index)?.close(out)
    this.#open.delete(index)
  }

  /** A server that counts nothing means the block that came last. */
  #indexOf(event: JsonObject): number {
    this.#last = numberOf(event['index']) ?? this.#last
    return this.#last
  }

  #readDelta(event: JsonObject, out: StreamEvent[]): void {
    if (!this.#started) this.#start({}, out)
    const delta = objectOf(event['delta']) ?? {}
    const isLast = textOf(delta['stop_reason']) !== undefined
    if (isLast) this.#closeAll(out)
    this.#readUsage(event['usage'], out)
    if (isLast) this.#end(delta, out)
  }

  #readUsage(value: JsonValue | undefined, out: StreamEvent[]): void {
    const usage = objectOf(value)
    if (usage === undefined) return
    this.#usage = mergeAnthropicUsage(this.#usage, usage)
    this.#tellUsage(out)
  }

  #tellUsage(out: StreamEvent[]): void {
    const usage = this.#usage && readAnthropicUsage(this.#usage)
    if (usage !== undefined) out.push({ type: 'usage', usage })
  }

  #stop(out: StreamEvent[]): void {
    if (!this.#started || this.#ended) return
    this.#closeAll(out)
    this.#end({}, out)
  }

  #closeAll(out: StreamEvent[]): void {
    for (const block of this.#open.values()) block.close(out)
    this.#open.clear()
  }

  #end(said: JsonObject, out: StreamEvent[]): void {
    if (this.#ended) return
    this.#ended = true
    const raw = textOf(said['stop_reason'])
    const refusal = textOf(objectOf(said['stop_details'])?.['explanation'])
    const stopSequence = textOf(said['stop_sequence'])
    const end: EndEvent = {
      type: 'end',
      reason: anthropicFinish(raw ?? 'end_turn', this.#answer.calls > 0),
      ...(raw !== undefined && { rawReason: raw }),
      ...(raw === 'refusal' && refusal !== undefined && { refusal }),
      ...(stopSequence !== undefined && { stopSequence }),
    }
    out.push(end)
  }
}

const BLOCK_OF_DELTA: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'thinking',
}

/** The blocks of a message; some compatible servers send its text alone. */
function blocksOf(message: JsonObject): readonly JsonObject[] {
  const content = message['content']
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return arrayOf(content).map((block) => objectOf(block) ?? {})
}
