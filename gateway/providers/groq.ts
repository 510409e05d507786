import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import { isJsonArray } from '../kit/json-fields.ts'
import { openaiCompatible } from './openai-compatible.ts'

/** Keys of a message that Groq answers with "property is unsupported". */
const REFUSED_MESSAGE_KEYS = [
  'name',
  'annotations',
  'audio',
  'refusal',
  'reasoning_details',
  'reasoning_content',
] as const

/** Groq: OpenAI's wire, with a strict reader of messages. */
export const groq: Provider = openaiCompatible({
  id: 'groq',
  label: 'Groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  baseUrlEnv: ['GROQ_API_BASE'],
  keyEnv: ['GROQ_API_KEY'],
  verbatim: ['chat/completions', 'audio/speech', 'audio/transcriptions', 'audio/translations', 'responses'],
  verbatimEdits: (body, route) => (route === 'chat/completions' ? cleanMessages(body) : {}),
  unsupportedParams: ['logit_bias', 'logprobs', 'top_logprobs', 'n'],
  quirks: { messageExtras: false, prefill: { message: {}, body: {} } },
  completionsPath: null,
  embeddings: false,
})

function cleanMessages(body: JsonObject): JsonObject {
  const messages = body['messages']
  if (!isJsonArray(messages) || !messages.some(hasRefusedKey)) return {}
  return { messages: messages.map(withoutRefusedKeys) }
}

function hasRefusedKey(message: JsonValue): boolean {
  return isJsonObject(message) && REFUSED_MESSAGE_KEYS.some((key) => message[key] !== undefined)
}

function withoutRefusedKeys(message: JsonValue): JsonValue {
  if (!isJsonObject(message)) return message
  return { ...message, ...Object.fromEntries(REFUSED_MESSAGE_KEYS.map((key) => [key, undefined])) }
}
