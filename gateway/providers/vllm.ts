import type { Provider } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { COMMON_ROUTES, openaiCompatible } from './openai-compatible.ts'
import { vllmTokenCount } from './runner-token-count.ts'

/** A vLLM server. */
export const vllm: Provider = openaiCompatible({
  id: 'vllm',
  aliases: ['hosted_vllm'],
  label: 'vLLM',
  baseUrl: 'http://127.0.0.1:8000/v1',
  baseUrlEnv: ['HOSTED_VLLM_API_BASE', 'VLLM_API_BASE'],
  keyEnv: ['HOSTED_VLLM_API_KEY', 'VLLM_API_KEY'],
  keyRequired: false,
  locality: 'device',
  normaliseBaseUrl: withVersion,
  verbatim: [...COMMON_ROUTES, 'rerank', 'audio/transcriptions', 'audio/translations', 'responses'],
  tokenCount: vllmTokenCount,
  quirks: {
    reasoning: 'chat-template',
    // Without both keys the template would close the message and open a new one.
    prefill: { message: {}, body: { continue_final_message: true, add_generation_prompt: false } },
  },
  hint: (kind, message) =>
    kind === 'unsupported' && message.includes('auto-tool-choice')
      ? 'Start vLLM with --enable-auto-tool-choice and --tool-call-parser.'
      : undefined,
})
