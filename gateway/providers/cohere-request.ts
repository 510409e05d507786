import type { ChatRequest, OutputFormat, ReasoningRequest, Sampling, Tool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { compact } from '../kit/json-fields.ts'
import { cohereMessages } from './cohere-messages.ts'
import { changed, ignored, lost, lostHostedTool } from './conversions.ts'

/** The body of Cohere's `POST /v2/chat`, by its API reference. */
export function cohereBody(
  chat: ChatRequest,
  { model, stream }: { readonly model: string; readonly stream: boolean },
): { readonly body: JsonObject; readonly conversions: readonly Conversion[] } {
  const { messages, conversions } = cohereMessages(chat)
  const tools = toolKeys(chat)
  const extra = extraKeys(chat.extra)
  const body = compact({
    ...extra.keys,
    model,
    messages,
    ...tools.keys,
    ...samplingKeys(chat.sampling),
    response_format: formatOf(chat.format),
    thinking: thinkingOf(chat.reasoning),
    stream,
  })
  return {
    body,
    conversions: [...conversions, ...tools.conversions, ...losses(chat.sampling), ...extra.conversions],
  }
}

function samplingKeys(sampling: Sampling): JsonObject {
  const { stop = [] } = sampling
  return {
    temperature: sampling.temperature,
    p: sampling.topP,
    k: sampling.topK,
    seed: sampling.seed,
    max_tokens: sampling.maxOutputTokens,
    stop_sequences: stop.length === 0 ? undefined : stop,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
  }
}

function losses(sampling: Sampling): readonly Conversion[] {
  const { choices = 1, logitBias = {}, logprobs, minP = 0 } = sampling
  const set: readonly (readonly [string, boolean])[] = [
    ['n', choices > 1],
    ['logit_bias', Object.keys(logitBias).length > 0],
    ['logprobs', logprobs === true],
    ['min_p', minP !== 0],
  ]
  return set.filter(([, isSet]) => isSet).map(([field]) => lost(field, 'has no counterpart at Cohere'))
}

/** Cohere can be told to call some tool, not which: so it is offered only that one. */
function toolKeys(chat: ChatRequest): { readonly keys: JsonObject; readonly conversions: readonly Conversion[] } {
  const { toolChoice: choice } = chat
  const hosted = (chat.hostedTools ?? []).map((tool) => lostHostedTool(tool, chat))
  if (chat.tools.length === 0) return { keys: {}, conversions: hosted }
  const named = typeof choice === 'object' ? choice.name : undefined
  const offered = named === undefined ? chat.tools : chat.tools.filter(({ name }) => name === named)
  const mustCall = choice === 'required' || named !== undefined
  return {
    keys: {
      tools: offered.map(writeTool),
      tool_choice: mustCall ? 'REQUIRED' : choice === 'none' ? 'NONE' : undefined,
      strict_tools: offered.length > 0 && offered.every(({ strict }) => strict === true) ? true : undefined,
    },
    conversions: [
      ...hosted,
      ...(named === undefined ? [] : [changed('tool_choice', 'is kept by offering this one tool alone')]),
      ...(chat.parallelToolCalls === false ? [ignored('parallel_tool_calls', 'has no counterpart at Cohere')] : []),
    ],
  }
}

function writeTool({ name, description, parameters }: Tool): JsonObject {
  const schema = parameters ?? { type: 'object', properties: {} }
  return { type: 'function', function: compact({ name, description, parameters: schema }) }
}

function formatOf(format: OutputFormat | undefined): JsonObject | undefined {
  if (format === undefined) return undefined
  return compact({ type: 'json_object', json_schema: format.type === 'json' ? undefined : format.schema })
}

/** Thinking has a switch and a budget, but no degrees. */
function thinkingOf(reasoning: ReasoningRequest | undefined): JsonObject | undefined {
  if (reasoning === undefined) return undefined
  const { enabled, effort, budgetTokens } = reasoning
  if (enabled === false || effort === 'none') return { type: 'disabled' }
  if (enabled === undefined && effort === undefined && budgetTokens === undefined) return undefined
  return compact({ type: 'enabled', token_budget: budgetTokens })
}

/** Cohere's own keys, which a client may send beside OpenAI's. It refuses any other. */
const PASSED: ReadonlySet<string> = new Set(['citation_options', 'documents', 'priority', 'safety_mode'])

function extraKeys(extra: JsonObject): { readonly keys: JsonObject; readonly conversions: readonly Conversion[] } {
  const given = Object.entries(extra).filter(([, value]) => value !== undefined && value !== null)
  const others = given.map(([key]) => key).filter((key) => !PASSED.has(key))
  return {
    keys: Object.fromEntries(given.filter(([key]) => PASSED.has(key))),
    conversions: others.map((key) => ignored(key, 'is no parameter of Cohere')),
  }
}
