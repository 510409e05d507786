import type { ChatDialect } from '../contract/dialect.ts'
import { createChatCollector } from './openai-chat-reply.ts'
import { inspectChat } from './openai-chat-inspect.ts'
import { parseChat } from './openai-chat-parse.ts'
import { createChatWriter } from './openai-chat-writer.ts'
import { openaiErrorReply } from './openai-error.ts'
import { createPassing } from './openai-passing.ts'
import { readChoicesReply } from './openai-reply.ts'

/** `POST /v1/chat/completions`. */
export const openaiChat: ChatDialect = {
  id: 'openai-chat',
  verbatimRoute: 'chat/completions',
  idPrefix: 'chatcmpl-',
  continues: true,
  error: openaiErrorReply,
  inspect: inspectChat,
  parse: parseChat,
  writer: createChatWriter,
  collector: createChatCollector,
  passing: createPassing,
  readReply: readChoicesReply,
}
