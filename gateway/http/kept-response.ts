import type { ReplySink } from '../contract/call.ts'
import type { JsonObject } from '../contract/json.ts'
import { objectOf, parseObject } from '../kit/json-fields.ts'

/**
 * Watches the reply to a Responses request and hands over the finished response, once it has been sent. Only the end of
 * a stream is looked at: its last event repeats the whole response.
 */
export function keepingSink(sink: ReplySink, keep: (response: JsonObject) => void): ReplySink {
  let isStream = false
  const look = (chunk: Uint8Array | string): void => {
    const text =
      typeof chunk === 'string' ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString()
    const response = isStream ? finalResponse(text) : parseObject(text)
    if (response?.['object'] === 'response') keep(response)
  }
  return {
    head: (status, headers) => {
      isStream = headers['content-type']?.startsWith('text/event-stream') === true
      sink.head(status, headers)
    },
    write: (chunk) => sink.write(chunk),
    onDrain: (resume) => sink.onDrain(resume),
    end: (chunk) => {
      sink.end(chunk)
      if (chunk !== undefined) look(chunk)
    },
    onGone: (gone) => sink.onGone(gone),
    destroy: () => sink.destroy(),
  }
}

/** The response in the event that ends a stream well; a translated stream writes that event as one piece, with its end. */
function finalResponse(text: string): JsonObject | undefined {
  const match = /^event: response\.(?:completed|incomplete)\ndata: (.*)$/m.exec(text)
  return match === null ? undefined : objectOf(parseObject(match[1] ?? '')?.['response'])
}
