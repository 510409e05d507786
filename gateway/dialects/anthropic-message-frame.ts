import type { WriterContext } from '../contract/dialect.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EndEvent, StartEvent, StreamEvent, Usage } from '../contract/stream-event.ts'
import { anthropicStopReason } from '../wire/anthropic-stop.ts'
import { writeMessageUsage } from './anthropic-reply-usage.ts'

/** What is known of a message beside its content: names, figures, and why it ended. */
export class MessageFrame {
  readonly #context: WriterContext
  #id: string
  #model: string
  #usage: Usage | undefined
  #end: EndEvent | undefined

  constructor(context: WriterContext) {
    this.#context = context
    this.#id = context.id
    this.#model = context.model
  }

  /** Events that are no content. */
  note(event: StreamEvent): void {
    if (event.type === 'start') this.#name(event)
    // Figures are cumulative, so only the last ones count.
    else if (event.type === 'usage') this.#usage = event.usage
    else if (event.type === 'end' && isFirstChoice(event)) this.#end = event
  }

  /** A message with this content, as far as it is known. */
  message(content: readonly JsonObject[]): JsonObject {
    return {
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content,
      ...this.stop(),
      usage: this.usage(),
    }
  }

  /** Why it ended; nulls while it goes on. */
  stop(): JsonObject {
    const end = this.#end
    if (end === undefined) return { stop_reason: null, stop_sequence: null, stop_details: null }
    const { refusal, stopSequence } = end
    // OpenAI's models refuse with an ordinary "stop" and a sentence beside it.
    const reason = refusal === undefined ? anthropicStopReason(end) : 'refusal'
    const details = reason === 'refusal' ? { type: 'refusal', category: null, explanation: refusal ?? null } : null
    return { stop_reason: reason, stop_sequence: stopSequence ?? null, stop_details: details }
  }

  /** The last figures; before there are any, what the prompt is estimated to be: clients show it while they wait. */
  usage(): JsonObject {
    return writeMessageUsage(this.#usage ?? { input: this.#context.promptTokensEstimate, output: 0 })
  }

  /** Ids of other wires would surprise a client that knows Anthropic's. */
  #name({ model, upstreamId }: StartEvent): void {
    if (model !== '') this.#model = model
    if (upstreamId?.startsWith(OWN_ID) === true) this.#id = upstreamId
  }
}

const OWN_ID = 'msg_'

/** This wire has one answer; of several the first one is written. */
export function isFirstChoice(event: { readonly choice?: number }): boolean {
  return (event.choice ?? 0) === 0
}
