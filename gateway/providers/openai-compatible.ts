import type { ChatRequest, CompletionRequest } from '../contract/chat.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type {
  EmbeddingsTranslation,
  HttpRequest,
  Provider,
  ProviderDefaults,
  TokenCountTranslation,
  Translation,
  VerbatimRoute,
} from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { withoutSlash } from './base-url.ts'
import { conversionField, lostInChat } from './conversions.ts'
import { readEmbeddings } from './openai-embeddings.ts'
import { readModels } from './openai-listing.ts'
import type { Quirks, QuirksOf } from './openai-quirks.ts'
import { openAiReader } from './openai-reader.ts'
import { chatBody, completionBody, embeddingsBody } from './openai-request.ts'
import { saysResponses } from './responses-models.ts'
import { overResponses } from './responses-targets.ts'
import { upstreamFailure, type Upstream } from './upstream-failure.ts'

/** How an OpenAI-compatible upstream differs from the others. Most are nothing but an address and a key's name. */
export interface OpenAiCompatible {
  /** See {@link Provider.id}. */
  readonly id: string
  readonly aliases?: readonly string[]
  readonly label: string
  readonly baseUrl?: string
  readonly baseUrlEnv?: readonly string[]
  readonly keyEnv?: readonly string[]
  /** Default: a key is needed where there are variables for one. */
  readonly keyRequired?: boolean
  /** Default: `cloud`. */
  readonly locality?: ProviderDefaults['locality']
  /** Default: as given, without a slash at its end. */
  readonly normaliseBaseUrl?: (given: string) => string
  /** Routes whose bytes pass as they are, under their own names. Default: chat, completions, embeddings. */
  readonly verbatim?: readonly VerbatimRoute[]
  readonly verbatimEdits?: Provider['verbatimEdits']
  readonly unsupportedParams?: readonly string[]
  readonly quirks?: Quirks | QuirksOf
  /** The path of legacy completions; null where there are none. Default: `/completions`. */
  readonly completionsPath?: string | null
  /** False where there are none. */
  readonly embeddings?: boolean
  /** How the server itself counts tokens, where it does. */
  readonly tokenCount?: (upstream: Upstream) => TokenCountTranslation
  /** False where models cannot be listed. */
  readonly listing?: boolean
  readonly hint?: (kind: FailureKind, message: string) => string | undefined
  /**
   * Present where the Responses API is served and some models may be reached over it alone: true for a target whose model
   * is such a one. Targets of which the configuration says so (`responses/NAME`) are reached so in any case.
   */
  readonly responses?: (target: Target) => boolean
}

/** What {@link OpenAiCompatible.verbatim} is when nothing is said. */
export const COMMON_ROUTES: readonly VerbatimRoute[] = ['chat/completions', 'completions', 'embeddings']

/** A provider for an upstream that speaks OpenAI's wire. */
export function openaiCompatible(options: OpenAiCompatible): Provider {
  const { label, keyEnv = [], hint, responses } = options
  const upstream: Upstream = { label, keyEnv, ...(hint && { hint }) }
  const provider = chatProvider(options, upstream)
  if (responses === undefined) return provider
  return overResponses(provider, (target) => saysResponses(target) || responses(target), { upstream })
}

function chatProvider(options: OpenAiCompatible, upstream: Upstream): Provider {
  const { quirks = {}, completionsPath = '/completions' } = options
  const quirksOf: QuirksOf = typeof quirks === 'function' ? quirks : () => quirks
  const fixed = typeof quirks === 'function' ? undefined : quirks
  return {
    id: options.id,
    aliases: options.aliases ?? [],
    label: options.label,
    defaults: {
      ...(options.baseUrl !== undefined && { baseUrl: options.baseUrl }),
      baseUrlEnv: options.baseUrlEnv ?? [],
      keyEnv: upstream.keyEnv,
      keyRequired: options.keyRequired ?? upstream.keyEnv.length > 0,
      locality: options.locality ?? 'cloud',
    },
    normaliseBaseUrl: options.normaliseBaseUrl ?? withoutSlash,
    prefill: fixed?.prefill !== undefined,
    verbatim: Object.fromEntries((options.verbatim ?? COMMON_ROUTES).map((route) => [route, `/${route}`])),
    headers: bearerHeaders,
    ...(options.verbatimEdits && { verbatimEdits: options.verbatimEdits }),
    chat: chatTranslation(upstream, quirksOf),
    ...(completionsPath !== null && { completions: completionsTranslation(upstream, quirksOf, completionsPath) }),
    ...(options.embeddings !== false && { embeddings: embeddingsTranslation(upstream) }),
    ...(options.tokenCount && { tokenCount: options.tokenCount(upstream) }),
    ...(options.unsupportedParams && { unsupportedParams: options.unsupportedParams }),
    failure: (head, body) => upstreamFailure(upstream, head, body),
    ...(options.listing !== false && { listing: { path: '/models', models: readModels } }),
  }
}

/** `Authorization: Bearer`, where there is a key. */
export function bearerHeaders(target: Target): Record<string, string> {
  return target.key === undefined ? {} : { authorization: `Bearer ${target.key.reveal()}` }
}

/** A POST of JSON. */
export function postJson(path: string, body: JsonObject): HttpRequest {
  return { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

function chatTranslation(upstream: Upstream, quirksOf: QuirksOf): Translation<ChatRequest> {
  return {
    request: (chat, target, { stream }) => {
      const quirks = quirksOf(target)
      const model = quirks.modelName?.(target.model) ?? target.model
      const request = postJson('/chat/completions', chatBody(chat, { model, stream, quirks }))
      return { ...request, ...conversionField(lostInChat(chat)) }
    },
    reader: () => openAiReader(upstream),
  }
}

function completionsTranslation(upstream: Upstream, quirksOf: QuirksOf, path: string): Translation<CompletionRequest> {
  return {
    request: (request, target, { stream }) => {
      const quirks = quirksOf(target)
      const model = quirks.modelName?.(target.model) ?? target.model
      return postJson(path, completionBody(request, { model, stream, quirks }))
    },
    reader: () => openAiReader(upstream),
  }
}

function embeddingsTranslation(upstream: Upstream): EmbeddingsTranslation {
  return {
    request: (request, target) => postJson('/embeddings', embeddingsBody(request, target.model)),
    reply: (body) => readEmbeddings(upstream, body),
  }
}
