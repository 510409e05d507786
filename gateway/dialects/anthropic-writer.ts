import type { StreamWriter, WriterContext } from '../contract/dialect.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { ContentBlocks, type BlockSink, type DeltaType } from './anthropic-content-blocks.ts'
import { anthropicErrorEvent } from './anthropic-error.ts'
import { isFirstChoice, MessageFrame } from './anthropic-message-frame.ts'

/** Writes the named events of a Messages stream. */
export function createMessageWriter(context: WriterContext): StreamWriter {
  return new MessageWriter(context)
}

/**
 * `message_start` waits for the first content, because by then an upstream that tells the prompt's size early has told
 * it, and clients take the size from there.
 */
class MessageWriter implements StreamWriter, BlockSink {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly fail = anthropicErrorEvent
  readonly #frame: MessageFrame
  readonly #blocks = new ContentBlocks(this)
  #opened = false
  #out = ''

  constructor(context: WriterContext) {
    this.#frame = new MessageFrame(context)
  }

  write(events: readonly StreamEvent[]): string {
    for (const event of events) this.#take(event)
    return this.#taken()
  }

  done(): string {
    const stop = this.#frame.stop()
    this.#open()
    this.#blocks.finish()
    this.#event('message_delta', { type: 'message_delta', delta: stop, usage: this.#frame.usage() })
    this.#event('message_stop', { type: 'message_stop' })
    return this.#taken()
  }

  start(index: number, block: JsonObject): void {
    this.#event('content_block_start', { type: 'content_block_start', index, content_block: block })
  }

  delta(index: number, type: DeltaType, value: JsonValue): void {
    const delta = `{"type":"${type}","${VALUE_KEYS[type]}":${JSON.stringify(value)}}`
    this.#out += `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}}\n\n`
  }

  stop(index: number): void {
    this.#event('content_block_stop', { type: 'content_block_stop', index })
  }

  #take(event: StreamEvent): void {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-start':
      case 'tool-call-delta':
        if (!isFirstChoice(event)) return
        this.#open()
        this.#blocks.take(event)
        return
      case 'end':
        if (!isFirstChoice(event)) return
        this.#open()
        this.#blocks.finish()
        this.#frame.note(event)
        return
      case 'start':
      case 'usage':
      case 'failure':
      default:
        this.#frame.note(event)
    }
  }

  #open(): void {
    if (this.#opened) return
    this.#opened = true
    this.#event('message_start', { type: 'message_start', message: this.#frame.message([]) })
    this.#event('ping', { type: 'ping' })
  }

  #event(name: string, data: JsonObject): void {
    this.#out += `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
  }

  #taken(): string {
    const out = this.#out
    this.#out = ''
    return out
  }
}

const VALUE_KEYS: Readonly<Record<DeltaType, string>> = {
  text_delta: 'text',
  citations_delta: 'citation',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
}
