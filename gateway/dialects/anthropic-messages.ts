import type { ChatDialect } from '../contract/dialect.ts'
import { createMessageCollector } from './anthropic-collector.ts'
import { anthropicErrorReply } from './anthropic-error.ts'
import { inspectMessages } from './anthropic-inspect.ts'
import { parseMessages } from './anthropic-parse.ts'
import { createMessagesPassing } from './anthropic-passing.ts'
import { readMessageReply } from './anthropic-reply.ts'
import { createMessageWriter } from './anthropic-writer.ts'

/** Client headers that only an upstream of this very wire understands: its version, and features that are not yet its own. */
export const FORWARDED_HEADERS: readonly string[] = ['anthropic-beta', 'anthropic-version']

/** `POST /v1/messages`. */
export const anthropicMessages: ChatDialect = {
  id: 'anthropic-messages',
  verbatimRoute: 'messages',
  idPrefix: 'msg_',
  forwardedHeaders: FORWARDED_HEADERS,
  error: anthropicErrorReply,
  inspect: inspectMessages,
  parse: parseMessages,
  writer: createMessageWriter,
  collector: createMessageCollector,
  passing: createMessagesPassing,
  readReply: readMessageReply,
}
