import type { ChatRequest, OutputFormat, ReasoningRequest, Sampling, ToolChoice } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { arrayOf, booleanOf, numberOf, objectOf, stringOf, textOf, without, type Draft } from '../kit/json-fields.ts'
import { readMessages } from './openai-chat-messages.ts'
import { checkToolTypes, readFunctions, readHostedTools } from './openai-chat-tools.ts'
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
  const messages = readMessages(arrayOf(body.messages))
  if (isFailure(messages)) return messages
  const hostedTools = readHostedTools(body.tools)
  return {
    model: stringOf(body.model) ?? '',
    messages,
    tools: readFunctions(body),
    toolChoice: readToolChoice(body),
    parallelToolCalls: booleanOf(body.parallel_tool_calls),
    sampling: readChatSampling(body),
    format: readFormat(body.response_format),
    reasoning: readReasoning(body),
    user: textOf(body.user),
    prefill: undefined,
    extra: without(body, KNOWN),
    ...(hostedTools.length > 0 && { hostedTools }),
  }
}

function readToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body.tool_choice ?? body.function_call
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  if (choice === 'any') return 'required'
  const name = textOf(objectOf(objectOf(choice)?.function)?.name) ?? textOf(objectOf(choice)?.name)
  return name === undefined ? undefined : { name }
}

function readChatSampling(body: JsonObject): Sampling {
  const sampling = readSampling(body)
  const logprobs = booleanOf(body.logprobs)
  if (logprobs !== undefined) sampling.logprobs = logprobs
  const topLogprobs = numberOf(body.top_logprobs)
  if (topLogprobs !== undefined) sampling.topLogprobs = topLogprobs
  return sampling
}

/** Some local servers take a schema beside `json_object`; it means the same as OpenAI's newer form. */
function readFormat(value: JsonValue | undefined): OutputFormat | undefined {
  const format = objectOf(value)
  const named = objectOf(format?.json_schema)
  const schema = objectOf(named?.schema) ?? objectOf(format?.schema)
  if (format?.type === 'json_object' && schema === undefined) return { type: 'json' }
  if (format?.type !== 'json_schema' && format?.type !== 'json_object') return undefined
  return {
    type: 'json-schema',
    name: textOf(named?.name) ?? 'response',
    schema: schema ?? {},
    strict: booleanOf(named?.strict),
  }
}

/** `reasoning_effort` (OpenAI), `reasoning` (OpenRouter, Responses) and `thinking` (Anthropic, LiteLLM, DeepSeek). */
function readReasoning(body: JsonObject): ReasoningRequest | undefined {
  const reasoning = objectOf(body.reasoning)
  const thinking = objectOf(body.thinking)
  const read: Draft<ReasoningRequest> = {}
  const effort = textOf(body.reasoning_effort) ?? textOf(reasoning?.effort)
  if (effort !== undefined) read.effort = effort
  const budgetTokens = numberOf(thinking?.budget_tokens) ?? numberOf(reasoning?.max_tokens)
  if (budgetTokens !== undefined) read.budgetTokens = budgetTokens
  const enabled = thinkingEnabled(thinking) ?? booleanOf(reasoning?.enabled)
  if (enabled !== undefined) read.enabled = enabled
  return Object.keys(read).length === 0 ? undefined : read
}

function thinkingEnabled(thinking: JsonObject | undefined): boolean | undefined {
  if (typeof thinking?.type !== 'string') return undefined
  return thinking.type !== 'disabled'
}
