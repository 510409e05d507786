import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import type { TestGateway } from '../test-gateway.ts'
import type { Ask } from './ask.ts'
import type { Meaning } from './meaning.ts'
import { readChat } from './read-chat.ts'
import { readCompletion } from './read-completions.ts'
import { readMessage } from './read-messages.ts'
import { readOllamaChat, readOllamaGenerate } from './read-ollama.ts'
import { readResponse } from './read-responses.ts'

export const DIALECTS = ['chat', 'completions', 'responses', 'messages', 'ollama'] as const
export type ClientDialect = (typeof DIALECTS)[number]

/** How the official client of a dialect asks the gateway, and what it understands. */
export interface Clients {
  readonly chat: (dialect: ClientDialect, ask: Ask, isVerbatim: boolean) => Promise<Meaning>
  /** A bare prompt, which only OpenAI's completions and Ollama's `generate` can ask with. */
  readonly prompt: (dialect: 'completions' | 'ollama', ask: Ask) => Promise<Meaning>
}

export function clientsOf({ url, key }: TestGateway): Clients {
  const openAi = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
  const anthropic = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
  const ollama = new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } })
  return {
    chat: (dialect, ask, isVerbatim) => {
      switch (dialect) {
        case 'responses':
          return readResponse(openAi, ask)
        case 'messages':
          return readMessage(anthropic, ask)
        case 'ollama':
          return readOllamaChat(ollama, ask)
        case 'chat':
        case 'completions':
        default:
          // What passes as it is may have words of its upstream's own.
          return readChat(openAi, ask, isVerbatim ? 'any' : 'official')
      }
    },
    prompt: (dialect, ask) =>
      dialect === 'ollama' ? readOllamaGenerate(ollama, ask) : readCompletion(openAi, ask, 'official'),
  }
}
