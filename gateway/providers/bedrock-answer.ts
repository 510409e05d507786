import type { Maker } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Failure } from '../contract/failure.ts'
import type { StreamEvent, ToolCallStart } from '../contract/stream-event.ts'
import { arrayOf, fieldAt, objectOf, stringOf, textAt, textOf } from '../kit/json-fields.ts'
import { readCitation, type Span } from './bedrock-citation.ts'
import { converseUsage, stopReason } from './bedrock-usage.ts'
import { toolCallId } from './stable-id.ts'
import { cutReply, type Upstream } from './upstream-failure.ts'

export interface AnswerContext {
  readonly upstream: Upstream
  /** From names on the wire to the client's; whoever reads the reply puts them into the events. */
  readonly toolNames: ReadonlyMap<string, string>
  /** Who signs the thoughts. */
  readonly maker: Maker
}

/** A content block that has begun and not ended. */
interface Block {
  /** Our index of the tool call; undefined for anything else. */
  call: number | undefined
  /** A tool that Bedrock runs itself, or its result: nothing for the client. */
  hosted: boolean
  sawArguments: boolean
  signature: string
  readonly redacted: Buffer[]
  /** Where its text begins in the answer. */
  readonly startIndex: number
}

/**
 * An answer of Converse, from the events of its stream or from its whole reply. Pushes into `out`; after a failure
 * everything is ignored.
 */
export class ConverseAnswer {
  readonly #context: AnswerContext
  readonly #blocks = new Map<number, Block>()
  #started = false
  #calls = 0
  #textChars = 0
  #stop: string | undefined
  #stopSequence: string | undefined
  /** What guardrails told; usually after the stop, and some models' metadata come before it. */
  #trace: JsonValue | undefined
  #ended = false
  #failed = false

  constructor(context: AnswerContext) {
    this.#context = context
  }

  get failed(): boolean {
    return this.#failed
  }

  /** One event of the stream, by its `:event-type`. */
  readEvent(name: string, event: JsonObject, out: StreamEvent[]): void {
    if (this.#failed) return
    this.#start(out)
    const index = Number(event['contentBlockIndex'] ?? 0)
    if (name === 'contentBlockStart') this.#open(index, objectOf(event['start']) ?? {}, out)
    else if (name === 'contentBlockDelta') this.#readDelta(index, objectOf(event['delta']) ?? {}, out)
    else if (name === 'contentBlockStop') this.#close(index, out)
    else if (name === 'messageStop') this.#readStop(event, out)
    else if (name === 'metadata') this.#readMetadata(event, out)
  }

  /** A whole reply: `output`, `stopReason`, `usage`. */
  readWhole(reply: JsonObject, out: StreamEvent[]): void {
    this.#start(out)
    const content = arrayOf(fieldAt(objectOf(reply['output'])?.['message'], 'content'))
    for (const [index, block] of content.entries()) this.#readBlock(index, block, out)
    this.#readUsage(reply['usage'], out)
    this.#stop = textOf(reply['stopReason'])
    this.#stopSequence = textAt(reply['additionalModelResponseFields'], 'stop_sequence')
    this.#trace = reply['trace'] ?? reply['amazon-bedrock-trace']
    this.#end(out)
  }

  /** The body ended, with nothing left over. */
  end(out: StreamEvent[]): void {
    if (this.#failed) return
    for (const index of this.#blocks.keys()) this.#close(index, out)
    if (this.#stop === undefined) this.fail(cutReply(this.#context.upstream), out)
    else this.#end(out)
  }

  fail(failure: Failure, out: StreamEvent[]): void {
    if (this.#failed) return
    this.#failed = true
    out.push({ type: 'failure', failure })
  }

  /** Bedrock names no model in its answer. */
  #start(out: StreamEvent[]): void {
    if (this.#started) return
    this.#started = true
    out.push({ type: 'start', model: '' })
  }

  #blockAt(index: number): Block {
    const known = this.#blocks.get(index)
    if (known !== undefined) return known
    const block: Block = {
      call: undefined,
      hosted: false,
      sawArguments: false,
      signature: '',
      redacted: [],
      startIndex: this.#textChars,
    }
    this.#blocks.set(index, block)
    return block
  }

  #open(index: number, start: JsonObject, out: StreamEvent[]): void {
    const block = this.#blockAt(index)
    const tool = objectOf(start['toolUse'])
    if (tool !== undefined) this.#startCall(block, tool, out)
    else if (start['toolResult'] !== undefined) block.hosted = true
  }

  #startCall(block: Block, tool: JsonObject, out: StreamEvent[]): void {
    if (tool['type'] === 'server_tool_use') {
      block.hosted = true
      return
    }
    const name = textOf(tool['name']) ?? 'tool'
    const index = this.#calls
    this.#calls += 1
    block.call = index
    const start: ToolCallStart = {
      type: 'tool-call-start',
      index,
      id: textOf(tool['toolUseId']) ?? toolCallId(`${name}/${index}`),
      name,
    }
    out.push(start)
  }

  #readDelta(index: number, delta: JsonObject, out: StreamEvent[]): void {
    const block = this.#blockAt(index)
    const text = stringOf(delta['text'])
    if (text !== undefined) this.#addText(text, out)
    const input = textAt(delta['toolUse'], 'input')
    if (input !== undefined && !block.hosted) this.#addArguments(block, input, out)
    const thought = objectOf(delta['reasoningContent'])
    if (thought !== undefined) addThought(block, thought, out)
    const citation = objectOf(delta['citation'])
    if (citation !== undefined) this.#cite(block, [citation], out)
  }

  #addText(text: string, out: StreamEvent[]): void {
    if (text === '') return
    this.#textChars += text.length
    out.push({ type: 'text-delta', text })
  }

