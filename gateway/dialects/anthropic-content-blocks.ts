import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { ReasoningDelta, StreamEvent, TextDelta } from '../contract/stream-event.ts'
import { ObjectEnd } from './anthropic-object-end.ts'
import { isRedacted, signatureOf, UNSIGNED } from './anthropic-thinking.ts'

export type DeltaType = 'text_delta' | 'citations_delta' | 'thinking_delta' | 'signature_delta' | 'input_json_delta'

/** Where blocks go: an event stream, or one message. Blocks come one after the other and are numbered from 0. */
export interface BlockSink {
  start(index: number, block: JsonObject): void
  delta(index: number, type: DeltaType, value: JsonValue): void
  stop(index: number): void
}

type Kind = 'text' | 'thinking' | 'redacted_thinking' | 'tool_use'

/** A block that has begun in the answer; what of it has not been written yet waits in `deltas`. */
interface Block {
  readonly kind: Kind
  readonly first: JsonObject
  readonly deltas: (readonly [DeltaType, JsonValue])[]
  /** Of a tool call: its number among the calls, and how far its arguments are. */
  readonly call?: { readonly index: number; readonly end: ObjectEnd }
  /** Nothing more can be added: signed, encrypted. */
  over: boolean
}

/**
 * Events of one answer as content blocks. On this wire a block is whole before the next one begins, while several calls
 * of an answer may grow at the same time; so what comes before an open call has all its arguments waits for it.
 */
export class ContentBlocks {
  readonly #sink: BlockSink
  #open: Block | undefined
  #openIndex = -1
  readonly #waiting: Block[] = []

  constructor(sink: BlockSink) {
    this.#sink = sink
  }

  /** Content of the answer; events of other kinds say nothing here. */
  take(event: StreamEvent): void {
    switch (event.type) {
      case 'text-delta':
        this.#text(event)
        return
      case 'reasoning-delta':
        this.#thought(event)
        return
      case 'tool-call-start': {
        const first = { type: 'tool_use', id: event.id, name: event.name, input: {} }
        this.#begin({ ...newBlock('tool_use', first), call: { index: event.index, end: new ObjectEnd() } })
        return
      }
      case 'tool-call-delta':
        this.#arguments(event.index, event.argumentsJson)
        return
      case 'start':
      case 'usage':
      case 'end':
      case 'failure':
        return
      default:
        event satisfies never
    }
  }

  /** The answer is over: what waits is written, and the last block ends. */
  finish(): void {
    while (this.#waiting.length > 0) this.#next()
    this.#close()
  }

  #text({ text, citations = [] }: TextDelta): void {
    // Only Anthropic's own citations can be shown to it again, and it refuses any other.
    const own = citations.filter(({ maker }) => maker === 'anthropic')
    if (text === '' && own.length === 0) return
    const block = this.#last('text') ?? this.#begin(newBlock('text', { type: 'text', text: '' }))
    for (const { raw } of own) this.#add(block, 'citations_delta', raw)
    if (text !== '') this.#add(block, 'text_delta', text)
  }

  #thought(event: ReasoningDelta): void {
    if (isRedacted(event)) {
      this.#begin({ ...newBlock('redacted_thinking', { type: 'redacted_thinking', data: event.redacted }), over: true })
      return
    }
    const signature = signatureOf(event)
    if (event.text === '' && signature === undefined) return
    const block = this.#last('thinking') ?? this.#begin(newBlock('thinking', NO_THOUGHT))
    if (event.text !== '') this.#add(block, 'thinking_delta', event.text)
    if (signature === undefined) return
    this.#add(block, 'signature_delta', signature)
    block.over = true
  }

  #arguments(index: number, json: string): void {
    const block = [this.#open, ...this.#waiting].find((candidate) => candidate?.call?.index === index)
    // Arguments that were complete, and were written as such, cannot grow.
    if (block?.call === undefined || json === '') return
    block.call.end.push(json)
    this.#add(block, 'input_json_delta', json)
    while (this.#waiting.length > 0 && this.#mayClose()) this.#next()
  }

  /** The block at the end of the answer, where more of this kind belongs to it. */
  #last(kind: Kind): Block | undefined {
    const last = this.#waiting.at(-1) ?? this.#open
    return last?.kind === kind && !last.over ? last : undefined
  }

  #begin(block: Block): Block {
    this.#waiting.push(block)
    if (this.#waiting.length === 1 && this.#mayClose()) this.#next()
    return block
  }

  #mayClose(): boolean {
    return this.#open?.call === undefined || this.#open.call.end.reached
  }

  #add(block: Block, type: DeltaType, value: JsonValue): void {
    if (block === this.#open) this.#sink.delta(this.#openIndex, type, value)
    else block.deltas.push([type, value])
  }

  /** The open block ends, and the first of those that wait is written as far as it has come. */
  #next(): void {
    const block = this.#waiting.shift()
    if (block === undefined) return
    this.#close()
    this.#open = block
    this.#openIndex += 1
    this.#sink.start(this.#openIndex, block.first)
    for (const [type, value] of block.deltas) this.#sink.delta(this.#openIndex, type, value)
    block.deltas.length = 0
  }

  #close(): void {
    const block = this.#open
    if (block === undefined) return
    if (block.kind === 'thinking' && !block.over) this.#sink.delta(this.#openIndex, 'signature_delta', UNSIGNED)
    this.#sink.stop(this.#openIndex)
    this.#open = undefined
  }
}

const NO_THOUGHT: JsonObject = { type: 'thinking', thinking: '', signature: '' }

function newBlock(kind: Kind, first: JsonObject): Block {
  return { kind, first, deltas: [], over: false }
}
