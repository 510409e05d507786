import type { Provider } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { COMMON_ROUTES, openaiCompatible } from './openai-compatible.ts'

/** An SGLang server. */
export const sglang: Provider = openaiCompatible({
  id: 'sglang',
  label: 'SGLang',
  baseUrl: 'http://127.0.0.1:30000/v1',
  baseUrlEnv: ['SGLANG_API_BASE'],
  keyEnv: ['SGLANG_API_KEY'],
  keyRequired: false,
  locality: 'device',
  normaliseBaseUrl: withVersion,
  verbatim: [...COMMON_ROUTES, 'rerank', 'responses'],
  quirks: {
    reasoning: 'chat-template',
    prefill: { message: {}, body: { continue_final_message: true } },
  },
})
