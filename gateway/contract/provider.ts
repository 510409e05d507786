import type { ChatRequest, CompletionRequest, EmbeddingsReply, EmbeddingsRequest } from './chat.ts'
import type { Conversion } from './conversion.ts'
import type { Failure } from './failure.ts'
import type { JsonObject } from './json.ts'
import type { Locality, Target } from './route.ts'
import type { StreamEvent } from './stream-event.ts'

/**
 * An upstream's wire, as pure translation: it never fetches, retries, logs, reads time or throws on what an
 * upstream sends. So a recorded exchange is a complete test of it.
 */
export interface Provider {
  /** Registry id and the prefix in `provider/model`: lower case, `[a-z0-9_-]+`. */
  readonly id: string
  /** Other prefixes that mean the same, such as LiteLLM's `hosted_vllm`. */
  readonly aliases: readonly string[]
  /** The name that people read. */
  readonly label: string
  readonly defaults: ProviderDefaults
  /**
   * Tidies a base URL that a person gave: adds the `/v1` that a bare `http://host:8000` lacks, removes the one that a
   * native API does not want. Called once, by whoever makes a {@link Target}; absent: taken as it is.
   */
  normaliseBaseUrl?(given: string): string
  /** True when an assistant prefix can be continued: {@link ChatRequest.prefill} is honoured. */
  readonly prefill: boolean
  /**
   * Which client routes this upstream serves in the client's own dialect, and the path under the base URL.
   * Bytes pass both ways as they are. A route that is absent is translated, if a translation exists.
   */
  readonly verbatim: Readonly<Partial<Record<VerbatimRoute, VerbatimPath>>>
  /** The headers of every request to this target: credentials, versions. Names in lower case. */
  headers(target: Target): Record<string, string>
  /**
   * How requests to this target are signed beyond {@link headers}: by someone who may read files and ask the network
   * for credentials. Undefined: not at all, because a plain key is enough here.
   */
  signing?(target: Target): Signing | undefined
  /** What can be set for an endpoint of this provider beyond address and key: region, project, API version. */
  readonly settings?: readonly ProviderSetting[]
  /** The base URL that follows from the settings, where none was given. Undefined: they do not say enough. */
  baseUrlFrom?(settings: Settings): string | undefined
  /**
   * What must change in the client's own JSON body before it goes out verbatim: only this upstream's known
   * refusals. `undefined` as a value removes the key. Returns no keys when nothing must change.
   */
  verbatimEdits?(body: JsonObject, route: VerbatimRoute, target: Target): JsonObject
  readonly chat?: Translation<ChatRequest>
  readonly completions?: Translation<CompletionRequest>
  readonly embeddings?: EmbeddingsTranslation
  /** Asks the upstream how many tokens a request has. Absent: it cannot be asked. */
  readonly tokenCount?: TokenCountTranslation
  /** OpenAI parameters that this upstream refuses: dropped or refused according to `drop_params`. */
  readonly unsupportedParams?: readonly string[]
  /** What a reply that is not a success means. `body` is at most {@link Limits.errorBodyBytes} of text. */
  failure(head: HttpHead, body: string): Failure
  /** How to ask which models it has. Absent where there is no such route. */
  readonly listing?: ModelListing
  /** Only for the built-in model: answers in process, without any upstream. */
  respond?(request: ChatRequest): Iterable<StreamEvent>
}

export interface ProviderDefaults {
  /** Ends without a slash; absent where there is no sensible default and `base_url` is required. */
  readonly baseUrl?: string
  /** Environment variables that may hold the base URL, first one wins. */
  readonly baseUrlEnv: readonly string[]
  /** Environment variables that may hold the key, first one wins. */
  readonly keyEnv: readonly string[]
  readonly keyRequired: boolean
  readonly locality: Locality
}

/** A path under the base URL, or how it follows from the target (Azure's deployments); undefined: not for this one. */
export type VerbatimPath = string | ((target: Target) => string | undefined)

/** Values by the names of {@link ProviderSetting}. Secrets are not among them: see {@link Target.secrets}. */
export type Settings = Readonly<Record<string, string>>

