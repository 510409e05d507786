import type { ReasoningRequest, Sampling } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { arrayOf, compact, objectOf } from '../kit/json-fields.ts'
import { effortOf } from './openai-request.ts'
import { changed, ignored, lost } from './conversions.ts'

/** Keys of a body, and what could not become one. */
export interface Written {
  readonly keys: JsonObject
  readonly conversions: readonly Conversion[]
}

/** OpenAI refuses a smaller limit. */
const FEWEST_OUTPUT_TOKENS = 16

/** What samples the answer. Neutral values say nothing. */
export function samplingKeys(sampling: Sampling): Written {
  const { maxOutputTokens: limit, logprobs, topLogprobs } = sampling
  const isTooSmall = limit !== undefined && limit < FEWEST_OUTPUT_TOKENS
  return {
    keys: {
      max_output_tokens: isTooSmall ? FEWEST_OUTPUT_TOKENS : limit,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      top_logprobs: logprobs === true ? topLogprobs : undefined,
    },
    conversions: [
      ...(isTooSmall ? [changed('max_tokens', `is at least ${FEWEST_OUTPUT_TOKENS} in the Responses API`)] : []),
      ...LOSSES.filter(({ isSet }) => isSet(sampling)).map(({ field, matters }) =>
        (matters ? lost : ignored)(field, 'has no counterpart in the Responses API'),
      ),
    ],
  }
}

const LOSSES: readonly {
  readonly field: string
  readonly matters: boolean
  readonly isSet: (sampling: Sampling) => boolean
}[] = [
  { field: 'stop', matters: true, isSet: ({ stop = [] }) => stop.length > 0 },
  { field: 'n', matters: true, isSet: ({ choices = 1 }) => choices > 1 },
  { field: 'logit_bias', matters: true, isSet: ({ logitBias = {} }) => Object.keys(logitBias).length > 0 },
  { field: 'presence_penalty', matters: true, isSet: ({ presencePenalty = 0 }) => presencePenalty !== 0 },
  { field: 'frequency_penalty', matters: true, isSet: ({ frequencyPenalty = 0 }) => frequencyPenalty !== 0 },
  { field: 'top_k', matters: true, isSet: ({ topK }) => topK !== undefined },
  { field: 'min_p', matters: true, isSet: ({ minP = 0 }) => minP !== 0 },
  { field: 'seed', matters: false, isSet: ({ seed }) => seed !== undefined },
]

/** True when the client wants the model to think. */
export function wantsReasoning(reasoning: ReasoningRequest | undefined): boolean {
  if (reasoning === undefined || reasoning.enabled === false || reasoning.effort === 'none') return false
  return reasoning.enabled === true || reasoning.effort !== undefined || reasoning.budgetTokens !== undefined
}

/**
 * `reasoning`: how hard, and that a summary shall be told, without which nothing of the thinking is seen. Switching it
 * off is only said in the client's own word, because most models that think cannot do otherwise.
 */
export function reasoningKey(reasoning: ReasoningRequest | undefined, extra: JsonObject): JsonObject | undefined {
  const key = compact({
    effort: reasoning?.effort ?? (wantsReasoning(reasoning) ? effortOf(reasoning?.budgetTokens) : undefined),
    summary: wantsReasoning(reasoning) ? 'auto' : undefined,
    ...objectOf(extra['reasoning']),
  })
  return Object.keys(key).length === 0 ? undefined : key
}

/** Keys that chat clients send too, or that only this API has: sent as they came. OpenAI refuses any other. */
const PASSED: ReadonlySet<string> = new Set([
  'context_management',
  'conversation',
  'max_tool_calls',
  'metadata',
  'moderation',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'truncation',
])
/** Keys that are written elsewhere from what the client said. */
const REWRITTEN: ReadonlySet<string> = new Set(['include', 'reasoning', 'text', 'verbosity', 'web_search_options'])

/** The client's other keys. */
export function extraKeys(extra: JsonObject): Written {
  const given = Object.entries(extra).filter(([, value]) => value !== undefined && value !== null)
  const others = given.map(([key]) => key).filter((key) => !PASSED.has(key) && !REWRITTEN.has(key))
  return {
    keys: Object.fromEntries(given.filter(([key]) => PASSED.has(key))),
    conversions: others.flatMap((key) => otherKey(key, extra)),
  }
}

function otherKey(key: string, extra: JsonObject): readonly Conversion[] {
  const speaks = arrayOf(extra['modalities']).includes('audio')
  if (key === 'modalities' && !speaks) return []
  if (key === 'modalities' || key === 'audio')
    return [lost(key, 'asks for sound, which the Responses API does not make')]
  return [ignored(key, 'is no parameter of the Responses API')]
}
