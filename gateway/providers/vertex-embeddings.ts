import type { EmbeddingsRequest } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EmbeddingsTranslation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { compact } from '../kit/json-fields.ts'
import { readGoogleEmbeddings, textsOf } from './gemini-embeddings.ts'
import { postJson } from './openai-compatible.ts'
import type { Upstream } from './upstream-failure.ts'
import { vertexModelPath } from './vertex-settings.ts'

/** Text embedding models take five inputs everywhere, more only in one region; the Gemini ones take one. */
const INPUTS = 5

/** Embeddings of Vertex: `:predict`, and `:embedContent` for models from `gemini-embedding-2` on. */
export function vertexEmbeddings(upstream: Upstream): EmbeddingsTranslation {
  return {
    maxInputs: ({ model }) => (model.startsWith('gemini-') ? 1 : INPUTS),
    request: (request, target) => {
      const texts = textsOf(request, upstream)
      if (isFailure(texts)) return texts
      const path = vertexModelPath(target, 'google', target.model)
      if (isNewer(target)) return postJson(`${path}:embedContent`, embedContent(texts[0] ?? '', request))
      return postJson(`${path}:predict`, predict(texts, request))
    },
    reply: (body) => readGoogleEmbeddings(upstream, body),
  }
}

function isNewer({ model }: Target): boolean {
  return /^gemini-embedding-(?!001)/.test(model)
}

function embedContent(text: string, { dimensions, extra }: EmbeddingsRequest): JsonObject {
  return {
    content: { parts: [{ text }] },
    embedContentConfig: compact({
      outputDimensionality: dimensions,
      taskType: extra['task_type'],
      title: extra['title'],
      autoTruncate: extra['auto_truncate'],
    }),
  }
}

function predict(texts: readonly string[], { dimensions, extra }: EmbeddingsRequest): JsonObject {
  return {
    instances: texts.map((content) => compact({ content, task_type: extra['task_type'], title: extra['title'] })),
    parameters: compact({ outputDimensionality: dimensions, autoTruncate: extra['auto_truncate'] }),
  }
}
