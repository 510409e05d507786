import type { WriterContext } from '../contract/dialect.ts'
import type { StartEvent, Usage } from '../contract/stream-event.ts'
import { writeUsage } from './openai-usage.ts'

/** The content type of every stream on OpenAI's wire. */
export const SSE_CONTENT_TYPE = 'text/event-stream; charset=utf-8'

/**
 * What is the same around every chunk of one stream, built once. A chunk is `head`, the array of choices, `tail`.
 */
export class ChunkFrame {
  readonly tail: string
  head: string
  readonly #object: string
  readonly #context: WriterContext
  #named = false
  #usage: Usage | undefined

  constructor(object: string, context: WriterContext) {
    this.#object = object
    this.#context = context
    // OpenAI announces the usage chunk by a null in every chunk before it.
    this.tail = context.includeUsage ? ',"usage":null}\n\n' : '}\n\n'
    this.head = this.#headFor(context.id, context.model)
  }

  /** The upstream's own names; a stream that goes on keeps the names that the client has already seen. */
  name(start: StartEvent): void {
    if (this.#named || this.#context.continued) return
    this.#named = true
    const model = start.model === '' ? this.#context.model : start.model
    this.head = this.#headFor(start.upstreamId ?? this.#context.id, model)
  }

  /** Figures are cumulative, so only the last ones are written. */
  count(usage: Usage): void {
    this.#usage = usage
  }

  /** What ends a stream: the usage chunk, which has no choices, where the client asked for it; and the marker. */
  final(): string {
    if (this.#usage === undefined || !this.#context.includeUsage) return 'data: [DONE]\n\n'
    return `${this.head}[],"usage":${JSON.stringify(writeUsage(this.#usage))}}\n\ndata: [DONE]\n\n`
  }

  #headFor(id: string, model: string): string {
    const names = `"id":${JSON.stringify(id)},"object":"${this.#object}","created":${this.#context.createdS}`
    return `data: {${names},"model":${JSON.stringify(model)},"choices":`
  }
}
