import type { Collector, WriterContext } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { parseObject, stringOf } from '../kit/json-fields.ts'
import { ContentBlocks, type BlockSink, type DeltaType } from './anthropic-content-blocks.ts'
import { isFirstChoice, MessageFrame } from './anthropic-message-frame.ts'

/** Collects events into one message. */
export function createMessageCollector(context: WriterContext): Collector {
  return new MessageCollector(context)
}

class MessageCollector implements Collector {
  readonly #frame: MessageFrame
  readonly #content = new CollectedBlocks()
  readonly #blocks = new ContentBlocks(this.#content)
  #failure: Failure | undefined

  constructor(context: WriterContext) {
    this.#frame = new MessageFrame(context)
  }

  push(events: readonly StreamEvent[]): void {
    for (const event of events) this.#take(event)
  }

  result(): JsonObject | Failure {
    if (this.#failure !== undefined) return this.#failure
    this.#blocks.finish()
    return this.#frame.message(this.#content.list())
  }

  #take(event: StreamEvent): void {
    if (event.type === 'failure') this.#failure = event.failure
    else if (event.type === 'start' || event.type === 'usage' || event.type === 'end') this.#frame.note(event)
    else if (isFirstChoice(event)) this.#blocks.take(event)
  }
}

/** A block and the texts of its deltas, which are joined only once. */
interface Collected {
  readonly first: JsonObject
  readonly texts: string[]
  readonly citations: JsonValue[]
  signature: JsonValue | undefined
}

class CollectedBlocks implements BlockSink {
  readonly #blocks: Collected[] = []

  start(_index: number, first: JsonObject): void {
    this.#blocks.push({ first, texts: [], citations: [], signature: undefined })
  }

  delta(_index: number, type: DeltaType, value: JsonValue): void {
    const block = this.#blocks.at(-1)
    if (block === undefined) return
    if (type === 'citations_delta') block.citations.push(value)
    else if (type === 'signature_delta') block.signature = value
    else if (typeof value === 'string') block.texts.push(value)
  }

  stop(): void {}

  list(): readonly JsonObject[] {
    return this.#blocks.map(wholeBlock)
  }
}

function wholeBlock({ first, texts, citations, signature }: Collected): JsonObject {
  const text = texts.join('')
  switch (stringOf(first.type) ?? '') {
    case 'text':
      return { type: 'text', text, ...(citations.length > 0 && { citations }) }
    case 'thinking':
      return { type: 'thinking', thinking: text, signature: signature ?? '' }
    case 'tool_use':
      return { ...first, input: argumentsObject(text) }
    default:
      return first
  }
}

/** Anthropic's input is an object. What a model wrote that is none is kept under one key, so that it can see its mistake. */
function argumentsObject(json: string): JsonObject {
  return json.trim() === '' ? {} : (parseObject(json) ?? { arguments: json })
}
