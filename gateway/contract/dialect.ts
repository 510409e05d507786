import type { ChatRequest, CompletionRequest, EmbeddingsReply, EmbeddingsRequest } from './chat.ts'
import type { Failure } from './failure.ts'
import type { JsonObject } from './json.ts'
import type { VerbatimRoute } from './provider.ts'
import type { RequestFacts } from './route.ts'
import type { FinishReason, StreamEvent, Usage } from './stream-event.ts'

/** How errors look on a client's wire. Every route has one, even those whose bytes are never translated. */
export interface ErrorDialect {
  /** Status, body and the headers that belong to it (`retry-after`, `retry-after-ms`, `x-should-retry`). */
  error(failure: Failure): ErrorReply
}

export interface ErrorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

/** A client wire that streams: pure, one file each. `Request` is the canonical request it is read into. */
export interface Dialect<Request> extends ErrorDialect {
  readonly id: string
  /** The upstream route on which this dialect's bytes could pass as they are. */
  readonly verbatimRoute: VerbatimRoute
  /** What a reply's id begins with: `chatcmpl-`, `resp_`, `msg_`. Its rest is the request's id. */
  readonly idPrefix: string
  /**
   * A cut answer may be taken up by another target: {@link SentSoFar} says what is there, and a writer with
   * `continued` goes on from it. Absent: a cut answer ends in an error event.
   */
  readonly continues?: boolean
  /** Client headers that go to an upstream of this very wire, such as `anthropic-beta`. Names in lower case. */
  readonly forwardedHeaders?: readonly string[]
  /** Cheap validation and what planning needs; the body is already parsed JSON. */
  inspect(body: JsonObject): Omit<RequestFacts, 'controls' | 'tags'> | Failure
  /** The whole request, for the translated lane; only called after `inspect` succeeded. */
  parse(body: JsonObject): Request | Failure
  /** Writes a streamed reply for this client. */
  writer(context: WriterContext): StreamWriter
  /** Collects events into one JSON reply. */
  collector(context: WriterContext): Collector
  /** Watches a verbatim stream go by. */
  passing(context: PassingContext): PassingReader
  /** Reads a verbatim JSON reply once it is complete: what the log needs, or the error hidden in a 200. */
  readReply(body: string): ReplyFacts | Failure
}

export interface WriterContext {
  /** Id of the reply, when it is we who name it: `chatcmpl-...`. */
  readonly id: string
  /** The name that the client asked for, echoed as `model` when the upstream names none. */
  readonly model: string
  /** Seconds since the epoch. */
  readonly createdS: number
  /** The client asked for the usage chunk. */
  readonly includeUsage: boolean
  readonly mergeReasoning: boolean
  /** Set when a cut stream goes on: no second role delta, the same id, model and created. */
  readonly continued: boolean
  /** As {@link SentSoFar.nextEvent}; absent: the first. */
  readonly nextEvent?: number
  /** The client's body, for replies that repeat parts of the request (Responses) or depend on its tools. */
  readonly body: JsonObject
  /** The estimate from {@link RequestFacts}, for wires that tell the prompt's size before the upstream has. */
  readonly promptTokensEstimate: number
  /** Milliseconds since the request came, for wires that tell durations (Ollama). */
  elapsedMs(): number
}

export interface StreamWriter {
  /** The reply's content type. */
  readonly contentType: string
  /** What to send for these events; may be empty. One call per network chunk, so that it is one write. */
  write(events: readonly StreamEvent[]): string
  /**
   * Called once, after everything the reader gave was written and none of it was a failure: the usage chunk,
   * which waits for the last figures, and the terminal marker. Never called after {@link fail}.
   */
  done(): string
  /** The in-band error that the client's SDK raises; ends the stream. */
  fail(failure: Failure): string
  /** What keeps a silent stream alive, between two writes; absent: a comment of server-sent events. */
  heartbeat?(): string
}

export interface Collector {
  push(events: readonly StreamEvent[]): void
  /** After `end`: the JSON body. After a failure event: that failure. */
  result(): JsonObject | Failure
}

export interface PassingContext {
  /** We asked for usage and the client did not: its chunk must not reach the client. */
  readonly hideUsage: boolean
  /**
   * The client asked for the usage chunk: where the upstream told its usage in another place (`x_groq`, the finish
   * chunk), the chunk is added before the terminal marker.
   */
  readonly fillUsage?: boolean
  /** False: no other target could take this answer up, so nothing is kept for {@link PassingReader.sent}. */
  readonly keepSent?: boolean
}

/**
 * Watches a verbatim stream without rewriting it. Cheap by design: it searches for the few byte patterns that
 * matter and parses only the events that hold them.
 */
export interface PassingReader {
  /**
   * Bytes in, what to hand on out: whole events only, so that a word of our own never lands in the middle of one;
   * `forward` is the same object where nothing was held back. Whole events are
   * held back only when they must not reach the client: hidden usage, and errors, which become `failure`.
   */
  push(bytes: Uint8Array): { readonly forward: Uint8Array | undefined; readonly failure?: Failure }
  /** The body ended: what was held back, or the failure (`cut` when no finish was seen, `bad-reply` when it was no stream). */
  end(): { readonly forward: Uint8Array | undefined; readonly failure?: Failure }
  /** Of the reply; absent: server-sent events. */
  readonly contentType?: string
  /** As {@link StreamWriter.heartbeat}. */
  heartbeat?(): string
  /** True once an event with content, reasoning or a tool call has passed: from here the client has an answer. */
  readonly committed: boolean
  /** True once the terminal marker or a finish reason has passed. */
  readonly finished: boolean
  /** True once the terminal marker has passed: nothing that matters can come after it. */
  readonly done?: boolean
  readonly facts: ReplyFacts
  /**
   * What the client has been sent so far, parsed only now, from the bytes kept for this
   * (at most `limits.replayBytes`); undefined when more than that passed, or nothing was to be kept.
   */
  sent(): SentSoFar | undefined
}

export interface SentSoFar {
  readonly id: string | undefined
  readonly model: string | undefined
  readonly createdS: number | undefined
  readonly text: string
  readonly reasoning: string
  /** Any tool call, refusal or second choice: such an answer is never spliced. */
  readonly spliceable: boolean
  /** The number of the next event, on wires that number them. */
  readonly nextEvent?: number
}

export interface ReplyFacts {
  readonly model?: string
  readonly usage?: Usage
  readonly finish?: FinishReason
}

/** Embeddings do not stream, so they have a dialect of their own shape. */
export interface EmbeddingsDialect extends ErrorDialect {
  readonly id: string
  readonly verbatimRoute: VerbatimRoute
  inspect(body: JsonObject): Omit<RequestFacts, 'controls' | 'tags'> | Failure
  parse(body: JsonObject): EmbeddingsRequest | Failure
  write(reply: EmbeddingsReply, request: EmbeddingsRequest): JsonObject
  readReply(body: string): ReplyFacts | Failure
}

/** A route that only asks how many tokens a request has. */
export interface CountDialect extends ErrorDialect {
  readonly id: string
  readonly verbatimRoute: VerbatimRoute
  inspect(body: JsonObject): Omit<RequestFacts, 'controls' | 'tags'> | Failure
  /** As in {@link Dialect.forwardedHeaders}. */
  readonly forwardedHeaders?: readonly string[]
  parse(body: JsonObject): ChatRequest | Failure
  write(inputTokens: number, body: JsonObject): JsonObject
}

export type ChatDialect = Dialect<ChatRequest>
export type CompletionsDialect = Dialect<CompletionRequest>
