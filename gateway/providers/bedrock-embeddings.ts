import type { EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { EmbeddingsTranslation } from '../contract/provider.ts'
import { booleanOf, compact, countOf, isJsonArray, objectOf, parseJson, textOf } from '../kit/json-fields.ts'
import { bedrockModel } from './bedrock-model.ts'
import { noAnswer } from './bedrock-frames.ts'
import { modelPath } from './bedrock-request.ts'
import { postJson } from './openai-compatible.ts'
import { isNumbers } from './openai-embeddings.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

/** Source: Cohere Embed at Bedrock, `texts`. */
const COHERE_TEXTS = 96

/**
 * Embeddings over `invoke`: Titan and Nova take one text at a time, Cohere up to 96. Nobody is told to cut a text that is
 * too long, because that would happen in silence.
 */
export function bedrockEmbeddings(upstream: Upstream): EmbeddingsTranslation {
  return {
    maxInputs: ({ model }) => (isCohere(model) ? COHERE_TEXTS : 1),
    request(request, target) {
      const texts = textsOf(request, upstream)
      if (isFailure(texts)) return texts
      const body = bodyFor(request, texts, { upstream, model: target.model })
      return isFailure(body) ? body : postJson(modelPath(bedrockModel(target.model), 'invoke'), body)
    },
    reply: (body) => readReply(upstream, body),
  }
}

function isCohere(model: string): boolean {
  return bedrockModel(model).family === 'cohere'
}

function textsOf({ inputs }: EmbeddingsRequest, upstream: Upstream): readonly string[] | Failure {
  const texts = inputs.filter((input) => typeof input === 'string')
  if (texts.length === inputs.length) return texts
  return unsupported(upstream, 'embeds text, but no lists of tokens. Send the texts themselves.')
}

interface ModelContext {
  readonly upstream: Upstream
  readonly model: string
}

function bodyFor(request: EmbeddingsRequest, texts: readonly string[], context: ModelContext): JsonObject | Failure {
  const { model, upstream } = context
  if (isCohere(model)) return cohereBody(request, texts, model)
  const [text, ...others] = texts
  if (text === undefined || others.length > 0) return unsupported(upstream, 'embeds one text per request here.')
  if (/nova/.test(model)) return novaBody(request, text)
  if (request.dimensions !== undefined && /titan-embed-text-v1|titan-embed-g1/.test(model)) {
    return unsupported(upstream, 'cannot choose `dimensions` with this model. Use amazon.titan-embed-text-v2:0.')
  }
  return titanBody(request, text, model)
}

function titanBody({ dimensions, extra }: EmbeddingsRequest, text: string, model: string): JsonObject {
  const isImage = /titan-embed-image/.test(model)
  return compact({
    inputText: text,
    dimensions: isImage ? undefined : dimensions,
    normalize: booleanOf(extra['normalize']),
    embeddingConfig: isImage && dimensions !== undefined ? { outputEmbeddingLength: dimensions } : undefined,
  })
}

function cohereBody({ dimensions, extra }: EmbeddingsRequest, texts: readonly string[], model: string): JsonObject {
  return compact({
    texts,
    // Cohere insists on a purpose; OpenAI's API has none.
    input_type: textOf(extra['input_type']) ?? 'search_document',
    truncate: textOf(extra['truncate']) ?? 'NONE',
    embedding_types: /embed-v4/.test(model) ? ['float'] : undefined,
    output_dimension: dimensions,
  })
}

function novaBody({ dimensions, extra }: EmbeddingsRequest, text: string): JsonObject {
  return {
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: compact({
      embeddingPurpose: textOf(extra['embeddingPurpose']) ?? 'GENERIC_INDEX',
      embeddingDimension: dimensions,
      text: { truncationMode: 'NONE', value: text },
    }),
  }
}

function readReply(upstream: Upstream, body: string): EmbeddingsReply | Failure {
  const json = parseJson(body)
  const vectors = isJsonObject(json) ? vectorsOf(json) : undefined
  if (!isJsonObject(json) || vectors === undefined) return noAnswer(upstream, body)
  return { model: '', vectors, inputTokens: countOf(json['inputTextTokenCount']) }
}

/** Titan `embedding`; Cohere `embeddings`, a list or by type; Nova a list of objects. */
function vectorsOf(json: JsonObject): readonly (readonly number[])[] | undefined {
  if (isNumbers(json['embedding'])) return [json['embedding']]
  const list: JsonValue | undefined = objectOf(json['embeddings'])?.['float'] ?? json['embeddings']
  if (!isJsonArray(list) || list.length === 0) return undefined
  const vectors = list.map((item) => (isJsonObject(item) ? item['embedding'] : item))
  return vectors.every(isNumbers) ? vectors : undefined
}
