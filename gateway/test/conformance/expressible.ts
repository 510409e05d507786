import type { ClientDialect } from './clients.ts'
import type { Feature } from './features.ts'
import type { Meaning } from './meaning.ts'

/** One thing for which a client's wire has no words, and what its client sees instead. */
export interface Limit {
  readonly dialect: ClientDialect
  /** The column of the table to which it belongs. */
  readonly feature: Feature
  readonly what: string
  readonly why: string
  readonly applies: (meaning: Meaning) => boolean
  /** The most that this wire can say. */
  readonly told: (meaning: Meaning) => Meaning
}

/** Everything that a dialect cannot express; what is not in this table must arrive as the upstream said it. */
export const LIMITS: readonly Limit[] = [
  ...(['responses', 'messages', 'ollama'] as const).map((dialect): Limit => ({
    dialect,
    feature: 'finish',
    what: 'the finish reason `function_call`',
    why: 'only OpenAI’s chat knows functions besides tools; here they are calls of tools',
    applies: ({ finish }) => finish === 'function_call',
    told: (meaning) => ({ ...meaning, finish: 'tool_calls' }),
  })),
  {
    dialect: 'messages',
    feature: 'finish',
    what: 'a refusal in an answer that ended by itself',
    why: 'a refusal is a reason to end, and replaces any other',
    applies: ({ refusal, finish }) => refusal !== '' && finish === 'stop',
    told: (meaning) => ({ ...meaning, finish: 'content_filter' }),
  },
  {
    dialect: 'messages',
    feature: 'usage',
    what: 'a prompt that has fewer tokens than were read from the cache for it',
    why: 'the prompt is told as a sum of which the cache is a part, so it cannot be the smaller one',
    applies: ({ usage }) => usage !== undefined && usage.input < usage.cacheRead,
    told: (meaning) => ({ ...meaning, usage: meaning.usage && { ...meaning.usage, input: meaning.usage.cacheRead } }),
  },
  {
    dialect: 'ollama',
    feature: 'text',
    what: 'several answers to one question',
    why: 'there is room for one',
    applies: ({ others }) => others.length > 0,
    told: (meaning) => ({ ...meaning, others: [] }),
  },
  {
    dialect: 'ollama',
    feature: 'cache usage',
    what: 'tokens of reasoning, and those read from a cache',
    why: 'usage is two numbers, of the prompt and of the answer',
    applies: ({ usage }) => (usage?.reasoning ?? 0) > 0 || (usage?.cacheRead ?? 0) > 0,
    told: (meaning) => ({ ...meaning, usage: meaning.usage && { ...meaning.usage, reasoning: 0, cacheRead: 0 } }),
  },
  {
    dialect: 'ollama',
    feature: 'finish',
    what: 'an answer that a filter ended',
    why: 'an answer ends with `stop` or `length`',
    applies: ({ finish }) => finish === 'content_filter',
    told: (meaning) => ({ ...meaning, finish: meaning.tools.length > 0 ? 'tool_calls' : 'stop' }),
  },
  {
    dialect: 'ollama',
    feature: 'text',
    what: 'a refusal beside the answer',
    why: 'a message has no place for it; where nothing else was said it is the text',
    applies: ({ refusal }) => refusal !== '',
    told: (meaning) => ({ ...meaning, text: meaning.text === '' ? meaning.refusal : meaning.text, refusal: '' }),
  },
]

/** What the client of a dialect must see of an answer, and which limits that took. */
export function expressible(meaning: Meaning, dialect: ClientDialect): { told: Meaning; limits: readonly Limit[] } {
  const limits = LIMITS.filter((limit) => limit.dialect === dialect && limit.applies(meaning))
  return { told: limits.reduce((before, limit) => limit.told(before), meaning), limits }
}
