import type { EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonValue } from '../contract/json.ts'
import type { EmbeddingsTranslation, HttpRequest } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { isJsonArray, parseJson } from '../kit/json-fields.ts'
import { isNumbers } from './openai-embeddings.ts'
import { postJson } from './openai-compatible.ts'
import { pathSegment } from './path-segment.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

/**
 * Embeddings of Hugging Face. The router has no `/v1/embeddings`: its own servers compute them as `feature-extraction`,
 * `{"inputs"}` -> a bare list. Endpoints of one's own serve OpenAI's route.
 */
export function huggingfaceEmbeddings(
  upstream: Upstream,
  { isRouter, plain }: { isRouter(target: Target): boolean; readonly plain: EmbeddingsTranslation },
): EmbeddingsTranslation {
  return {
    request: (request, target) =>
      isRouter(target) ? extraction(request, target, upstream) : plain.request(request, target),
    reply: (body) => {
      const vectors = vectorsOf(parseJson(body))
      return vectors === undefined
        ? plain.reply(body)
        : ({ model: '', vectors, inputTokens: undefined } satisfies EmbeddingsReply)
    },
  }
}

function extraction({ inputs }: EmbeddingsRequest, { model }: Target, upstream: Upstream): HttpRequest | Failure {
  if (inputs.some((input) => typeof input !== 'string'))
    return unsupported(upstream, 'embeds texts, not tokens. Send the text.')
  const name = model.split('/').map(pathSegment).join('/')
  const path = `/hf-inference/models/${name}/pipeline/feature-extraction`
  return { ...postJson(path, { inputs: [...inputs] }), fromRoot: true }
}

/** One vector for one text, a list for several, or, from models that do not pool, a list of a vector for each token. */
function vectorsOf(json: JsonValue | undefined): readonly (readonly number[])[] | undefined {
  if (!isJsonArray(json) || json.length === 0) return undefined
  if (isNumbers(json)) return [json]
  const vectors = json.map(pooled)
  return vectors.includes(undefined) ? undefined : vectors.filter((vector) => vector !== undefined)
}

/** The mean over the tokens, as sentence models have it. */
function pooled(value: JsonValue): readonly number[] | undefined {
  if (isNumbers(value)) return value
  if (!isJsonArray(value)) return undefined
  const rows = value.filter(isNumbers)
  const [first] = rows
  if (first === undefined || rows.length !== value.length) return undefined
  return first.map((_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length)
}
