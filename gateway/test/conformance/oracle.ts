import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI, { AzureOpenAI } from 'openai'
import type { Ask } from './ask.ts'
import type { Recording } from './corpus.ts'
import { NoEnd, outcomeOf, type Meaning, type Outcome } from './meaning.ts'
import { readBedrock } from './read-bedrock.ts'
import { readChat } from './read-chat.ts'
import { readCompletion } from './read-completions.ts'
import { readGenerated } from './read-google.ts'
import { readMessage } from './read-messages.ts'
import { readCohere, readTgi } from './read-naively.ts'
import { readOllamaChat, readOllamaGenerate } from './read-ollama.ts'
import { readResponse } from './read-responses.ts'
import type { Replay } from './replay.ts'

/**
 * What a recording says, by its provider's official library, which is connected to the replay directly; where there is no
 * library, by a naive reading of the whole. Nothing of it stands on the product.
 */
export function oracleOf(recording: Recording, replay: Replay): Promise<Outcome> {
  replay.play(recording)
  return outcomeOf(meaningOf(recording, replay.url))
}

async function meaningOf(recording: Recording, url: string): Promise<Meaning> {
  const ask: Ask = { model: 'm', stream: recording.framing !== 'json', tools: [], image: false, format: 'text' }
  if (recording.provider === 'cohere') return readCohere(recording)
  switch (recording.api) {
    case 'messages':
      return readMessage(new Anthropic({ baseURL: url, apiKey: 'k', maxRetries: 0 }), ask)
    case 'responses':
      return readResponse(openAi(recording, url), ask)
    case 'completions':
      return readCompletion(openAi(recording, url), ask, 'any')
    case 'generateContent':
    case 'streamGenerateContent':
      return readGenerated(url, { stream: ask.stream, vertexai: recording.provider === 'vertex' })
    case 'native-chat':
      return readOllamaChat(new Ollama({ host: url }), ask)
    case 'native-generate':
      return readOllamaGenerate(new Ollama({ host: url }), ask)
    case 'tgi-generate':
      return readTgi(recording)
    case 'chat':
    case 'openai-chat':
      return demandEnd(recording, await readChat(openAi(recording, url), ask, 'any'))
    default:
      return readBedrock(recording)
  }
}

function openAi({ path }: Recording, url: string): OpenAI {
  const apiVersion = /\/openai\/deployments\/.*[?&]api-version=([^&]+)/.exec(path)?.[1]
  const options = { apiKey: 'k', maxRetries: 0 }
  return apiVersion === undefined
    ? new OpenAI({ ...options, baseURL: url })
    : new AzureOpenAI({ ...options, endpoint: url, apiVersion })
}

/** The library is content with a chat stream that only lacks its end; some servers end with `[DONE]` alone. */
function demandEnd({ framing, body }: Recording, meaning: Meaning): Meaning {
  if (framing === 'sse' && meaning.finish === undefined && !body.includes('[DONE]')) throw new NoEnd('cut')
  return meaning
}
