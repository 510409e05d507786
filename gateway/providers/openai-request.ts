import type {
  ChatRequest,
  CompletionRequest,
  EmbeddingsRequest,
  ReasoningRequest,
  Sampling,
  Tool,
} from '../contract/chat.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact } from '../kit/json-fields.ts'
import { sharedExtra } from '../wire/native-extra.ts'
import { openAiMessages } from './openai-messages.ts'
import type { Quirks } from './openai-quirks.ts'

/** What a body is written for: the model's name there, and how the answer shall come. */
export interface BodyContext {
  readonly model: string
  readonly stream: boolean
  readonly quirks: Quirks
}

/** The body of `POST /chat/completions`. Keys that the client sent and we do not know go along as they are. */
export function chatBody(chat: ChatRequest, context: BodyContext): JsonObject {
  const { quirks } = context
  const body = compact({
    ...reasoningKeys(chat.reasoning, quirks),
    ...sharedExtra(chat),
    model: context.model,
    messages: openAiMessages(chat, quirks),
    ...toolKeys(chat, quirks),
    ...samplingKeys(chat.sampling, quirks),
    response_format: responseFormat(chat),
    user: chat.user,
    ...streamKeys(context),
    ...(chat.prefill === undefined ? {} : quirks.prefill?.body),
  })
  return quirks.adjust?.(body) ?? body
}

/** The body of `POST /completions`. Text that was already sent is simply part of the prompt that goes on. */
export function completionBody(request: CompletionRequest, context: BodyContext): JsonObject {
  const { sampling } = request
  const { logprobs, top_logprobs: _unused, ...keys } = samplingKeys(sampling, context.quirks)
  const prompts = request.prompts.map((prompt) => prompt + (request.prefill ?? ''))
  return compact({
    ...sharedExtra(request),
    model: context.model,
    prompt: prompts.length === 1 ? prompts[0] : prompts,
    suffix: request.suffix,
    echo: request.echo ? true : undefined,
    ...keys,
    // Here it is a number: how many alternatives to list.
    logprobs: logprobs === true ? (sampling.topLogprobs ?? 1) : undefined,
    // The old endpoint has only the old name.
    max_completion_tokens: undefined,
    max_tokens: sampling.maxOutputTokens,
    user: request.user,
    ...streamKeys(context),
  })
}

/** The body of `POST /embeddings`. Floats are asked for always: the client's own encoding is made from them. */
export function embeddingsBody(request: EmbeddingsRequest, model: string): JsonObject {
  const [first] = request.inputs
  const single = request.inputs.length === 1 && first !== undefined
  return compact({
    ...sharedExtra(request),
    model,
    input: single ? first : request.inputs,
    dimensions: request.dimensions,
    encoding_format: 'float',
    user: request.user,
  })
}

function streamKeys({ stream, quirks }: BodyContext): JsonObject {
  if (!stream) return { stream: undefined, stream_options: undefined }
  return { stream: true, stream_options: quirks.streamOptions === false ? undefined : { include_usage: true } }
}

function samplingKeys(sampling: Sampling, quirks: Quirks): JsonObject {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    [quirks.seedKey ?? 'seed']: sampling.seed,
    stop: sampling.stop === undefined || sampling.stop.length === 0 ? undefined : sampling.stop,
    [quirks.maxTokensKey ?? 'max_tokens']: sampling.maxOutputTokens,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
    n: sampling.choices,
  }
}

function toolKeys(chat: ChatRequest, quirks: Quirks): JsonObject {
  if (chat.tools.length === 0) return {}
  return {
    tools: chat.tools.map((tool) => writeTool(tool, quirks)),
    tool_choice: toolChoice(chat, quirks),
    parallel_tool_calls: chat.parallelToolCalls,
  }
}

function writeTool(tool: Tool, quirks: Quirks): JsonObject {
  return {
    type: 'function',
    function: compact({
      name: tool.name,
      description: tool.description,
      // A schema is optional at OpenAI only; an empty object says the same everywhere.
      parameters: tool.parameters ?? { type: 'object', properties: {} },
      strict: quirks.strictTools === false ? undefined : tool.strict,
    }),
  }
}

function toolChoice(chat: ChatRequest, quirks: Quirks): JsonValue | undefined {
  const choice = chat.toolChoice
  if (choice === 'required') return quirks.requiredTool ?? 'required'
  if (typeof choice !== 'object') return choice
  return { type: 'function', function: { name: choice.name } }
}

function responseFormat(chat: ChatRequest): JsonObject | undefined {
  const { format } = chat
  if (format === undefined) return undefined
  if (format.type === 'json') return { type: 'json_object' }
  return {
    type: 'json_schema',
    json_schema: compact({ name: format.name, schema: format.schema, strict: format.strict }),
  }
}

/**
 * How hard to think, in the upstream's own words. Only what the client said is said: switching reasoning off is sent
 * only where there is a switch, because "none" is refused by models that always or never reason.
 */
function reasoningKeys(reasoning: ReasoningRequest | undefined, quirks: Quirks): JsonObject {
  if (reasoning === undefined) return {}
  const wanted = reasoning.enabled ?? (reasoning.effort !== undefined && reasoning.effort !== 'none')
  switch (quirks.reasoning ?? 'effort') {
    case 'thinking':
      return { thinking: { type: wanted || reasoning.budgetTokens !== undefined ? 'enabled' : 'disabled' } }
    case 'chat-template':
      // The switch is the template's (Qwen, GLM), the effort the model's (gpt-oss); each ignores the other's.
      return {
        chat_template_kwargs: { enable_thinking: wanted || reasoning.budgetTokens !== undefined },
        reasoning_effort: reasoning.effort === 'none' ? undefined : reasoning.effort,
      }
    case 'effort':
    default:
      return { reasoning_effort: reasoning.effort ?? effortOf(reasoning.budgetTokens) }
  }
}

/** A budget in tokens as one of three words, at LiteLLM's borders. */
export function effortOf(budgetTokens: number | undefined): string | undefined {
  if (budgetTokens === undefined) return undefined
  if (budgetTokens >= 4_096) return 'high'
  return budgetTokens >= 2_048 ? 'medium' : 'low'
}
