import type { Provider, VerbatimRoute } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { COMMON_ROUTES, openaiCompatible, type OpenAiCompatible } from './openai-compatible.ts'

/** Most of these serve chat alone; what is not served is not offered. */
const CHAT_ONLY = {
  verbatim: ['chat/completions'],
  completionsPath: null,
  embeddings: false,
} as const satisfies Partial<OpenAiCompatible>

const CHAT_AND_EMBEDDINGS = {
  verbatim: ['chat/completions', 'embeddings'],
  completionsPath: null,
} as const satisfies Partial<OpenAiCompatible>

/** A server on this machine: no key needed, and people give its address without the version. */
const LOCAL = {
  locality: 'device',
  keyRequired: false,
  normaliseBaseUrl: withVersion,
} as const satisfies Partial<OpenAiCompatible>

const ALL_ROUTES: readonly VerbatimRoute[] = [
  ...COMMON_ROUTES,
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
  'moderations',
  'rerank',
  'responses',
]

/** Only targets of which the configuration says so are reached over the Responses API. */
const NEVER_UNASKED = (): boolean => false

/**
 * OpenAI-compatible upstreams that differ by data alone, sorted by id. Ids and key variables are LiteLLM's, so that its
 * configuration works; its `<ID>_API_BASE` variable is added to each. A quirk stands with the reason for it.
 */
