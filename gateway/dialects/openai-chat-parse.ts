import type { ChatRequest, OutputFormat, ReasoningRequest, Sampling, Tool, ToolChoice } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { unsupported } from './invalid.ts'
import { asArray, asBoolean, asNumber, asObject, asString, asText, without, type Draft } from './json-read.ts'
import { readMessages } from './openai-chat-messages.ts'
import { readSampling, SHARED_KEYS } from './openai-parameters.ts'

const KNOWN: ReadonlySet<string> = new Set([
  ...SHARED_KEYS,
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'max_completion_tokens',
  'top_logprobs',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'thinking',
])

/**
 * The whole body as the canonical request; the body has passed the checks before. What only OpenAI's own wire can
 * say (custom tools, unknown content parts) gives `unsupported`, so that another target may serve it verbatim.
 */
export function parseChat(body: JsonObject): ChatRequest | Failure {
  const failure = checkToolTypes(body.tools)
  if (failure !== undefined) return failure
  const messages = readMessages(asArray(body.messages))
  if (isFailure(messages)) return messages
  return {
    model: asString(body.model) ?? '',
    messages,
    tools: readTools(body),
    toolChoice: readToolChoice(body),
    parallelToolCalls: asBoolean(body.parallel_tool_calls),
    sampling: readChatSampling(body),
    format: readFormat(body.response_format),
    reasoning: readReasoning(body),
    user: asText(body.user),
    prefill: undefined,
    extra: without(body, KNOWN),
  }
}

function checkToolTypes(tools: JsonValue | undefined): Failure | undefined {
  const index = asArray(tools).findIndex((tool) => isJsonObject(tool) && !isJsonObject(tool.function))
  if (index < 0) return undefined
  const message = `\`tools[${index}]\` is no function. Only upstreams that speak OpenAI's own wire take such tools.`
  return unsupported(`tools[${index}].type`, message)
}

function readTools(body: JsonObject): Tool[] {
  const tools = asArray(body.tools)
    .map((tool) => asObject(asObject(tool)?.function))
    .filter((definition) => definition !== undefined)
  return [...tools, ...asArray(body.functions).filter(isJsonObject)].map((definition) => ({
    name: asString(definition.name) ?? '',
    description: asString(definition.description),
    parameters: asObject(definition.parameters),
    strict: asBoolean(definition.strict),
  }))
}

function readToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body.tool_choice ?? body.function_call
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  if (choice === 'any') return 'required'
  const name = asText(asObject(asObject(choice)?.function)?.name) ?? asText(asObject(choice)?.name)
  return name === undefined ? undefined : { name }
}

function readChatSampling(body: JsonObject): Sampling {
  const sampling = readSampling(body)
  const logprobs = asBoolean(body.logprobs)
  if (logprobs !== undefined) sampling.logprobs = logprobs
  const topLogprobs = asNumber(body.top_logprobs)
  if (topLogprobs !== undefined) sampling.topLogprobs = topLogprobs
  return sampling
}

/** Some local servers take a schema beside `json_object`; it means the same as OpenAI's newer form. */
function readFormat(value: JsonValue | undefined): OutputFormat | undefined {
  const format = asObject(value)
  const named = asObject(format?.json_schema)
  const schema = asObject(named?.schema) ?? asObject(format?.schema)
  if (format?.type === 'json_object' && schema === undefined) return { type: 'json' }
  if (format?.type !== 'json_schema' && format?.type !== 'json_object') return undefined
  return {
    type: 'json-schema',
    name: asText(named?.name) ?? 'response',
    schema: schema ?? {},
    strict: asBoolean(named?.strict),
  }
}

/** `reasoning_effort` (OpenAI), `reasoning` (OpenRouter, Responses) and `thinking` (Anthropic, LiteLLM, DeepSeek). */
function readReasoning(body: JsonObject): ReasoningRequest | undefined {
  const reasoning = asObject(body.reasoning)
  const thinking = asObject(body.thinking)
  const read: Draft<ReasoningRequest> = {}
  const effort = asText(body.reasoning_effort) ?? asText(reasoning?.effort)
  if (effort !== undefined) read.effort = effort
  const budgetTokens = asNumber(thinking?.budget_tokens) ?? asNumber(reasoning?.max_tokens)
  if (budgetTokens !== undefined) read.budgetTokens = budgetTokens
  const enabled = thinkingEnabled(thinking) ?? asBoolean(reasoning?.enabled)
  if (enabled !== undefined) read.enabled = enabled
  return Object.keys(read).length === 0 ? undefined : read
}

function thinkingEnabled(thinking: JsonObject | undefined): boolean | undefined {
  if (typeof thinking?.type !== 'string') return undefined
  return thinking.type !== 'disabled'
}
