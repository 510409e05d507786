import type { ChatRequest, Tool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { arrayOf, compact, objectOf } from '../kit/json-fields.ts'
import { lostHostedTool } from './conversions.ts'
import { responsesInput } from './responses-input.ts'
import { isReasoningModel } from './responses-models.ts'
import { extraKeys, reasoningKey, samplingKeys, wantsReasoning } from './responses-parameters.ts'

export interface ResponsesContext {
  /** The model's name on the wire. */
  readonly model: string
  readonly stream: boolean
}

/**
 * The body of `POST /responses`. Nothing is stored unless the client says so: the whole conversation is sent every time,
 * and encrypted reasoning comes along in it.
 */
export function responsesBody(
  chat: ChatRequest,
  { model, stream }: ResponsesContext,
): { readonly body: JsonObject; readonly conversions: readonly Conversion[] } {
  const { instructions, input, conversions } = responsesInput(chat)
  const sampling = samplingKeys(chat.sampling)
  const extra = extraKeys(chat.extra)
  const tools = writeTools(chat)
  const body = compact({
    ...extra.keys,
    model,
    instructions,
    input,
    ...tools.keys,
    ...sampling.keys,
    reasoning: reasoningKey(chat.reasoning, chat.extra),
    text: textKey(chat),
    include: includeKey(chat, model),
    store: chat.extra['store'] ?? false,
    user: chat.user,
    stream: stream ? true : undefined,
  })
  return {
    body,
    conversions: [...conversions, ...tools.conversions, ...sampling.conversions, ...extra.conversions],
  }
}

function writeTools(chat: ChatRequest): { readonly keys: JsonObject; readonly conversions: readonly Conversion[] } {
  const hosted = chat.hostedTools ?? []
  const own = hosted.filter(({ maker }) => maker === 'openai').map(({ definition }) => definition)
  const foreign = hosted.filter(({ maker }) => maker !== 'openai')
  const search = webSearch(chat)
  const tools = [...chat.tools.map(writeTool), ...own, ...(search === undefined ? [] : [search])]
  const conversions = foreign.map((tool) => lostHostedTool(tool, chat))
  if (tools.length === 0) return { keys: {}, conversions }
  return {
    keys: { tools, tool_choice: toolChoice(chat), parallel_tool_calls: chat.parallelToolCalls },
    conversions,
  }
}

/** Flat, unlike chat's. `strict` is said always: here it is on where nothing is said, and most schemas are not for it. */
function writeTool(tool: Tool): JsonObject {
  return compact({
    type: 'function',
    name: tool.name,
    description: tool.description,
    parameters: tool.parameters ?? { type: 'object', properties: {} },
    strict: tool.strict ?? false,
  })
}

/** Chat's `web_search_options` is a tool here, with the same fields less deeply nested. */
function webSearch({ extra, hostedTools = [] }: ChatRequest): JsonObject | undefined {
  const options = objectOf(extra['web_search_options'])
  if (options === undefined || hostedTools.some(({ type }) => type.startsWith('web_search'))) return undefined
  const location = objectOf(options['user_location'])
  return compact({
    type: 'web_search',
    search_context_size: options['search_context_size'],
    user_location:
      location === undefined ? undefined : { type: 'approximate', ...(objectOf(location['approximate']) ?? location) },
  })
}

function toolChoice({ toolChoice: choice }: ChatRequest): JsonValue | undefined {
  return typeof choice === 'object' ? { type: 'function', name: choice.name } : choice
}

function textKey({ format, extra }: ChatRequest): JsonObject | undefined {
  const key = compact({ verbosity: extra['verbosity'], ...objectOf(extra['text']), format: formatOf(format) })
  return Object.keys(key).length === 0 ? undefined : key
}

function formatOf(format: ChatRequest['format']): JsonObject | undefined {
  if (format === undefined) return undefined
  if (format.type === 'json') return { type: 'json_object' }
  return compact({ type: 'json_schema', name: format.name, schema: format.schema, strict: format.strict })
}

/** Encrypted reasoning is refused by models that do not think. */
function includeKey(chat: ChatRequest, model: string): readonly JsonValue[] | undefined {
  const thinks = wantsReasoning(chat.reasoning) || isReasoningModel(model)
  const include = [
    ...arrayOf(chat.extra['include']),
    ...(thinks && chat.reasoning?.effort !== 'none' ? ['reasoning.encrypted_content'] : []),
    ...(chat.sampling.logprobs === true ? ['message.output_text.logprobs'] : []),
  ]
  return include.length === 0 ? undefined : [...new Set(include)]
}
