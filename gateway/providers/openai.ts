import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { COMMON_ROUTES, openaiCompatible } from './openai-compatible.ts'
import type { Quirks } from './openai-quirks.ts'
import { isResponsesOnly } from './responses-models.ts'

const BASE_URL = 'https://api.openai.com/v1'

/** OpenAI, and, with a base URL of its own, any server that speaks its wire: that is what `openai/NAME` means. */
export const openai: Provider = openaiCompatible({
  id: 'openai',
  aliases: ['text-completion-openai'],
  label: 'OpenAI',
  baseUrl: BASE_URL,
  baseUrlEnv: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
  keyEnv: ['OPENAI_API_KEY'],
  verbatim: [
    ...COMMON_ROUTES,
    'images/generations',
    'images/edits',
    'images/variations',
    'audio/speech',
    'audio/transcriptions',
    'audio/translations',
    'moderations',
    'responses',
  ],
  quirks: quirksOf,
  responses: (target) => isOpenAi(target) && isResponsesOnly(target.model),
})

function isOpenAi({ baseUrl }: Target): boolean {
  return baseUrl.startsWith('https://api.openai.com')
}

/** OpenAI's own models refuse `max_tokens` when they reason; a server that imitates OpenAI may know nothing else. */
function quirksOf(target: Target): Quirks {
  if (!isOpenAi(target)) return {}
  return { maxTokensKey: 'max_completion_tokens', developerRole: true }
}
