import type { Provider } from '../../contract/provider.ts'
import { providerOfName } from '../../kit/known-models.ts'
import { words } from '../words.ts'

/** A deployment's model string, taken apart. */
export type ModelName =
  | { readonly provider: Provider; readonly model: string; readonly guessed: boolean }
  | { readonly problem: 'unavailable' | 'unknown'; readonly name: string }

/** LiteLLM's names for servers that speak plain OpenAI, when the registry has no entry of their own for them. */
const COMPATIBLE = new Set(
  words(
    'openai_like custom_openai litellm_proxy text-completion-openai llamafile xinference',
    'docker_model_runner lemonade oobabooga hosted_vllm vllm lm_studio aiohttp_openai',
  ),
)

/** LiteLLM's names for providers that have a wire of their own. */
const KNOWN_ELSEWHERE = new Set(
  words(
    'sagemaker sagemaker_chat',
    'palm replicate',
    'watsonx watsonx_text databricks cloudflare predibase petals ai21 ai21_chat nlp_cloud',
    'aleph_alpha baseten voyage jina_ai infinity snowflake triton oci sap bytez',
    'github_copilot chatgpt deepgram elevenlabs recraft topaz assemblyai maritalk clarifai',
    'auto_router gradient_ai nscale runwayml stability fal_ai milvus ragflow langgraph',
  ),
)

/**
 * Which provider serves a `litellm_params.model`, by LiteLLM's rules: `custom_llm_provider`, else the prefix, else the
 * family of a bare name. Where these say nothing but an address is given, that server is taken to speak OpenAI.
 */
export function readModelName(
  model: string,
  custom: string | undefined,
  { hasBase, find }: { hasBase: boolean; find: (name: string) => Provider | undefined },
): ModelName {
  const slash = model.indexOf('/')
  const prefix = slash > 0 ? model.slice(0, slash) : undefined
  if (custom !== undefined) return named(custom, prefix === custom ? model.slice(slash + 1) : model, find)
  if (prefix !== undefined && isProviderName(prefix, find)) return named(prefix, model.slice(slash + 1), find)
  const family = hasBase ? undefined : providerOfName(model)
  if (family !== undefined) return named(family, model, find)
  const openai = find('openai')
  if (hasBase && openai !== undefined) return { provider: openai, model, guessed: true }
  return { problem: 'unknown', name: prefix ?? model }
}

function isProviderName(name: string, find: (name: string) => Provider | undefined): boolean {
  return find(name) !== undefined || COMPATIBLE.has(name) || KNOWN_ELSEWHERE.has(name) || name === 'ollama_chat'
}

function named(name: string, model: string, find: (name: string) => Provider | undefined): ModelName {
  const substitute = name === 'ollama_chat' ? 'ollama' : COMPATIBLE.has(name) ? 'openai' : name
  const provider = find(name) ?? find(substitute)
  if (provider !== undefined && model !== '') return { provider, model, guessed: false }
  return { problem: provider === undefined ? 'unavailable' : 'unknown', name }
}
