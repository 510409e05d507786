import { anthropicCountTokens } from './dialects/anthropic-count-tokens.ts'
import { anthropicMessages } from './dialects/anthropic-messages.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiCompletions } from './dialects/openai-completions.ts'
import { openaiEmbeddings } from './dialects/openai-embeddings.ts'
import { openaiErrors } from './dialects/openai-error.ts'
import { openaiResponses } from './dialects/openai-responses.ts'
import { expandPrevious, expandReferences, storedItems } from './dialects/responses-history.ts'
import type { ResponsesDeps, ServerDialects } from './http/server-deps.ts'

/** What the clients of each route speak. A new dialect is a line here. */
export const routeDialects: ServerDialects = {
  byRoute: {
    'chat/completions': { operation: 'chat', dialect: openaiChat },
    completions: { operation: 'completions', dialect: openaiCompletions },
    embeddings: { operation: 'embeddings', dialect: openaiEmbeddings },
    responses: { operation: 'chat', dialect: openaiResponses },
    messages: { operation: 'chat', dialect: anthropicMessages },
    'messages/count_tokens': { operation: 'count', dialect: anthropicCountTokens },
  },
  errors: openaiErrors,
}

export const responsesHistory: ResponsesDeps['history'] = { expandPrevious, expandReferences, storedItems }
