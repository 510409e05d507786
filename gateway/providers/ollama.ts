import type { ChatRequest, CompletionRequest, EmbeddingsReply } from '../contract/chat.ts'
import { isFailure, type Failure, type FailureKind } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { HttpRequest, ListedModel, Provider, Translation, VerbatimPath } from '../contract/provider.ts'
import { withoutSlash } from './base-url.ts'
import { arrayOf, isJsonArray, numberOf, objectOf, parseJson, stringOf, textsAt } from '../kit/json-fields.ts'
import { ollamaReader } from './ollama-reader.ts'
import { ollamaChatBody, ollamaEmbedBody, ollamaGenerateBody, type OllamaContext } from './ollama-request.ts'
import { bearerHeaders, postJson } from './openai-compatible.ts'
import { isNumbers } from './openai-embeddings.ts'
import { badReply, failureInReply, upstreamFailure, type Upstream } from './upstream-failure.ts'
import { isOllamaCloud, ollamaCapabilities } from '../wire/ollama-tags.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'

const upstream: Upstream = { label: 'Ollama', keyEnv: ['OLLAMA_API_KEY'], hint }

/**
 * Ollama over its native API. Its OpenAI-compatible one is not used: it cannot set the context length, cuts a long prompt in
 * silence, and knows neither `keep_alive` nor `think`. So nothing passes verbatim.
 */
export const ollama: Provider = {
  id: 'ollama',
  aliases: ['ollama_chat'],
  label: 'Ollama',
  defaults: {
    baseUrl: 'http://127.0.0.1:11434',
    baseUrlEnv: ['OLLAMA_API_BASE', 'OLLAMA_BASE_URL'],
    keyEnv: upstream.keyEnv,
    keyRequired: false,
    locality: 'device',
  },
  // People copy the address of the compatible API, or of a path below the native one.
  normaliseBaseUrl: (given) => withoutSlash(given).replace(/\/(?:v1|api)$/, ''),
  prefill: true,
  verbatim: {
    'api/chat': native('/api/chat'),
    'api/generate': native('/api/generate'),
    'api/embed': native('/api/embed'),
  },
  // A prompt that does not fit is an error, never cut silently, unless the client wants it so.
  verbatimEdits: (body) => (body['truncate'] === undefined ? { truncate: false } : NOTHING),
  headers: bearerHeaders,
  chat: translation<ChatRequest>('/api/chat', ollamaChatBody),
  completions: translation<CompletionRequest>('/api/generate', ollamaGenerateBody),
  embeddings: {
    request: (request, target) => post('/api/embed', ollamaEmbedBody(request, { upstream, model: target.model })),
    reply: readEmbed,
  },
  unsupportedParams: ['n', 'logit_bias'],
  failure: (head, body) => upstreamFailure(upstream, head, body),
  listing: { path: '/api/tags', models: readTags },
}

/**
 * A client of Ollama's own API is passed on as it is, but for one reason: settings of the configuration are written in
 * OpenAI's words, and have to be translated with the request.
 */
function native(path: string): VerbatimPath {
  return ({ params }) => (Object.keys(params.defaults).length === 0 ? path : undefined)
}

const NOTHING: JsonObject = {}

function translation<Request extends ChatRequest | CompletionRequest>(
  path: string,
  write: (request: Request, context: OllamaContext) => JsonObject | Failure,
): Translation<Request> {
  return {
    request: (request, { model, capabilities }, { stream }) =>
      post(path, write(request, { upstream, model, stream, capabilities })),
    reader: (_head, request) => ollamaReader(upstream, turnOf(request)),
  }
}

function turnOf(request: ChatRequest | CompletionRequest | undefined): number {
  if (request === undefined || !('messages' in request)) return 0
  return request.messages.filter(({ role }) => role === 'assistant').length
}

function post(path: string, body: JsonObject | Failure): HttpRequest | Failure {
  return isFailure(body) ? body : postJson(path, body)
}

function hint(kind: FailureKind, message: string): string | undefined {
  if (kind === 'model-missing') {
    const model = /model ['"]?([\w./:-]+)['"]? (?:is )?not found/.exec(message)?.[1]
    return model === undefined ? 'See `ollama list` for what is there.' : `Pull it with \`ollama pull ${model}\`.`
  }
  if (kind === 'context-length') return 'Set a larger `num_ctx` for this model, or shorten the conversation.'
  if (kind === 'unauthorized-upstream') return 'Sign in with `ollama signin`, or set OLLAMA_API_KEY.'
  return undefined
}

function readEmbed(body: string): EmbeddingsReply | Failure {
  const json = parseJson(body)
  const vectors = isJsonObject(json) ? json['embeddings'] : undefined
  if (!isJsonObject(json) || !isJsonArray(vectors) || !vectors.every(isNumbers)) {
    return readUpstreamError(json) === undefined ? badReply(upstream, body) : failureInReply(upstream, json)
  }
  return { model: stringOf(json['model']) ?? '', vectors, inputTokens: numberOf(json['prompt_eval_count']) }
}

function readTags(body: string): readonly ListedModel[] {
  const json = parseJson(body)
  return arrayOf(isJsonObject(json) ? json['models'] : undefined)
    .slice(0, limits.listedModels)
    .map(objectOf)
    .map((model) => (model === undefined ? undefined : readTag(model)))
    .filter((model) => model !== undefined)
}

/** Ollama 0.30 and later list capabilities. The listed context length is the trained one, not the one that runs. */
function readTag(model: JsonObject): ListedModel | undefined {
  const id = stringOf(model['model']) ?? stringOf(model['name'])
  if (id === undefined || id === '') return undefined
  const words = textsAt(model, 'capabilities')
  const remote = stringOf(model['remote_host']) !== undefined || isOllamaCloud(id)
  return {
    id,
    ...(words && { capabilities: ollamaCapabilities(words) }),
    ...(remote && { remote }),
  }
}
