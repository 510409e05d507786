import type { CountDialect } from '../contract/dialect.ts'
import type { JsonObject } from '../contract/json.ts'
import { stringOf } from '../kit/json-fields.ts'
import { inspectChat } from './openai-chat-inspect.ts'
import { parseChat } from './openai-chat-parse.ts'
import { openaiErrorReply } from './openai-error.ts'
import { inspectResponses } from './responses-inspect.ts'
import { parseResponses } from './responses-parse.ts'

/** `POST /utils/token_counter`, LiteLLM's: a chat, or a `prompt` alone, answered by how many tokens it has. */
export const tokenCounter: CountDialect = {
  id: 'token-counter',
  verbatimRoute: 'utils/token_counter',
  error: openaiErrorReply,
  inspect: (body) => inspectChat(asChat(body)),
  parse: (body) => parseChat(asChat(body)),
  write: (inputTokens, body) => {
    const model = stringOf(body['model']) ?? ''
    return { total_tokens: inputTokens, request_model: model, model_used: model, tokenizer_type: 'openai_tokenizer' }
  },
}

/** A prompt is what a user says. */
function asChat(body: JsonObject): JsonObject {
  const { prompt, ...rest } = body
  return typeof prompt === 'string' ? { ...rest, messages: [{ role: 'user', content: prompt }] } : body
}

/** `POST /v1/responses/input_tokens`. */
export const responsesInputTokens: CountDialect = {
  id: 'responses-input-tokens',
  verbatimRoute: 'responses/input_tokens',
  error: openaiErrorReply,
  inspect: inspectResponses,
  parse: parseResponses,
  write: (inputTokens) => ({ object: 'response.input_tokens', input_tokens: inputTokens }),
}
