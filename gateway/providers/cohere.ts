import type { ChatRequest, EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject } from '../contract/json.ts'
import type { EmbeddingsTranslation, HttpRequest, Provider, Translation } from '../contract/provider.ts'
import { compact, countOf, fieldAt, isJsonArray, parseJson } from '../kit/json-fields.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { withoutSlash } from './base-url.ts'
import { cohereReader } from './cohere-reader.ts'
import { cohereBody } from './cohere-request.ts'
import { conversionField } from './conversions.ts'
import { bearerHeaders, postJson } from './openai-compatible.ts'
import { isNumbers } from './openai-embeddings.ts'
import { readModels } from './openai-listing.ts'
import { badReply, failureInReply, unsupported, upstreamFailure, type Upstream } from './upstream-failure.ts'

const upstream: Upstream = { label: 'Cohere', keyEnv: ['COHERE_API_KEY', 'CO_API_KEY'] }

/**
 * Cohere over its own v2 API. The compatible one knows neither its plans before tool calls nor its caches, and has no
 * list of models.
 */
export const cohere: Provider = {
  id: 'cohere',
  aliases: ['cohere_chat'],
  label: upstream.label,
  defaults: {
    baseUrl: 'https://api.cohere.com',
    baseUrlEnv: ['COHERE_API_BASE'],
    keyEnv: upstream.keyEnv,
    keyRequired: true,
    locality: 'cloud',
  },
  // People copy the address of a route, of a version, or of the compatible API.
  normaliseBaseUrl: (given) =>
    withoutSlash(given).replace(/(?:\/compatibility)?(?:\/v[12])?(?:\/(?:chat|embed|rerank))?$/, ''),
  prefill: false,
  // Its rerank is the one that everybody copied.
  verbatim: { rerank: '/v2/rerank' },
  headers: bearerHeaders,
  chat: chatTranslation(),
  embeddings: embeddingsTranslation(),
  unsupportedParams: ['logit_bias', 'n', 'logprobs', 'top_logprobs'],
  failure: (head, body) => upstreamFailure(upstream, head, body),
  listing: { path: '/v1/models?page_size=1000', models: readModels },
}

function chatTranslation(): Translation<ChatRequest> {
  return {
    request: (chat, { model }, { stream }): HttpRequest => {
      const { body, conversions } = cohereBody(chat, { model, stream })
      return { ...postJson('/v2/chat', body), ...conversionField(conversions) }
    },
    reader: () => cohereReader(upstream),
  }
}

/** Texts that one request may hold. */
const MOST_TEXTS = 96

function embeddingsTranslation(): EmbeddingsTranslation {
  return {
    maxInputs: () => MOST_TEXTS,
    request: (request, { model }) => {
      const texts = request.inputs.filter((input) => typeof input === 'string')
      if (texts.length < request.inputs.length) {
        return unsupported(upstream, 'embeds text only, not token numbers. Send `input` as text.')
      }
      return postJson('/v2/embed', embedBody(request, { model, texts }))
    },
    reply: readEmbed,
  }
}

/** What a text is for has to be said; documents that are searched is what most are. */
function embedBody(
  { extra, dimensions }: EmbeddingsRequest,
  { model, texts }: { readonly model: string; readonly texts: readonly string[] },
): ReturnType<typeof compact> {
  return compact({
    input_type: 'search_document',
    ...extra,
    model,
    texts,
    embedding_types: ['float'],
    output_dimension: dimensions,
  })
}

function readEmbed(body: string): EmbeddingsReply | Failure {
  const json = parseJson(body)
  const vectors = fieldAt(fieldAt(json, 'embeddings'), 'float')
  if (!isJsonObject(json) || !isJsonArray(vectors) || !vectors.every(isNumbers)) {
    return readUpstreamError(json) === undefined ? badReply(upstream, body) : failureInReply(upstream, json)
  }
  const billed = fieldAt(fieldAt(json, 'meta'), 'billed_units')
  return { model: '', vectors, inputTokens: countOf(fieldAt(billed, 'input_tokens')) }
}
