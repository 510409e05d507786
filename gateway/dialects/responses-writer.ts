import type { Collector, StreamWriter, WriterContext } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { SSE_CONTENT_TYPE } from './openai-sse.ts'
import { responsesError } from './responses-error.ts'
import { ResponseFrame } from './responses-frame.ts'
import { ResponseOutput } from './responses-output.ts'

/** Writes the named events of a streamed response. There is no `[DONE]`: the last event carries the whole response. */
export function createResponsesWriter(context: WriterContext): StreamWriter {
  return new ResponsesWriter(context)
}

/** Collects events into one `response`. */
export function createResponsesCollector(context: WriterContext): Collector {
  const frame = new ResponseFrame(context)
  const output = new ResponseOutput(context, () => undefined)
  let failure: Failure | undefined
  return {
    push: (events) => {
      for (const event of events) {
        if (event.type === 'failure') failure = event.failure
        else if (event.type === 'start') frame.name(event.model)
        else output.take(event)
      }
    },
    result: () => failure ?? frame.response({ ...output.status, output: output.items, usage: output.usage }),
  }
}

class ResponsesWriter implements StreamWriter {
  readonly contentType = SSE_CONTENT_TYPE
  readonly #frame: ResponseFrame
  readonly #output: ResponseOutput
  /** Of an answer that others began nothing is announced again. */
  #hasBegun: boolean
  #sequence: number
  #text = ''

  constructor(context: WriterContext) {
    this.#frame = new ResponseFrame(context)
    this.#output = new ResponseOutput(context, (type, fields) => this.#emit(type, fields))
    this.#hasBegun = context.continued
    this.#sequence = context.nextEvent ?? 0
  }

  write(events: readonly StreamEvent[]): string {
    for (const event of events) this.#take(event)
    return this.#flush()
  }

  done(): string {
    this.#begin()
    const { status, items, usage } = this.#output
    this.#emit(`response.${status.status}`, { response: this.#frame.response({ ...status, output: items, usage }) })
    return this.#flush()
  }

  fail(failure: Failure): string {
    this.#begin()
    const error = responsesError(failure)
    const { items, usage } = this.#output
    this.#emit('error', error.event)
    const response = this.#frame.response({ status: 'failed', output: items, error: error.response, usage })
    this.#emit('response.failed', { response })
    return this.#flush()
  }

  #take(event: StreamEvent): void {
    if (event.type === 'failure') return
    if (event.type === 'start') this.#frame.name(event.model)
    if (event.type !== 'usage') this.#begin()
    this.#output.take(event)
  }

  #begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const response = this.#frame.response({ status: 'in_progress', output: [] })
    this.#emit('response.created', { response })
    this.#emit('response.in_progress', { response })
  }

  #emit(type: string, fields: JsonObject): void {
    const data = JSON.stringify({ type, ...fields, sequence_number: this.#sequence })
    this.#sequence += 1
    this.#text += `event: ${type}\ndata: ${data}\n\n`
  }

  #flush(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}
