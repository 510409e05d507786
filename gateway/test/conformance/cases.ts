import { findProvider } from '../../providers/registry.ts'
import type { VerbatimRoute } from '../../contract/provider.ts'
import { DIALECTS, type ClientDialect } from './clients.ts'
import type { Recording } from './corpus.ts'
import { LANES, targetOf, type Lane } from './targets.ts'

/** One recording through one dialect. */
export interface Case {
  readonly recording: Recording
  readonly dialect: ClientDialect
  readonly lane: Lane
  /** The upstream speaks the client's own wire, and its bytes pass as they are. */
  readonly isVerbatim: boolean
}

const CHATS = new Set([
  'chat',
  'converse',
  'converse-stream',
  'generateContent',
  'invoke',
  'invoke-with-response-stream',
  'messages',
  'native-chat',
  'openai-chat',
  'responses',
  'streamGenerateContent',
])
/** Answers to a bare prompt: a conversation cannot be turned into one. */
const PROMPTS = new Set(['completions', 'native-generate', 'tgi-generate'])

export function isPrompt({ api, status }: Recording): boolean {
  // An error is an error, whatever was asked.
  return PROMPTS.has(api) && !(api === 'tgi-generate' && status >= 400)
}

/** Recordings of answers: no lists, no vectors, and no loading of models. */
export function isAnswer({ api, id, body }: Recording): boolean {
  if (id.includes('unload') || /^\{\s*"embeddings?"/.test(body.subarray(0, 100).toString())) return false
  return CHATS.has(api) || PROMPTS.has(api)
}

/** Every recording through every dialect that can ask for it, on each lane that there is. */
export function casesOf(recordings: readonly Recording[]): readonly Case[] {
  return recordings.filter(isAnswer).flatMap((recording) => {
    const dialects = DIALECTS.filter((dialect) =>
      isPrompt(recording) ? dialect === 'completions' || dialect === 'ollama' : dialect !== 'completions',
    )
    return dialects.flatMap((dialect) => lanesOf(recording, dialect))
  })
}

const ROUTES: Readonly<Record<ClientDialect, VerbatimRoute>> = {
  chat: 'chat/completions',
  completions: 'completions',
  responses: 'responses',
  messages: 'messages',
  ollama: 'api/chat',
}

/**
 * Where an upstream serves the client's own wire, but the recording was made over another one, the translated lane is
 * chosen: the other would rightly ask for what was not recorded.
 */
function lanesOf(recording: Recording, dialect: ClientDialect): readonly Case[] {
  const isOwn = OWN[recording.api] === dialect
  const isServed = findProvider(targetOf(recording).kind)?.verbatim[ROUTES[dialect]] !== undefined
  if (isOwn && isServed) return LANES.map((lane) => ({ recording, dialect, lane, isVerbatim: lane === 'auto' }))
  return [{ recording, dialect, lane: isServed ? 'translated' : 'auto', isVerbatim: false }]
}

const OWN: Readonly<Record<string, ClientDialect>> = {
  chat: 'chat',
  'openai-chat': 'chat',
  completions: 'completions',
  responses: 'responses',
  messages: 'messages',
}

/** What the product does not ask of an upstream at all, and says so instead. */
export interface Gap {
  readonly what: string
  readonly why: string
  readonly applies: (recording: Recording) => boolean
  /** What the client is told, before anybody is asked. Absent: there is no way to ask for it. */
  readonly sentence?: string
}

export const GAPS: readonly Gap[] = [
  {
    what: 'models of Bedrock that take a bare prompt, asked with `invoke`',
    why: 'a conversation would have to be written in each model’s own template; Converse does that for all of them',
    applies: ({ api, path }) =>
      api.startsWith('invoke') &&
      /cohere\.command-r-v|arn%3Aaws%3Asagemaker|meta\.llama|titan-text|ai21\.j2/.test(path),
    sentence: 'takes a bare prompt',
  },
]
