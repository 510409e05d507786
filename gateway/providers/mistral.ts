import type { EmbeddingsRequest } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EmbeddingsTranslation, Provider } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { compact } from '../kit/json-fields.ts'
import { openaiCompatible, postJson } from './openai-compatible.ts'
import { readEmbeddings } from './openai-embeddings.ts'
import { stableId } from './stable-id.ts'
import { sharedExtra } from '../wire/native-extra.ts'

const LABEL = 'Mistral'
const KEY_ENV = ['MISTRAL_API_KEY', 'MISTRAL_AZURE_API_KEY']

/** OpenAI keys that do not change the answer. Mistral refuses every key that it does not know, so they stay here. */
const NOT_FOR_MISTRAL = ['store', 'service_tier', 'safety_identifier', 'prompt_cache_retention', 'verbosity', 'user']

const base = openaiCompatible({
  id: 'mistral',
  aliases: ['codestral'],
  label: LABEL,
  baseUrl: 'https://api.mistral.ai/v1',
  baseUrlEnv: ['MISTRAL_API_BASE', 'MISTRAL_AZURE_API_BASE'],
  keyEnv: KEY_ENV,
  normaliseBaseUrl: withVersion,
  // Chat is translated: content comes as a list when the model reasons, and history needs ids of nine characters.
  verbatim: ['audio/transcriptions', 'moderations'],
  unsupportedParams: ['logit_bias', 'logprobs', 'top_logprobs', 'functions', 'function_call'],
  quirks: {
    seedKey: 'random_seed',
    streamOptions: false,
    messageExtras: false,
    requiredTool: 'any',
    emptyContent: '',
    toolName: true,
    toolId: mistralToolId,
    prefill: { message: { prefix: true }, body: {} },
    adjust: withoutForeignKeys,
  },
  // Fill in the middle; its replies look like chat.
  completionsPath: '/fim/completions',
})

/** Mistral's La Plateforme. */
export const mistral: Provider = { ...base, embeddings: embeddings() }

/** Mistral takes tool call ids of exactly nine letters and digits. Its own come back unchanged, others are hashed. */
function mistralToolId(id: string): string {
  return /^[A-Za-z0-9]{9}$/.test(id) ? id : stableId(id, 9)
}

function withoutForeignKeys(body: JsonObject): JsonObject {
  return compact({ ...body, ...Object.fromEntries(NOT_FOR_MISTRAL.map((key) => [key, undefined])) })
}

function embeddings(): EmbeddingsTranslation {
  return {
    request: (request, target) => postJson('/embeddings', embeddingsBody(request, target.model)),
    reply: (body) => readEmbeddings({ label: LABEL, keyEnv: KEY_ENV }, body),
  }
}

function embeddingsBody(request: EmbeddingsRequest, model: string): JsonObject {
  return compact({ ...sharedExtra(request), model, input: request.inputs, output_dimension: request.dimensions })
}