  #addArguments(block: Block, argumentsJson: string, out: StreamEvent[]): void {
    if (block.call === undefined) return
    block.sawArguments = true
    out.push({ type: 'tool-call-delta', index: block.call, argumentsJson })
  }

  #cite(block: Block, citations: readonly JsonObject[], out: StreamEvent[]): void {
    const span: Span | undefined =
      this.#textChars > block.startIndex ? { startIndex: block.startIndex, endIndex: this.#textChars } : undefined
    out.push({ type: 'text-delta', text: '', citations: citations.map((raw) => readCitation(raw, span)) })
  }

  /** A block's end brings what is only true as a whole: signatures, sealed thoughts, the arguments `{}`. */
  #close(index: number, out: StreamEvent[]): void {
    const block = this.#blocks.get(index)
    if (block === undefined) return
    this.#blocks.delete(index)
    const { maker } = this.#context
    if (block.signature !== '') out.push({ type: 'reasoning-delta', text: '', signature: block.signature, maker })
    if (block.redacted.length > 0) {
      const redacted = Buffer.concat(block.redacted).toString('base64')
      out.push({ type: 'reasoning-delta', text: '', redacted, maker })
    }
    if (block.call !== undefined && !block.sawArguments) this.#addArguments(block, '{}', out)
  }

  #readBlock(index: number, value: JsonValue, out: StreamEvent[]): void {
    if (!isJsonObject(value)) return
    const block = this.#blockAt(index)
    this.#addText(stringOf(value['text']) ?? '', out)
    const tool = objectOf(value['toolUse'])
    if (tool !== undefined) this.#startCall(block, tool, out)
    if (tool !== undefined) this.#addArguments(block, JSON.stringify(tool['input'] ?? {}), out)
    const thought = objectOf(value['reasoningContent'])
    if (thought !== undefined) addThought(block, objectOf(thought['reasoningText']) ?? thought, out)
    const cited = objectOf(value['citationsContent'])
    if (cited !== undefined) this.#readCited(block, cited, out)
    this.#close(index, out)
  }

  #readCited(block: Block, cited: JsonObject, out: StreamEvent[]): void {
    for (const content of arrayOf(cited['content'])) this.#addText(textAt(content, 'text') ?? '', out)
    const citations = arrayOf(cited['citations']).filter(isJsonObject)
    if (citations.length > 0) this.#cite(block, citations, out)
  }

  #readStop(event: JsonObject, out: StreamEvent[]): void {
    for (const index of this.#blocks.keys()) this.#close(index, out)
    this.#stop = textOf(event['stopReason']) ?? 'end_turn'
    this.#stopSequence = textAt(event['additionalModelResponseFields'], 'stop_sequence')
    // Why a guardrail stepped in stands in the metadata, which come next.
    if (this.#stop !== 'guardrail_intervened' || this.#trace !== undefined) this.#end(out)
  }

  #readMetadata(event: JsonObject, out: StreamEvent[]): void {
    this.#readUsage(event['usage'], out)
    this.#trace = event['trace'] ?? this.#trace
    if (this.#stop !== undefined) this.#end(out)
  }

  #readUsage(value: JsonValue | undefined, out: StreamEvent[]): void {
    const usage = converseUsage(objectOf(value) ?? {})
    if (usage !== undefined) out.push({ type: 'usage', usage })
  }

  #end(out: StreamEvent[]): void {
    if (this.#ended) return
    if (this.#stop === undefined) {
      this.fail(cutReply(this.#context.upstream), out)
      return
    }
    this.#ended = true
    const refusal = blockedBy(this.#trace)
    out.push({
      type: 'end',
      reason: stopReason(this.#stop, this.#calls > 0),
      rawReason: this.#stop,
      ...(refusal !== undefined && { refusal }),
      ...(this.#stopSequence !== undefined && { stopSequence: this.#stopSequence }),
    })
  }
}

function addThought(block: Block, thought: JsonObject, out: StreamEvent[]): void {
  const text = textOf(thought['text'])
  if (text !== undefined) out.push({ type: 'reasoning-delta', text })
  block.signature += stringOf(thought['signature']) ?? ''
  const redacted = textOf(thought['redactedContent'])
  if (redacted !== undefined) block.redacted.push(Buffer.from(redacted, 'base64'))
}

/** What a guardrail says that blocked the answer; one that only masked some of its words refused nothing. */
function blockedBy(trace: JsonValue | undefined): string | undefined {
  const reason = textAt(fieldAt(trace, 'guardrail'), 'actionReason')
  return reason !== undefined && /block/i.test(reason) ? reason : undefined
}
