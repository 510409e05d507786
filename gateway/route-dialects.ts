import { openaiChat } from './dialects/openai-chat.ts'
import { openaiCompletions } from './dialects/openai-completions.ts'
import { openaiEmbeddings } from './dialects/openai-embeddings.ts'
import { openaiErrors } from './dialects/openai-error.ts'
import type { ServerDialects } from './http/server-deps.ts'

/** What the clients of each route speak. A new dialect is a line here. */
export const routeDialects: ServerDialects = {
  byRoute: {
    'chat/completions': { operation: 'chat', dialect: openaiChat },
    completions: { operation: 'completions', dialect: openaiCompletions },
    embeddings: { operation: 'embeddings', dialect: openaiEmbeddings },
  },
  errors: openaiErrors,
}
