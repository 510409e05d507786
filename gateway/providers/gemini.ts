import type { Failure } from '../contract/failure.ts'
import type { Provider, TokenCountTranslation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { countOf, fieldAt, parseJson } from '../kit/json-fields.ts'
import { withoutSlash } from './base-url.ts'
import { geminiEmbeddings } from './gemini-embeddings.ts'
import { geminiFailure, geminiHint } from './gemini-failure.ts'
import { readGeminiModels } from './gemini-listing.ts'
import { geminiReader } from './gemini-reader.ts'
import { generateRequest, geminiBody } from './gemini-request.ts'
import { postJson } from './openai-compatible.ts'
import { googlePathSegment } from './path-segment.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

const upstream: Upstream = {
  label: 'Gemini',
  keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
  hint: geminiHint,
}

/**
 * The Gemini API (Google AI Studio), in its own wire: the OpenAI-compatible one (`gemini_openai`) loses thoughts, most
 * signatures and citations, and knows no files.
 */
export const gemini: Provider = {
  id: 'gemini',
  aliases: ['google', 'google_ai_studio'],
  label: upstream.label,
  defaults: {
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    baseUrlEnv: ['GEMINI_API_BASE', 'GOOGLE_GEMINI_BASE_URL'],
    keyEnv: upstream.keyEnv,
    keyRequired: true,
    locality: 'cloud',
  },
  normaliseBaseUrl,
  prefill: false,
  verbatim: {},
  headers: googleKeyHeaders,
  chat: {
    request: (chat, target, { stream }) =>
      generateRequest(chat, target, { modelPath: modelPath(target.model), stream }),
    reader: () => geminiReader(upstream),
  },
  embeddings: geminiEmbeddings(upstream, modelPath),
  tokenCount: tokenCount(),
  failure: (head, body) => geminiFailure(upstream, head, body),
  listing: { path: '/models?pageSize=1000', models: readGeminiModels },
}

/** Google's header for a key; a key in the address would end up in logs. */
export function googleKeyHeaders(target: Target): Record<string, string> {
  return target.key === undefined ? {} : { 'x-goog-api-key': target.key.reveal() }
}

/** Adds the version that a bare host lacks, and removes what people copy along from the compatible API. */
function normaliseBaseUrl(given: string): string {
  const url = withoutSlash(given).replace(/\/openai$/, '')
  return /^[a-z]+:\/\/[^/]+$/i.test(url) ? `${url}/v1beta` : url
}

/** `/models/NAME`; tuned models have a collection of their own. */
function modelPath(model: string): string {
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.*)$/s.exec(model) ?? []
  return `/${collection}/${googlePathSegment(name)}`
}

function tokenCount(): TokenCountTranslation {
  return {
    request: (chat, target) => {
      const path = modelPath(target.model)
      const { body } = geminiBody(chat, target)
      // Only the whole request counts system and tools, too; it repeats the model.
      return postJson(`${path}:countTokens`, { generateContentRequest: { model: path.slice(1), ...body } })
    },
    reply: (body) => readTokenCount(upstream, body),
  }
}

/** `totalTokens` of `:countTokens`. */
export function readTokenCount(from: Upstream, body: string): number | Failure {
  return countOf(fieldAt(parseJson(body), 'totalTokens')) ?? badReply(from, body)
}
