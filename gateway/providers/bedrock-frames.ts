import type { Failure } from '../contract/failure.ts'
import { isJsonObject } from '../contract/json.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { createEventStreamReader, type EventStreamMessage } from '../kit/event-stream.ts'
import { parseJson } from '../kit/json-fields.ts'
import { exceptionFailure, failureInStream } from './bedrock-failure.ts'
import { badReply, cutReply, type Upstream } from './upstream-failure.ts'

/** What a body is that should have been an answer in JSON: an error after all, or nothing that could be read. */
export function noAnswer(upstream: Upstream, text: string): Failure {
  const json = parseJson(text)
  const isError = isJsonObject(json) && (typeof json['message'] === 'string' || typeof json['Message'] === 'string')
  return isError ? exceptionFailure(upstream, undefined, json) : badReply(upstream, text)
}

/** What becomes of the messages of an event stream that are no errors. */
export interface FrameSink {
  read(message: EventStreamMessage, out: StreamEvent[]): void
  /** The body ended between two messages, after at least one. */
  end(out: StreamEvent[]): void
  /** True once nothing more is to be read. */
  readonly failed: boolean
}

/** Reads the messages of an event stream into a sink; exceptions and damage end it. */
export function frameReader(upstream: Upstream, sink: FrameSink): Reader {
  return new Frames(upstream, sink)
}

class Frames implements Reader {
  readonly #frames = createEventStreamReader()
  readonly #upstream: Upstream
  readonly #sink: FrameSink
  #sawMessage = false
  #over = false

  constructor(upstream: Upstream, sink: FrameSink) {
    this.#upstream = upstream
    this.#sink = sink
  }

  push(bytes: Uint8Array): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    for (const message of this.#frames.push(bytes)) {
      if (this.#over) break
      this.#sawMessage = true
      this.#read(message, out)
    }
    const { broken } = this.#frames
    if (broken !== undefined) this.#fail(this.#damaged(broken), out)
    return out
  }

  end(): readonly StreamEvent[] {
    const out: StreamEvent[] = []
    if (this.#over) return out
    const rest = this.#frames.rest()
    // The length of a message begins with a zero; what does not was never one.
    if (rest.length > 0) this.#fail(rest[0] === 0 ? cutReply(this.#upstream) : this.#stranger(), out)
    else if (this.#sawMessage) this.#sink.end(out)
    else this.#fail(badReply(this.#upstream, ''), out)
    return out
  }

  #read(message: EventStreamMessage, out: StreamEvent[]): void {
    const type = message.headers.get(':message-type') ?? 'event'
    if (type === 'event') {
      this.#sink.read(message, out)
      this.#over = this.#sink.failed
    } else {
      this.#fail(failureInStream(this.#upstream, message), out)
    }
  }

  #damaged(broken: string): Failure {
    if (!this.#sawMessage && this.#frames.rest()[0] !== 0) return this.#stranger()
    return {
      kind: 'bad-reply',
      message: `${this.#upstream.label} sent a damaged stream: ${broken}. Try again; a proxy in between may have changed it.`,
    }
  }

  #stranger(): Failure {
    return badReply(this.#upstream, Buffer.from(this.#frames.rest()).toString('utf8'))
  }

  #fail(failure: Failure, out: StreamEvent[]): void {
    if (this.#over) return
    this.#over = true
    out.push({ type: 'failure', failure })
  }
}