export interface ProviderSetting {
  /** The key in `spillway.yaml`: `region`, `api_version`. */
  readonly name: string
  /** LiteLLM's keys for it, first one wins: `aws_region_name`. */
  readonly litellm: readonly string[]
  /** Environment variables that may hold it, first one wins. */
  readonly env: readonly string[]
  /** Kept as {@link Secret} in {@link Target.secrets} instead of {@link Target.settings}. */
  readonly secret?: boolean
  /** One line for the configuration reference. */
  readonly help: string
}

/** Who must sign a request, and for what. */
export type Signing =
  | { readonly kind: 'aws-sigv4'; readonly service: string; readonly region: string }
  | { readonly kind: 'google-oauth'; readonly scope: string }
  | { readonly kind: 'azure-entra'; readonly scope: string }

/**
 * Client routes, named by the path after `/v1/`; Ollama's native ones by their path from the root. `api/...` are only
 * served in a provider's own wire by Ollama, `messages...` by Anthropic and by runners that speak it.
 */
export type VerbatimRoute =
  | 'chat/completions'
  | 'completions'
  | 'embeddings'
  | 'images/generations'
  | 'images/edits'
  | 'images/variations'
  | 'audio/speech'
  | 'audio/transcriptions'
  | 'audio/translations'
  | 'moderations'
  | 'rerank'
  | 'responses'
  | 'messages'
  | 'messages/count_tokens'
  | 'api/chat'
  | 'api/generate'
  | 'api/embed'
  | 'api/embeddings'
  | 'responses/input_tokens'
  | 'utils/token_counter'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** Appended to the target's base URL; begins with a slash. */
  readonly path: string
  /** The path counts from the server's root: a `/v1` at the end of the base URL is left out (runners' own routes). */
  readonly fromRoot?: boolean
  /** Beyond {@link Provider.headers}; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What of the request has no counterpart in this wire. Absent: nothing. */
  readonly conversions?: readonly Conversion[]
}

export interface HttpHead {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface Translation<Request> {
  /** The upstream request, or why this target cannot serve it (`kind: 'unsupported'`). */
  request(request: Request, target: Target, options: TranslationOptions): HttpRequest | Failure
  /**
   * A new reader for one successful reply; picks JSON, SSE or NDJSON by the reply's content type. `request` is what was
   * asked, for wires on which names are other ones than the client's; `target` who was asked, for providers that reach
   * some models over another wire.
   */
  reader(head: HttpHead, request?: Request, target?: Target): Reader
}

export interface TranslationOptions {
  readonly stream: boolean
}

/**
 * Turns reply bytes into events. Push-based and synchronous on purpose: an async generator per event costs more
 * than the whole translation, and a state machine is tested with chunks of any size without a scheduler.
 */
export interface Reader {
  /** Bytes as they came, cut anywhere, even inside a character. */
  push(bytes: Uint8Array): readonly StreamEvent[]
  /**
   * The body ended cleanly. Gives the events that complete the grammar; a reply that lacks its end gives
   * `failure` of kind `cut`, one that is not what was promised `bad-reply`.
   */
  end(): readonly StreamEvent[]
}

export interface EmbeddingsTranslation {
  /** How many inputs one upstream request can take; more are sent in several and put together. Absent: any number. */
  maxInputs?(target: Target): number
  request(request: EmbeddingsRequest, target: Target): HttpRequest | Failure
  reply(body: string): EmbeddingsReply | Failure
}

export interface TokenCountTranslation {
  request(chat: ChatRequest, target: Target): HttpRequest | Failure
  /** Input tokens; a failure where the reply does not say. */
  reply(body: string): number | Failure
}

export interface ListedModel {
  readonly id: string
  readonly contextTokens?: number
  readonly capabilities?: readonly Capability[]
  /** True when the model behind this URL runs in somebody's cloud (Ollama's `:cloud` models). */
  readonly remote?: boolean
}

export type Capability = 'chat' | 'completion' | 'embedding' | 'tools' | 'vision' | 'reasoning' | 'insert' | 'audio'

export interface ModelListing {
  readonly path: string
  /** Reads the listing's JSON text; anything unexpected gives an empty list. */
  models(body: string): readonly ListedModel[]
}
