import type { CountDialect } from '../contract/dialect.ts'
import { anthropicErrorReply } from './anthropic-error.ts'
import { inspectCountTokens } from './anthropic-inspect.ts'
import { FORWARDED_HEADERS } from './anthropic-messages.ts'
import { parseMessages } from './anthropic-parse.ts'

/** `POST /v1/messages/count_tokens`: the body of a message without `max_tokens`, answered by a number. */
export const anthropicCountTokens: CountDialect = {
  id: 'anthropic-count-tokens',
  verbatimRoute: 'messages/count_tokens',
  forwardedHeaders: FORWARDED_HEADERS,
  error: anthropicErrorReply,
  inspect: inspectCountTokens,
  parse: parseMessages,
  write: (inputTokens) => ({ input_tokens: inputTokens }),
}
