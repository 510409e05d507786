import type {
  ChatRequest,
  HostedTool,
  OutputFormat,
  ReasoningRequest,
  Sampling,
  Tool,
  ToolChoice,
} from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import {
  arrayOf,
  booleanOf,
  isJsonArray,
  numberOf,
  objectOf,
  stringOf,
  textAt,
  textOf,
  without,
  type Draft,
} from '../kit/json-fields.ts'
import { readHistory, readSystem } from './anthropic-history.ts'
import { extraOf } from './anthropic-parts.ts'
import { isHostedTool } from './anthropic-check-tools.ts'
import { unsupported } from './invalid.ts'

const THREAD_UNSUPPORTED = 'thread_unsupported_request'
const NO_THREADS = '`thread` is only kept by Anthropic itself. Send the whole conversation in `messages`, without it.'

/** Keys that the canonical request has a place for; the others stay as they are, and providers say what they do of them. */
const KNOWN: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
])
const OUTPUT_KEYS: ReadonlySet<string> = new Set(['format', 'effort'])
const METADATA_KEYS: ReadonlySet<string> = new Set(['user_id'])

/**
 * The whole body as the canonical request; the body has passed the checks before. A failure where the conversation is to
 * be kept by Anthropic: its SDK then sends the whole of it.
 */
export function parseMessages(body: JsonObject): ChatRequest | Failure {
  if (isJsonObject(body.thread)) return { ...unsupported('thread', NO_THREADS), code: THREAD_UNSUPPORTED }
  const conversions: Conversion[] = []
  const messages = [...readSystem(body.system, 'system', conversions), ...readHistory(body.messages, conversions)]
  const hostedTools = readHostedTools(body.tools)
  const extra = readExtra(body)
  return {
    model: stringOf(body.model) ?? '',
    messages,
    tools: readTools(body.tools),
    toolChoice: readToolChoice(objectOf(body.tool_choice)),
    parallelToolCalls: readParallel(objectOf(body.tool_choice)),
    sampling: readSampling(body),
    format: readFormat(body),
    reasoning: readReasoning(body),
    user: textAt(body.metadata, 'user_id'),
    prefill: undefined,
    extra,
    ...nativeKeys(extra),
    ...(hostedTools.length > 0 && { hostedTools }),
    ...(conversions.length > 0 && { conversions }),
  }
}

/** What only Anthropic understands; any other key was laid into the body by a configuration, for whoever is asked. */
const NATIVE: ReadonlySet<string> = new Set([
  'betas',
  'cache_control',
  'container',
  'context_management',
  'diagnostics',
  'fallbacks',
  'inference_geo',
  'mcp_servers',
  'metadata',
  'output_config',
  'service_tier',
  'speed',
  'thinking',
])

function nativeKeys(extra: JsonObject): Pick<ChatRequest, 'nativeKeys'> {
  const keys = Object.keys(extra).filter((key) => NATIVE.has(key))
  return keys.length === 0 ? {} : { nativeKeys: keys }
}

/** What the canonical form cannot say whole stays as it is beside it, for an upstream of Anthropic's. */
function readExtra(body: JsonObject): JsonObject {
  const thinking = objectOf(body.thinking)
  const output = without(objectOf(body.output_config) ?? {}, OUTPUT_KEYS)
  const metadata = without(objectOf(body.metadata) ?? {}, METADATA_KEYS)
  return {
    ...without(body, KNOWN),
    ...(thinking?.display !== undefined && { thinking }),
    ...(Object.keys(output).length > 0 && { output_config: output }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  }
}

const TOOL_KEYS: ReadonlySet<string> = new Set(['type', 'name', 'description', 'input_schema', 'strict'])

function readTools(tools: JsonValue | undefined): Tool[] {
  return arrayOf(tools)
    .filter(isJsonObject)
    .filter((tool) => !isHostedTool(tool))
    .map((tool) => ({
      name: stringOf(tool.name) ?? '',
      description: stringOf(tool.description),
      parameters: objectOf(tool.input_schema),
      strict: booleanOf(tool.strict),
      ...extraOf(tool, TOOL_KEYS),
    }))
}

function readHostedTools(tools: JsonValue | undefined): HostedTool[] {
  return arrayOf(tools)
    .filter(isJsonObject)
    .filter(isHostedTool)
    .map((definition) => ({ maker: 'anthropic', type: stringOf(definition.type) ?? '', definition }))
}

function readToolChoice(choice: JsonObject | undefined): ToolChoice | undefined {
  switch (stringOf(choice?.type) ?? '') {
    case 'auto':
      return 'auto'
    case 'none':
      return 'none'
    case 'any':
      return 'required'
    case 'tool':
      return { name: stringOf(choice?.name) ?? '' }
    default:
      return undefined
  }
}

function readParallel(choice: JsonObject | undefined): boolean | undefined {
  const disabled = booleanOf(choice?.disable_parallel_tool_use)
  return disabled === undefined ? undefined : !disabled
}

function readSampling(body: JsonObject): Sampling {
  const sampling: Draft<Sampling> = {}
  const temperature = numberOf(body.temperature)
  if (temperature !== undefined) sampling.temperature = temperature
  const topP = numberOf(body.top_p)
  if (topP !== undefined) sampling.topP = topP
  const topK = numberOf(body.top_k)
  if (topK !== undefined) sampling.topK = topK
  const maxOutputTokens = numberOf(body.max_tokens)
  if (maxOutputTokens !== undefined) sampling.maxOutputTokens = maxOutputTokens
  const { stop_sequences: stop } = body
  if (isJsonArray(stop) && stop.length > 0) sampling.stop = stop.filter((item) => typeof item === 'string')
  return sampling
}

/**
 * `output_config.format`, and its predecessor at the top. Not `strict` in OpenAI's sense, which refuses schemas with optional
 * properties.
 */
function readFormat(body: JsonObject): OutputFormat | undefined {
  const format = objectOf(objectOf(body.output_config)?.format) ?? objectOf(body.output_format)
  const schema = objectOf(format?.schema)
  if (schema === undefined) return undefined
  return { type: 'json-schema', name: textOf(format?.name) ?? 'response', schema, strict: undefined }
}

/** `thinking` says whether and how much, `output_config.effort` how hard. */
function readReasoning(body: JsonObject): ReasoningRequest | undefined {
  const thinking = objectOf(body.thinking)
  const read: Draft<ReasoningRequest> = {}
  const effort = textAt(body.output_config, 'effort')
  if (effort !== undefined) read.effort = effort
  const budgetTokens = numberOf(thinking?.budget_tokens)
  if (budgetTokens !== undefined) read.budgetTokens = budgetTokens
  if (typeof thinking?.type === 'string') read.enabled = thinking.type !== 'disabled'
  return Object.keys(read).length === 0 ? undefined : read
}
