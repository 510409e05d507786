import type { Provider } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { COMMON_ROUTES, openaiCompatible } from './openai-compatible.ts'

/** LM Studio's local server. */
export const lmstudio: Provider = openaiCompatible({
  id: 'lmstudio',
  aliases: ['lm_studio'],
  label: 'LM Studio',
  baseUrl: 'http://127.0.0.1:1234/v1',
  baseUrlEnv: ['LM_STUDIO_API_BASE'],
  keyEnv: ['LM_STUDIO_API_KEY', 'LM_API_TOKEN'],
  keyRequired: false,
  locality: 'device',
  normaliseBaseUrl: withVersion,
  verbatim: [...COMMON_ROUTES, 'responses'],
  // Only where the configuration says so: chat is the older and better tried of its two APIs.
  responses: () => false,
  hint: (kind) =>
    kind === 'model-missing' ? 'Load a model in LM Studio, or run `lms load`, and use the name it shows.' : undefined,
})
