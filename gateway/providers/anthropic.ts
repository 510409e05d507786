import type { ChatRequest } from '../contract/chat.ts'
import { isFailure, type Failure, type FailureKind } from '../contract/failure.ts'
import type { HttpRequest, ListedModel, Provider, TokenCountTranslation, Translation } from '../contract/provider.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Target } from '../contract/route.ts'
import { countAt, countOf, fieldAt, objectsAt, parseJson, parseObject, textAt } from '../kit/json-fields.ts'
import { anthropicFailure } from './anthropic-failure.ts'
import { anthropicReader } from './anthropic-reader.ts'
import { anthropicBody, configuredKeys, countBody, type AnthropicBody } from './anthropic-request.ts'
import { anthropicVerbatimEdits } from './anthropic-verbatim.ts'
import { withVersion } from './base-url.ts'
import { conversionField } from './conversions.ts'
import { postJson } from './openai-compatible.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

const upstream: Upstream = { label: 'Anthropic', keyEnv: ['ANTHROPIC_API_KEY'], hint }

/** The API's version. A later one refuses sampling parameters, which the models before 4.7 still take. */
const VERSION = '2023-06-01'

/**
 * Anthropic's Messages API, and servers that imitate it. It could continue an answer only with models before 4.6, and
 * refuses that from the newer ones; so a cut answer is not continued here but begun anew.
 */
export const anthropic: Provider = {
  id: 'anthropic',
  aliases: ['anthropic_text'],
  label: upstream.label,
  defaults: {
    baseUrl: 'https://api.anthropic.com/v1',
    baseUrlEnv: ['ANTHROPIC_BASE_URL', 'ANTHROPIC_API_BASE'],
    keyEnv: upstream.keyEnv,
    keyRequired: true,
    locality: 'cloud',
  },
  normaliseBaseUrl,
  prefill: false,
  verbatim: { messages: '/messages', 'messages/count_tokens': '/messages/count_tokens' },
  verbatimEdits: anthropicVerbatimEdits,
  headers,
  chat: chatTranslation(),
  tokenCount: tokenCount(),
  failure: (head, body) => anthropicFailure(upstream, head, body),
  listing: { path: '/models?limit=1000', models: readModels },
}

/**
 * Anthropic's own libraries want the address without `/v1`, LiteLLM takes it with the whole path; both are copied from
 * there, also with a path of their own (`https://api.z.ai/api/anthropic`).
 */
function normaliseBaseUrl(given: string): string {
  const url = withVersion(given).replace(/\/messages$/, '')
  return url.endsWith('/anthropic') ? `${url}/v1` : url
}

/** A token of a subscription is a bearer, a key has a header of its own. */
function headers({ key }: Target): Record<string, string> {
  const version = { 'anthropic-version': VERSION }
  const secret = key?.reveal()
  if (secret === undefined) return version
  if (!secret.startsWith('sk-ant-oat')) return { ...version, 'x-api-key': secret }
  return { ...version, authorization: `Bearer ${secret}`, 'anthropic-beta': 'oauth-2025-04-20' }
}

function chatTranslation(): Translation<ChatRequest> {
  return {
    request: (chat, target, { stream }) => {
      const written = bodyFor(chat, target)
      if (isFailure(written)) return written
      return post('/messages', written, stream ? { ...written.body, stream: true } : written.body)
    },
    reader: () => anthropicReader(upstream),
  }
}

function tokenCount(): TokenCountTranslation {
  return {
    request: (chat, target) => {
      const written = bodyFor(chat, target)
      return isFailure(written) ? written : post('/messages/count_tokens', written, countBody(written.body))
    },
    reply: (body) => countOf(fieldAt(parseJson(body), 'input_tokens')) ?? badReply(upstream, body),
  }
}

function bodyFor(chat: ChatRequest, target: Target): AnthropicBody | Failure {
  return anthropicBody(chat, { upstream, model: target.model, configured: configuredKeys(target) })
}

function post(path: string, { betas, conversions }: AnthropicBody, body: JsonObject): HttpRequest {
  const request = postJson(path, body)
  return {
    ...request,
    headers: { ...request.headers, ...(betas.length > 0 && { 'anthropic-beta': betas.join(',') }) },
    ...conversionField(conversions),
  }
}

function hint(kind: FailureKind): string | undefined {
  if (kind === 'context-length') return 'Shorten the conversation, or set a lower max_tokens.'
  if (kind === 'overloaded') return 'Try again in a moment, or give the route a second target.'
  return undefined
}

/** `GET /v1/models`: at most 1,000 on a page, which is more than there are. */
function readModels(body: string): readonly ListedModel[] {
  const listed = objectsAt(parseObject(body), 'data') ?? []
  return listed.slice(0, limits.listedModels).flatMap((model) => {
    const id = textAt(model, 'id')
    const contextTokens = countAt(model, 'max_input_tokens')
    if (id === undefined) return []
    return [contextTokens === undefined ? { id } : { id, contextTokens }]
  })
}