const PRESETS: readonly OpenAiCompatible[] = [
  {
    id: 'cerebras',
    label: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    keyEnv: ['CEREBRAS_API_KEY'],
    ...CHAT_ONLY,
    // Content lists are only taken where they hold images, and unknown keys of a message are refused.
    quirks: { joinText: true, messageExtras: false },
    unsupportedParams: ['logit_bias', 'n', 'presence_penalty', 'frequency_penalty'],
  },
  {
    id: 'dashscope',
    label: 'DashScope',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyEnv: ['DASHSCOPE_API_KEY'],
    ...CHAT_AND_EMBEDDINGS,
  },
  {
    id: 'deepinfra',
    label: 'DeepInfra',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    keyEnv: ['DEEPINFRA_API_KEY'],
  },
  {
    id: 'deepseek',
    label: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    keyEnv: ['DEEPSEEK_API_KEY'],
    ...CHAT_ONLY,
    // Content must be text; thinking has a switch; inside a tool loop the thinking must be handed back.
    quirks: { joinText: true, reasoning: 'thinking', replayReasoning: 'reasoning_content' },
    unsupportedParams: ['n', 'logit_bias', 'seed'],
  },
  {
    id: 'docker_model_runner',
    label: 'Docker Model Runner',
    baseUrl: 'http://127.0.0.1:12434/engines/v1',
    keyEnv: ['DOCKER_MODEL_RUNNER_API_KEY'],
    ...LOCAL,
    // Its version stands behind `/engines`.
    normaliseBaseUrl: (given) => withVersion(given).replace(/^([a-z]+:\/\/[^/]+)\/v1$/i, '$1/engines/v1'),
  },
  {
    id: 'featherless_ai',
    aliases: ['featherless'],
    label: 'Featherless',
    baseUrl: 'https://api.featherless.ai/v1',
    keyEnv: ['FEATHERLESS_AI_API_KEY', 'FEATHERLESS_API_KEY'],
    verbatim: ['chat/completions', 'completions'],
    embeddings: false,
  },
  {
    id: 'fireworks_ai',
    aliases: ['fireworks'],
    label: 'Fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    keyEnv: ['FIREWORKS_API_KEY', 'FIREWORKS_AI_API_KEY', 'FIREWORKSAI_API_KEY', 'FIREWORKS_AI_TOKEN'],
  },
  {
    // The same models over Google's imitation of OpenAI's API, whose bytes pass as they are; `gemini` is the whole of them.
    id: 'gemini_openai',
    label: 'Gemini (OpenAI-compatible)',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    verbatim: ['chat/completions', 'embeddings', 'images/generations'],
    completionsPath: null,
    // Unknown keys of a message are refused as an invalid payload.
    quirks: { messageExtras: false },
    unsupportedParams: ['logit_bias', 'seed'],
  },
  {
    id: 'github',
    label: 'GitHub Models',
    baseUrl: 'https://models.github.ai/inference',
    keyEnv: ['GITHUB_API_KEY', 'GITHUB_TOKEN'],
    ...CHAT_AND_EMBEDDINGS,
    // Its catalogue stands outside the inference address.
    listing: false,
  },
  {
    id: 'gpustack',
    label: 'GPUStack',
    keyEnv: ['GPUSTACK_API_KEY'],
    keyRequired: false,
    locality: 'lan',
    normaliseBaseUrl: withVersion,
  },
  { id: 'hyperbolic', label: 'Hyperbolic', baseUrl: 'https://api.hyperbolic.xyz/v1', keyEnv: ['HYPERBOLIC_API_KEY'] },
  { id: 'jan', label: 'Jan', baseUrl: 'http://127.0.0.1:1337/v1', keyEnv: ['JAN_API_KEY'], ...LOCAL },
  {
    id: 'lambda_ai',
    aliases: ['lambda'],
    label: 'Lambda',
    baseUrl: 'https://api.lambda.ai/v1',
    keyEnv: ['LAMBDA_API_KEY'],
    verbatim: ['chat/completions', 'completions'],
    embeddings: false,
  },
  {
    id: 'lemonade',
    label: 'Lemonade',
    baseUrl: 'http://127.0.0.1:13305/v1',
    keyEnv: ['LEMONADE_API_KEY'],
    ...LOCAL,
  },
  {
    id: 'litellm_proxy',
    label: 'LiteLLM proxy',
    keyEnv: ['LITELLM_PROXY_API_KEY'],
    keyRequired: false,
    locality: 'lan',
    normaliseBaseUrl: withVersion,
    verbatim: ALL_ROUTES,
  },
  {
    id: 'llamafile',
    label: 'llamafile',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyEnv: ['LLAMAFILE_API_KEY'],
    ...LOCAL,
  },
  {
    id: 'localai',
    label: 'LocalAI',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyEnv: ['LOCALAI_API_KEY'],
    ...LOCAL,
    verbatim: ALL_ROUTES,
  },
  {
    id: 'meta_llama',
    label: 'Llama API',
    baseUrl: 'https://api.llama.com/compat/v1',
    keyEnv: ['LLAMA_API_KEY'],
    ...CHAT_ONLY,
  },
  {
    id: 'moonshot',
    label: 'Moonshot',
    baseUrl: 'https://api.moonshot.ai/v1',
    keyEnv: ['MOONSHOT_API_KEY'],
    ...CHAT_ONLY,
    // A beginning is continued only when it is marked; thinking must be handed back inside a tool loop.
    quirks: {
      prefill: { message: { partial: true }, body: {} },
      reasoning: 'thinking',
      replayReasoning: 'reasoning_content',
    },
    unsupportedParams: ['logit_bias', 'logprobs', 'top_logprobs', 'seed'],
  },
  {
    id: 'nebius',
    label: 'Nebius',
    baseUrl: 'https://api.studio.nebius.ai/v1',
    keyEnv: ['NEBIUS_API_KEY'],
    verbatim: [...COMMON_ROUTES, 'images/generations'],
  },
  { id: 'novita', label: 'Novita', baseUrl: 'https://api.novita.ai/v3/openai', keyEnv: ['NOVITA_API_KEY'] },
  {
    id: 'nvidia_nim',
    aliases: ['nvidia'],
    label: 'NVIDIA NIM',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    keyEnv: ['NVIDIA_NIM_API_KEY', 'NVIDIA_API_KEY'],
  },
  {
    id: 'openai_like',
    aliases: ['custom_openai', 'openai-compatible', 'openai_compatible'],
    label: 'OpenAI-compatible server',
    keyEnv: ['OPENAI_LIKE_API_KEY'],
    keyRequired: false,
    verbatim: ALL_ROUTES,
    responses: NEVER_UNASKED,
  },
  {
    id: 'openrouter',
    label: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyEnv: ['OPENROUTER_API_KEY', 'OR_API_KEY'],
    quirks: { cacheMarks: true },
    verbatim: ['chat/completions', 'completions', 'embeddings', 'responses'],
    responses: NEVER_UNASKED,
  },
  {
    id: 'perplexity',
    label: 'Perplexity',
    baseUrl: 'https://api.perplexity.ai',
    keyEnv: ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'],
    ...CHAT_ONLY,
    unsupportedParams: [
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'n',
      'seed',
      'logit_bias',
      'logprobs',
      'top_logprobs',
    ],
    listing: false,
  },
  {
    id: 'sambanova',
    label: 'SambaNova',
    baseUrl: 'https://api.sambanova.ai/v1',
    keyEnv: ['SAMBANOVA_API_KEY'],
    ...CHAT_AND_EMBEDDINGS,
    // Text must be a string.
    quirks: { joinText: true },
    unsupportedParams: ['logit_bias', 'logprobs', 'top_logprobs', 'n', 'seed', 'presence_penalty', 'frequency_penalty'],
  },
  {
    id: 'together_ai',
    aliases: ['together'],
    label: 'Together',
    baseUrl: 'https://api.together.xyz/v1',
    keyEnv: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY', 'TOGETHERAI_API_KEY', 'TOGETHER_AI_TOKEN'],
    // Chat and completions are translated: answers end in `eos`, a finish reason that no OpenAI client knows.
    verbatim: ['embeddings', 'images/generations', 'rerank', 'audio/speech'],
  },
  {
    id: 'vercel_ai_gateway',
    label: 'Vercel AI Gateway',
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    keyEnv: ['VERCEL_AI_GATEWAY_API_KEY', 'AI_GATEWAY_API_KEY', 'VERCEL_OIDC_TOKEN'],
    quirks: { cacheMarks: true },
    ...CHAT_AND_EMBEDDINGS,
  },
  {
    id: 'xai',
    label: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    keyEnv: ['XAI_API_KEY'],
    verbatim: ['chat/completions', 'completions', 'images/generations', 'responses'],
    embeddings: false,
    responses: NEVER_UNASKED,
  },
  {
    id: 'zai',
    label: 'Z.ai',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    keyEnv: ['ZAI_API_KEY'],
    ...CHAT_AND_EMBEDDINGS,
    // Thinking has a switch, and must be handed back inside a tool loop.
    quirks: { reasoning: 'thinking', replayReasoning: 'reasoning_content' },
    unsupportedParams: ['logit_bias', 'logprobs', 'top_logprobs', 'n', 'seed', 'presence_penalty', 'frequency_penalty'],
  },
]

/** {@link PRESETS} as providers, in the same order. */
export const presets: readonly Provider[] = PRESETS.map((preset) =>
  openaiCompatible({ ...preset, baseUrlEnv: [`${preset.id.toUpperCase()}_API_BASE`] }),
)
