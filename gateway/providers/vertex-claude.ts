import type { ChatRequest } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { HttpRequest, TokenCountTranslation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { countOf, fieldAt, parseJson, without } from '../kit/json-fields.ts'
import { anthropicBody, configuredKeys, countBody, type AnthropicBody } from './anthropic-request.ts'
import { conversionField } from './conversions.ts'
import { postJson } from './openai-compatible.ts'
import { badReply, type Upstream } from './upstream-failure.ts'
import { vertexModelPath } from './vertex-settings.ts'

/** What stands in the body here, where Anthropic itself has a header. */
const VERSION = 'vertex-2023-10-16'
/** The model that counts for all of Claude's. */
const COUNTING = 'count-tokens'
const MODEL: ReadonlySet<string> = new Set(['model'])

/** True for Claude's models, which speak Anthropic's Messages behind Vertex' addresses. */
export function isClaude(model: string): boolean {
  return /^(?:anthropic\/)?claude-/.test(model)
}

/** A Messages body for `:rawPredict`: the model stands in the path, version and betas in the body. */
export function claudeRequest(
  chat: ChatRequest,
  target: Target,
  { upstream, stream }: { readonly upstream: Upstream; readonly stream: boolean },
): HttpRequest | Failure {
  const written = bodyFor(chat, target, upstream)
  if (isFailure(written)) return written
  const path = vertexModelPath(target, 'anthropic', nameOf(target))
  const body = without(ownKeys(written), MODEL)
  if (!stream) return post(`${path}:rawPredict`, written, body)
  return post(`${path}:streamRawPredict`, written, { ...body, stream: true })
}

/** The count of a Messages body; it names the model, because one address counts for all. */
export function claudeTokenCount(upstream: Upstream): TokenCountTranslation {
  return {
    request: (chat, target) => {
      const written = bodyFor(chat, target, upstream)
      if (isFailure(written)) return written
      return post(`${vertexModelPath(target, 'anthropic', COUNTING)}:rawPredict`, written, countBody(ownKeys(written)))
    },
    reply: (body) => countOf(fieldAt(parseJson(body), 'input_tokens')) ?? badReply(upstream, body),
  }
}

function bodyFor(chat: ChatRequest, target: Target, upstream: Upstream): AnthropicBody | Failure {
  return anthropicBody(chat, { upstream, model: nameOf(target), configured: configuredKeys(target) })
}

function nameOf({ model }: Target): string {
  return model.replace(/^anthropic\//, '')
}

function ownKeys({ body, betas }: AnthropicBody): JsonObject {
  return { ...body, anthropic_version: VERSION, ...(betas.length > 0 && { anthropic_beta: betas }) }
}

function post(path: string, { conversions }: AnthropicBody, body: JsonObject): HttpRequest {
  const request = postJson(path, body)
  return { ...request, ...conversionField(conversions) }
}
