import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { withoutSlash, withVersion } from './base-url.ts'
import { huggingfaceEmbeddings } from './huggingface-embeddings.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { tgiBody } from './tgi.ts'

const ROUTER = 'https://router.huggingface.co'

const common = openaiCompatible({
  id: 'huggingface',
  label: 'Hugging Face',
  baseUrl: `${ROUTER}/v1`,
  baseUrlEnv: ['HUGGINGFACE_API_BASE', 'HF_API_BASE'],
  keyEnv: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
  normaliseBaseUrl,
  verbatim: [],
  quirks: (target) => (isRouter(target) ? { modelName: routedModel } : { emptyContent: '', adjust: tgiBody }),
})

/**
 * Hugging Face's router, which hands requests to many providers, and its inference endpoints, which mostly run TGI.
 * Nothing passes verbatim: replies differ with whoever answers, so each is brought into one form.
 */
export const huggingface: Provider = {
  ...common,
  ...(common.embeddings && {
    embeddings: huggingfaceEmbeddings(
      { label: common.label, keyEnv: common.defaults.keyEnv },
      { isRouter, plain: common.embeddings },
    ),
  }),
}

function isRouter({ baseUrl }: Target): boolean {
  return baseUrl.startsWith(ROUTER)
}

/** LiteLLM's `together/deepseek-ai/DeepSeek-R1` is the router's `deepseek-ai/DeepSeek-R1:together`. */
function routedModel(model: string): string {
  const [provider = '', owner = '', ...name] = model.split('/')
  return name.length === 0 ? model : `${owner}/${name.join('/')}:${provider}`
}

/** Addresses of single models (`.../models/owner/name`) and of endpoints serve the OpenAI wire under `/v1`. */
function normaliseBaseUrl(given: string): string {
  const url = withoutSlash(given).replace(/\/chat\/completions$/, '')
  return /\/models\/[^/]+\/[^/]+$/.test(url) ? `${url}/v1` : withVersion(url)
}
