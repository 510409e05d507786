import type { ChatDialect, CompletionsDialect, CountDialect, EmbeddingsDialect, ErrorDialect } from './dialect.ts'
import type { JsonObject, JsonScan } from './json.ts'
import type { VerbatimRoute } from './provider.ts'
import type { Plan, RequestFacts } from './route.ts'

/** One client request that was let in, read and planned: what the engine executes. */
export interface Call {
  readonly id: string
  readonly app: CallerApp
  readonly facts: RequestFacts
  readonly plan: Plan
  readonly work: Work
  /** The client's IP is always loopback; this is its program, from the user agent, bounded. */
  readonly client: string
  /** The client's headers that its dialect wants forwarded to an upstream of its own wire. Absent: none. */
  readonly clientHeaders?: Readonly<Record<string, string>>
  /** Wall time of arrival, and monotonic time of arrival. */
  readonly startedAtMs: number
  readonly startedMonotonicMs: number
}

/** Which program is calling: a key's name, or `anonymous` when the user turned keys off. */
export interface CallerApp {
  readonly id: string
  readonly name: string
  /** Model names, `prefix/*` patterns; undefined: all. Checked after aliases, on every hop. */
  readonly models: readonly string[] | undefined
}

export type Work =
  | { readonly operation: 'chat'; readonly dialect: ChatDialect; readonly body: JsonBody }
  | { readonly operation: 'completions'; readonly dialect: CompletionsDialect; readonly body: JsonBody }
  | { readonly operation: 'embeddings'; readonly dialect: EmbeddingsDialect; readonly body: JsonBody }
  | { readonly operation: 'count'; readonly dialect: CountDialect; readonly body: JsonBody }
  | {
      readonly operation: 'passthrough'
      readonly dialect: ErrorDialect
      readonly route: VerbatimRoute
      readonly body: JsonBody | MultipartBody
    }

/** The client's bytes, and what they parse to. */
export interface JsonBody {
  readonly kind: 'json'
  readonly raw: Buffer
  readonly json: JsonObject
  /** What the client itself said in fields that were resolved here, such as `previous_response_id`: for replies that repeat them. */
  readonly resolved?: JsonObject
  /** Where the keys of `raw` are, from whoever looked already; undefined: to be looked up where it is needed. */
  readonly scan?: JsonScan
}

/** A form with files; only the `model` field is read and replaced. */
export interface MultipartBody {
  readonly kind: 'multipart'
  readonly raw: Buffer
  readonly contentType: string
  /** Byte range of the `model` field's value in `raw`; undefined when the client sent none. */
  readonly modelSpan: { readonly start: number; readonly end: number } | undefined
}

/**
 * The client's side of an exchange. The http floor implements it over a response, tests over an array.
 * `write` returns false when the client is slower than the upstream; then the engine stops reading until `onDrain`.
 */
export interface ReplySink {
  /** Sends status and headers; once only. */
  head(status: number, headers: Readonly<Record<string, string>>): void
  write(chunk: Uint8Array | string): boolean
  /** Calls `resume` once, when the client has read what was written; asked for anew after every `false`. */
  onDrain(resume: () => void): void
  end(chunk?: Uint8Array | string): void
  /** Calls once when the client went away before `end`. */
  onGone(gone: () => void): void
  /** Destroys the connection: only where HTTP leaves no other way to say that the reply is broken. */
  destroy(): void
}
