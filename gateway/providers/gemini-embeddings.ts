import type { EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { EmbeddingsTranslation } from '../contract/provider.ts'
import { compact, countOf, fieldAt, objectsAt, parseJson } from '../kit/json-fields.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { postJson } from './openai-compatible.ts'
import { isNumbers } from './openai-embeddings.ts'
import { badReply, failureInReply, unsupported, type Upstream } from './upstream-failure.ts'

/** Google takes no more inputs in one `:batchEmbedContents`. */
const BATCH_INPUTS = 100

/** Embeddings of the Gemini API. Most models do not tell what they used. */
export function geminiEmbeddings(upstream: Upstream, modelPath: (model: string) => string): EmbeddingsTranslation {
  return {
    maxInputs: () => BATCH_INPUTS,
    request: (request, { model }) => {
      const texts = textsOf(request, upstream)
      if (isFailure(texts)) return texts
      const path = modelPath(model)
      const requests = texts.map((text) =>
        compact({
          model: path.slice(1),
          content: { parts: [{ text }] },
          taskType: request.extra['task_type'] ?? request.extra['taskType'],
          title: request.extra['title'],
          outputDimensionality: request.dimensions,
        }),
      )
      return postJson(`${path}:batchEmbedContents`, { requests })
    },
    reply: (body) => readGoogleEmbeddings(upstream, body),
  }
}

/** The texts to embed; Google takes no tokens. */
export function textsOf(request: EmbeddingsRequest, upstream: Upstream): readonly string[] | Failure {
  const texts = request.inputs.filter((input) => typeof input === 'string')
  if (texts.length === request.inputs.length) return texts
  return unsupported(upstream, 'embeds text, not tokens. Send strings as input.')
}

/**
 * Reads every form of Google's embeddings: `embeddings[].values` (Gemini), `embedding.values` (`:embedContent`), and
 * `predictions[].embeddings.values` with token counts (Vertex).
 */
export function readGoogleEmbeddings(upstream: Upstream, body: string): EmbeddingsReply | Failure {
  const json = parseJson(body)
  if (isJsonObject(json) && readUpstreamError(json) !== undefined) return failureInReply(upstream, json)
  const rows = isJsonObject(json) ? rowsOf(json) : undefined
  const vectors = rows?.map((row) => row['values']).filter(isNumbers)
  if (rows === undefined || vectors === undefined || vectors.length < rows.length) return badReply(upstream, body)
  return { model: '', vectors, inputTokens: tokensOf(json, rows) }
}

function rowsOf(json: JsonObject): readonly JsonObject[] | undefined {
  const single = json['embedding']
  if (isJsonObject(single)) return [single]
  const predicted = objectsAt(json, 'predictions')?.map((row) => row['embeddings'])
  return predicted?.every(isJsonObject) === true ? predicted : objectsAt(json, 'embeddings')
}

/** Undefined where any of the vectors came without its count: a sum of some of them would be wrong. */
function tokensOf(json: JsonValue | undefined, rows: readonly JsonObject[]): number | undefined {
  const told = countOf(fieldAt(fieldAt(json, 'usageMetadata'), 'promptTokenCount'))
  if (told !== undefined) return told
  const counts = rows.map((row) => countOf(fieldAt(row['statistics'], 'token_count')))
  const known = counts.filter((count) => count !== undefined)
  if (known.length === 0 || known.length < rows.length) return undefined
  return known.reduce((sum, count) => sum + count, 0)
}
