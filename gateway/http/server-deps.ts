import type { Call, CallerApp, ReplySink } from '../contract/call.ts'
import type { Clock } from '../contract/clock.ts'
import type { GatewayConfig } from '../contract/config.ts'
import type {
  ChatDialect,
  CompletionsDialect,
  CountDialect,
  EmbeddingsDialect,
  ErrorDialect,
} from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonArray, JsonObject } from '../contract/json.ts'
import type { Capability, VerbatimRoute } from '../contract/provider.ts'
import type { Dropped, Locality, Planned, RequestControls, RequestFacts } from '../contract/route.ts'
import type { ResponseStore } from '../contract/stored-response.ts'
import type { Usage } from '../contract/stream-event.ts'
import type { RefusedEvent } from './guard/refusal.ts'

/** Everything that the HTTP floor needs from the rest of the program. */
export interface ServerDeps {
  readonly clock: Clock
  /** A new id for one request: unguessable, at most 64 characters of `[A-Za-z0-9_-]`. */
  newId(): string
  readonly version: string
  /** The configuration in force; the same object until it changes. */
  config(): GatewayConfig
  plan(facts: RequestFacts, app: CallerApp): Planned
  /** Resolves when the reply has ended, however it ended; never rejects for what an upstream or a client does. */
  execute(call: Call, sink: ReplySink): Promise<Executed>
  /** The app that a presented key belongs to: found by hash, in the same time for any wrong key. */
  resolveKey(presented: string): AppRecord | undefined
  /** Takes one request's place under the app's limits, or says which limit is reached. */
  admit(app: AppRecord, tokensEstimate: number): Admission | Failure
  /** `x-ratelimit-*` as they stand for this app, names in lower case; empty where it has no limits. */
  limitHeaders(app: AppRecord): Readonly<Record<string, string>>
  readonly badKeys: BadKeys
  /** What this app may use, in the order of listing; `wildcards`: patterns such as `openai/*` too. */
  listModels(app: AppRecord, options: { readonly wildcards: boolean }): readonly ListedRoute[]
  /** LiteLLM's `/model/info` entries that this app may see. */
  modelInfo(app: AppRecord): readonly JsonObject[]
  /** Served names, for "did you mean". */
  suggestModel(name: string): string | undefined
  /** What is known of the model behind a name, with or without `:latest`; undefined where this app may use nothing of it. */
  describeModel(name: string, app: AppRecord): ModelCard | undefined
  ready(): boolean
  readonly dialects: ServerDialects
  readonly responses: ResponsesDeps
  /** What the client steers for this one request, by body keys and headers (names in lower case). */
  readControls(body: JsonObject, headers: RequestHeaders): RequestSteering | Failure
  /** A request that the guard turned away: for the tray's notice. It has no log row. */
  onRefused?(event: RefusedEvent): void
  /** A request that was let in and failed before the engine had it: the log's row is the listener's business. */
  onFailed?(event: FailedRequest): void
  /** A request that was let in and answered without any model: the same holds for its row. */
  onAnswered?(event: EarlyRequest): void
  /** A bug: something threw that must not. The client was told "internal error". */
  onBug?(error: unknown): void
}

export interface ServerDialects {
  /** What a client's route speaks; routes that are not here pass as they are. */
  readonly byRoute: Readonly<Partial<Record<VerbatimRoute, RouteDialect>>>
  /** For everything whose bytes are not translated. */
  readonly errors: ErrorDialect
  /** Requests for a model that is there which ask for no answer, such as Ollama's wish to have it loaded. */
  readonly answerAtOnce: Readonly<
    Partial<Record<VerbatimRoute, (body: JsonObject, createdS: number) => JsonObject | undefined>>
  >
}

export type RouteDialect =
  | { readonly operation: 'chat'; readonly dialect: ChatDialect }
  | { readonly operation: 'completions'; readonly dialect: CompletionsDialect }
  | { readonly operation: 'embeddings'; readonly dialect: EmbeddingsDialect }
  | { readonly operation: 'count'; readonly dialect: CountDialect }
  /** One path for two kinds of work: the body says which. `dialect` is for errors before that is known. */
  | { readonly operation: 'either'; readonly dialect: ErrorDialect; of(body: JsonObject): RouteDialect }

/** What the Responses API keeps between two requests, and how it is put together again. */
export interface ResponsesDeps {
  readonly store: ResponseStore
  /** Answers are kept unless the request says otherwise. */
  isKept(): boolean
  readonly history: {
    expandPrevious(body: JsonObject, stored: JsonArray): JsonObject
    expandReferences(body: JsonObject, find: (id: string) => JsonObject | undefined): JsonObject
    storedItems(body: JsonObject, response: JsonObject): JsonArray | undefined
  }
}

export interface RequestSteering {
  readonly controls: RequestControls
  readonly tags: readonly string[]
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What the engine tells about a request that it has ended. */
export interface Executed {
  /** As sent to the client; 499 when it left first. */
  readonly status: number
  readonly usage?: Usage | undefined
}

/** A key's owner. */
export interface AppRecord extends CallerApp {
  /** Exact browser origins that this app may be used from, beyond those of the server. */
  readonly origins: readonly string[]
}

/** One request's place under its app's limits. */
export interface Admission {
  /** Books what was really used, at most once; never called where that is unknown, so that the estimate stands. */
  settle(tokens: number): void
  /** Gives the place back; always called, once, after `settle`. */
  release(): void
}

/** Counts wrong keys, over all callers. */
export interface BadKeys {
  /** Counts one. Undefined: answer 401; else it is one too many: answer 429, and this is for how long, in ms. */
  countBadKey(): number | undefined
}

/** What is known of the model behind a name. */
export interface ModelCard {
  /** The name to ask for: `coder` where a client asked for `coder:latest`. */
  readonly name: string
  /** Registry id of the provider, and the model's name there. */
  readonly provider: string
  readonly model: string
  readonly locality: Locality
  readonly contextTokens: number | undefined
  readonly capabilities: readonly Capability[]
}

export interface ListedRoute {
  /** The name that a client asks for. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly createdS: number
  /** Who serves it: `openai`, `ollama`, `spillway`. */
  readonly ownedBy: string
}

/** A request that had a valid key and never reached the engine. */
export interface EarlyRequest {
  readonly id: string
  readonly app: CallerApp
  readonly client: string
  /** `chat/completions`. */
  readonly operation: string
  /** Known once the body was read. */
  readonly facts: RequestFacts | undefined
  readonly status: number
  readonly atMs: number
  readonly totalMs: number
  readonly requestBytes: number
}

/** Why it did not. */
export interface FailedRequest extends EarlyRequest {
  readonly failure: Failure
  readonly dropped: readonly Dropped[]
}
