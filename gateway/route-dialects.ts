import { anthropicCountTokens } from './dialects/anthropic-count-tokens.ts'
import { anthropicMessages } from './dialects/anthropic-messages.ts'
import { ollamaChat } from './dialects/ollama-chat.ts'
import { ollamaEmbed, ollamaEmbeddingsLegacy } from './dialects/ollama-embed.ts'
import { ollamaErrors } from './dialects/ollama-error.ts'
import { generateKind, ollamaGenerateChat, ollamaGenerateCompletion } from './dialects/ollama-generate.ts'
import { ollamaLoadReply } from './dialects/ollama-load.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiCompletions } from './dialects/openai-completions.ts'
import { openaiEmbeddings } from './dialects/openai-embeddings.ts'
import { openaiErrors } from './dialects/openai-error.ts'
import { openaiResponses } from './dialects/openai-responses.ts'
import { expandPrevious, expandReferences, storedItems } from './dialects/responses-history.ts'
import { responsesInputTokens, tokenCounter } from './dialects/token-counter.ts'
import type { ResponsesDeps, ServerDialects } from './http/server-deps.ts'

/** What the clients of each route speak. A new dialect is a line here. */
export const routeDialects: ServerDialects = {
  byRoute: {
    'chat/completions': { operation: 'chat', dialect: openaiChat },
    completions: { operation: 'completions', dialect: openaiCompletions },
    embeddings: { operation: 'embeddings', dialect: openaiEmbeddings },
    responses: { operation: 'chat', dialect: openaiResponses },
    messages: { operation: 'chat', dialect: anthropicMessages },
    'api/chat': { operation: 'chat', dialect: ollamaChat },
    'api/generate': {
      operation: 'either',
      dialect: ollamaErrors,
      of: (body) =>
        generateKind(body) === 'chat'
          ? { operation: 'chat', dialect: ollamaGenerateChat }
          : { operation: 'completions', dialect: ollamaGenerateCompletion },
    },
    'api/embed': { operation: 'embeddings', dialect: ollamaEmbed },
    'api/embeddings': { operation: 'embeddings', dialect: ollamaEmbeddingsLegacy },
    'responses/input_tokens': { operation: 'count', dialect: responsesInputTokens },
    'utils/token_counter': { operation: 'count', dialect: tokenCounter },
    'messages/count_tokens': { operation: 'count', dialect: anthropicCountTokens },
  },
  errors: openaiErrors,
  answerAtOnce: {
    'api/chat': (body, createdS) => ollamaLoadReply('api/chat', body, createdS),
    'api/generate': (body, createdS) => ollamaLoadReply('api/generate', body, createdS),
  },
}

export const responsesHistory: ResponsesDeps['history'] = { expandPrevious, expandReferences, storedItems }
