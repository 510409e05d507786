import type { Provider } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { COMMON_ROUTES, openaiCompatible } from './openai-compatible.ts'
import { llamacppTokenCount } from './runner-token-count.ts'

/** `llama-server` of llama.cpp. It continues a last assistant message on its own. */
export const llamacpp: Provider = openaiCompatible({
  id: 'llamacpp',
  aliases: ['llama_cpp', 'llama-cpp'],
  label: 'llama.cpp',
  baseUrl: 'http://127.0.0.1:8080/v1',
  baseUrlEnv: ['LLAMACPP_API_BASE'],
  keyEnv: ['LLAMACPP_API_KEY'],
  keyRequired: false,
  locality: 'device',
  normaliseBaseUrl: withVersion,
  verbatim: [...COMMON_ROUTES, 'rerank'],
  tokenCount: llamacppTokenCount,
  quirks: { reasoning: 'chat-template', prefill: { message: {}, body: {} } },
  hint: (kind) =>
    kind === 'context-length' ? 'Start llama-server with a larger --ctx-size, or shorten the conversation.' : undefined,
})
