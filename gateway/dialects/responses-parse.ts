import type { ChatRequest, OutputFormat, ReasoningRequest, Sampling } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import {
  arrayOf,
  booleanOf,
  compact,
  numberOf,
  objectOf,
  stringOf,
  textOf,
  without,
  type Draft,
} from '../kit/json-fields.ts'
import { unsupported } from './invalid.ts'
import { isAbsent, readSampling } from './openai-parameters.ts'
import { readInput } from './responses-input.ts'
import { readToolChoice } from './responses-tool-choice.ts'
import { readTools } from './responses-tools.ts'

/**
 * A whole Responses body as the canonical request; it has passed the checks, and what it says of an earlier response has
 * been put before its input. What only OpenAI itself can do gives `unsupported`, so that another target may serve it.
 */
export function parseResponses(body: JsonObject): ChatRequest | Failure {
  const failure = needsOpenAi(body)
  if (failure !== undefined) return failure
  const tools = readTools(body)
  const { messages, conversions } = readInput(body, tools)
  const chosen = readToolChoice(body, tools)
  const stated = [...conversions, ...tools.conversions, ...chosen.conversions, ...lostParameters(body)]
  return {
    model: stringOf(body.model) ?? '',
    messages,
    tools: chosen.tools,
    toolChoice: chosen.choice,
    parallelToolCalls: booleanOf(body.parallel_tool_calls),
    sampling: readResponsesSampling(body),
    format: readTextFormat(objectOf(body.text)?.format),
    reasoning: readReasoningRequest(body),
    user: textOf(body.user),
    prefill: undefined,
    extra: extraOf(body),
    ...(chosen.hosted.length > 0 && { hostedTools: chosen.hosted }),
    ...(stated.length > 0 && { conversions: stated }),
  }
}

const ONLY_OPENAI: readonly { readonly key: string; readonly why: string }[] = [
  { key: 'background', why: 'Answers in the background are kept by OpenAI alone. Ask without `background`.' },
  { key: 'conversation', why: 'Conversations are kept by OpenAI alone. Send the whole history as `input`.' },
  { key: 'prompt', why: 'Prompt templates are kept by OpenAI alone. Send their text as `instructions` and `input`.' },
  { key: 'previous_response_id', why: 'That response is not stored here. Send the whole history as `input`.' },
]

function needsOpenAi(body: JsonObject): Failure | undefined {
  const found = ONLY_OPENAI.find(({ key }) => !isAbsent(body[key]) && body[key] !== false)
  if (found === undefined) return undefined
  const failure = unsupported(found.key, `\`${found.key}\` cannot be served by this model. ${found.why}`)
  return found.key === 'previous_response_id' ? { ...failure, code: 'previous_response_not_found' } : failure
}

/** Keys that are read, or that steer nothing but OpenAI's own service and the form of its reply. */
const NOT_CARRIED: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'max_output_tokens',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'top_logprobs',
  'text',
  'reasoning',
  'user',
  'background',
  'conversation',
  'prompt',
  'previous_response_id',
  'include',
  'client_metadata',
  'truncation',
  'max_tool_calls',
  'context_management',
  'moderation',
])

/**
 * Hints and unknown keys. Those with a place in Chat Completions bear the name that they have there, because `extra`
 * goes to chat upstreams as it is, and many refuse a key that only this API knows.
 */
function extraOf(body: JsonObject): JsonObject {
  const kept = Object.entries(without(body, NOT_CARRIED)).filter(([, value]) => value !== null)
  return compact({ ...Object.fromEntries(kept), verbosity: textOf(objectOf(body.text)?.verbosity) })
}

function lostParameters(body: JsonObject): Conversion[] {
  const lost: Conversion[] = []
  const add = (field: string, why: string): void => {
    lost.push({ field, did: 'dropped', why, matters: false })
  }
  if (body.truncation === 'auto') add('truncation', 'would cut the conversation silently, which is never done here')
  if (!isAbsent(body.max_tool_calls)) add('max_tool_calls', 'limits tools that only OpenAI runs')
  if (!isAbsent(body.context_management)) add('context_management', 'is done by OpenAI alone')
  if (!isAbsent(body.moderation)) add('moderation', 'is done by OpenAI alone')
  return lost
}

function readResponsesSampling(body: JsonObject): Sampling {
  const { choices: _one, maxOutputTokens: _older, ...sampling }: Draft<Sampling> = readSampling(body)
  const maxOutputTokens = numberOf(body.max_output_tokens)
  const topLogprobs = numberOf(body.top_logprobs)
  const wanted = arrayOf(body.include).includes('message.output_text.logprobs') || (topLogprobs ?? 0) > 0
  return {
    ...sampling,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(wanted && { logprobs: true }),
    ...(wanted && topLogprobs !== undefined && { topLogprobs }),
  }
}

function readTextFormat(value: JsonValue | undefined): OutputFormat | undefined {
  const format = objectOf(value)
  if (format?.type === 'json_object') return { type: 'json' }
  if (format?.type !== 'json_schema') return undefined
  return {
    type: 'json-schema',
    name: textOf(format.name) ?? 'response',
    schema: objectOf(format.schema) ?? {},
    strict: booleanOf(format.strict),
  }
}

/** How hard to think. How much of it is told (`summary`) is a matter of form: whatever comes is handed on. */
function readReasoningRequest(body: JsonObject): ReasoningRequest | undefined {
  const effort = textOf(objectOf(body.reasoning)?.effort)
  return effort === undefined ? undefined : { effort }
}
