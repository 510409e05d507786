import type { ChatRequest } from '../contract/chat.ts'
import type { Failure, FailureKind } from '../contract/failure.ts'
import type { HttpRequest, Provider, TokenCountTranslation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { fieldAt, parseJson, parseObject, textAt } from '../kit/json-fields.ts'
import { anthropicFailure } from './anthropic-failure.ts'
import { anthropicReader } from './anthropic-reader.ts'
import { withoutSlash } from './base-url.ts'
import { googleKeyHeaders, readTokenCount } from './gemini.ts'
import { geminiFailure, geminiHint } from './gemini-failure.ts'
import { geminiReader } from './gemini-reader.ts'
import { generateRequest, geminiBody } from './gemini-request.ts'
import { postJson } from './openai-compatible.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'
import { claudeRequest, claudeTokenCount, isClaude } from './vertex-claude.ts'
import { vertexEmbeddings } from './vertex-embeddings.ts'
import { EXPRESS_BASE_URL, vertexBaseUrl, vertexModelPath, vertexSettings } from './vertex-settings.ts'

const upstream: Upstream = { label: 'Vertex AI', keyEnv: ['VERTEXAI_API_KEY'], hint }

/**
 * Google's Vertex AI: Gemini in a project of Google Cloud, and Claude behind the same addresses. Signed with OAuth (a service
 * account, or what gcloud or the machine has), or asked with a key ("express mode").
 */
export const vertex: Provider = {
  id: 'vertex_ai',
  aliases: ['vertex', 'vertex_ai_beta', 'google_vertex'],
  label: upstream.label,
  defaults: {
    baseUrl: EXPRESS_BASE_URL,
    baseUrlEnv: ['VERTEXAI_API_BASE', 'VERTEX_API_BASE', 'GOOGLE_VERTEX_BASE_URL'],
    keyEnv: upstream.keyEnv,
    keyRequired: false,
    locality: 'cloud',
  },
  normaliseBaseUrl,
  prefill: false,
  verbatim: {},
  headers: googleKeyHeaders,
  signing: ({ key }) =>
    key === undefined ? { kind: 'google-oauth', scope: 'https://www.googleapis.com/auth/cloud-platform' } : undefined,
  settings: vertexSettings,
  baseUrlFrom: vertexBaseUrl,
  chat: {
    request: (chat, target, { stream }) => refusal(target) ?? chatRequest(chat, target, stream),
    reader: (_head, _request, target) =>
      target !== undefined && isClaude(target.model) ? anthropicReader(upstream) : geminiReader(upstream),
  },
  embeddings: vertexEmbeddings(upstream),
  tokenCount: tokenCount(),
  failure: (head, body) =>
    // Anthropic's own words come in Anthropic's own shape.
    textAt(parseObject(body), 'type') === 'error'
      ? anthropicFailure(upstream, head, body)
      : geminiFailure(upstream, head, body),
}

function chatRequest(chat: ChatRequest, target: Target, stream: boolean): HttpRequest | Failure {
  if (isClaude(target.model)) return claudeRequest(chat, target, { upstream, stream })
  return generateRequest(chat, target, { modelPath: modelPath(target), stream })
}

/** Gemini's models by name; a model that was tuned by its endpoint's number. */
function modelPath(target: Target): string {
  const model = target.model.replace(/^(?:google|gemini)\//, '')
  const path = vertexModelPath(target, 'google', model)
  return /^\d+$/.test(model) ? path.replace(/\/publishers\/google\/models\/(\d+)$/, '/endpoints/$1') : path
}

function refusal(target: Target): Failure | undefined {
  if (target.key === undefined && target.settings?.['project'] === undefined) {
    return unsupported(
      upstream,
      'needs a project. Set `project` of this provider, or GOOGLE_CLOUD_PROJECT, or give it a key.',
    )
  }
  const publisher = /^([a-z0-9-]+)\//.exec(target.model)?.[1]
  if (publisher === undefined || ['google', 'gemini', 'anthropic'].includes(publisher)) return undefined
  return unsupported(
    upstream,
    `serves ${publisher}'s models over an OpenAI-compatible address of their own. Use the provider openai_like with base_url ending in /endpoints/openapi.`,
  )
}

function tokenCount(): TokenCountTranslation {
  const claude = claudeTokenCount(upstream)
  return {
    request: (chat, target) => {
      const refused = refusal(target)
      if (refused !== undefined) return refused
      if (isClaude(target.model)) return claude.request(chat, target)
      const { contents, systemInstruction, tools, generationConfig } = geminiBody(chat, target).body
      return postJson(`${modelPath(target)}:countTokens`, { contents, systemInstruction, tools, generationConfig })
    },
    reply: (body) =>
      fieldAt(parseJson(body), 'input_tokens') === undefined ? readTokenCount(upstream, body) : claude.reply(body),
  }
}

/** Adds the version that a bare host lacks. */
function normaliseBaseUrl(given: string): string {
  const url = withoutSlash(given)
  return /^[a-z]+:\/\/[^/]+$/i.test(url) ? `${url}/v1beta1` : url
}

function hint(kind: FailureKind): string | undefined {
  if (kind !== 'unauthorized-upstream') return geminiHint(kind)
  return 'Run `gcloud auth application-default login`, or set `credentials` of this provider to a service account that may use Vertex AI.'
}
