import type { ChatRequest, HostedTool, Tool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { Failure } from '../contract/failure.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { compact, isJsonArray, objectOf } from '../kit/json-fields.ts'
import { ownKeys } from './anthropic-blocks.ts'
import type { ClaudeTraits } from './anthropic-models.ts'
import { closedSchema } from './anthropic-schema.ts'
import { ignored, lostHostedTool, weakened } from './conversions.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

export interface ToolContext {
  readonly upstream: Upstream
  readonly traits: ClaudeTraits
  readonly thinking: boolean
  readonly conversions: Conversion[]
}

/** `tools` and `tool_choice`; both absent where there is no tool. */
export function toolKeys(chat: ChatRequest, context: ToolContext): JsonObject | Failure {
  const tools: JsonObject[] = []
  for (const [index, tool] of chat.tools.entries()) {
    const written = writeTool(tool, `tools[${index}]`, context)
    if (isFailure(written)) return written
    tools.push(written)
  }
  tools.push(...hostedTools(chat, context.conversions))
  if (tools.length === 0) return {}
  return compact({ tools, tool_choice: toolChoice(chat, tools, context) })
}

const NAME = /^[a-zA-Z0-9_-]{1,128}$/
const TOOL_KEYS = ['cache_control', 'defer_loading', 'input_examples', 'eager_input_streaming', 'allowed_callers']

function writeTool(tool: Tool, field: string, context: ToolContext): JsonObject | Failure {
  if (!NAME.test(tool.name)) {
    const sentence = 'takes only names of tools with letters, digits, "_" and "-", up to 128 of them.'
    return { ...unsupported(context.upstream, `${sentence} Rename this tool.`), param: `${field}.name` }
  }
  const schema = inputSchema(tool.parameters)
  const closed = tool.strict === true && context.traits.schema ? closedSchema(schema) : undefined
  const strict = closed?.faithful === true
  if (tool.strict === true && !strict) {
    const why = 'cannot be held to here; the model follows the schema as well as it can'
    context.conversions.push(ignored(`${field}.strict`, why))
  }
  return compact({
    name: tool.name,
    description: tool.description,
    input_schema: strict ? closed.schema : schema,
    strict: strict ? true : undefined,
    ...ownKeys(tool.extra, TOOL_KEYS),
  })
}

/** Anthropic insists on `type: object`; others leave it out, or leave out the schema of a tool without arguments. */
function inputSchema(parameters: JsonObject | undefined): JsonObject {
  if (parameters === undefined || Object.keys(parameters).length === 0) return { type: 'object', properties: {} }
  return parameters['type'] === 'object' ? parameters : { ...parameters, type: 'object' }
}

function hostedTools(chat: ChatRequest, conversions: Conversion[]): readonly JsonObject[] {
  const tools: JsonObject[] = []
  for (const hosted of chat.hostedTools ?? []) {
    const written = hosted.maker === 'anthropic' ? hosted.definition : webSearch(hosted)
    if (written !== undefined) tools.push(written)
    else conversions.push(lostHostedTool(hosted, chat))
  }
  const options = objectOf(chat.extra['web_search_options'])
  if (options !== undefined && !tools.some((tool) => tool['name'] === WEB_SEARCH)) tools.push(webSearchTool(options))
  return tools
}

const WEB_SEARCH = 'web_search'

/** OpenAI's web search is Anthropic's, unless it is asked to look into OpenAI's cache only. */
function webSearch({ maker, type, definition }: HostedTool): JsonObject | undefined {
  if (maker !== 'openai' || !/^web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?$/.test(type)) return undefined
  return definition['external_web_access'] === false ? undefined : webSearchTool(definition)
}

function webSearchTool(options: JsonObject): JsonObject {
  const location = objectOf(options['user_location'])
  const domains = objectOf(options['filters'])?.['allowed_domains']
  return compact({
    type: 'web_search_20250305',
    name: WEB_SEARCH,
    allowed_domains: isJsonArray(domains) && domains.length > 0 ? domains : undefined,
    user_location: location && userLocation(location),
  })
}

/** Chat wraps the place into `approximate`, Responses does not. */
function userLocation(location: JsonObject): JsonObject {
  const place = objectOf(location['approximate']) ?? location
  return { type: 'approximate', ...ownKeys(place, ['city', 'region', 'country', 'timezone']) }
}

function toolChoice(chat: ChatRequest, tools: readonly JsonObject[], context: ToolContext): JsonObject | undefined {
  const choice = choiceHere(chat, tools)
  const single = chat.parallelToolCalls === false ? { disable_parallel_tool_use: true } : {}
  if (choice === 'none') return { type: 'none' }
  const forced = choice === 'required' || typeof choice === 'object'
  if (!forced || mustStayFree(context)) {
    return choice === undefined && chat.parallelToolCalls !== false ? undefined : { type: 'auto', ...single }
  }
  return typeof choice === 'object' ? { type: 'tool', name: choice.name, ...single } : { type: 'any', ...single }
}

/** A hosted tool that was chosen by OpenAI's name has one of its own here, or was left out, which is reported already. */
function choiceHere(chat: ChatRequest, tools: readonly JsonObject[]): ChatRequest['toolChoice'] {
  const { toolChoice: choice, hostedTools: offered = [] } = chat
  if (typeof choice !== 'object' || tools.some((tool) => tool['name'] === choice.name)) return choice
  const hosted = offered.find(({ type }) => type === choice.name)
  if (hosted === undefined) return choice
  return hosted.maker === 'openai' && webSearch(hosted) !== undefined ? { name: WEB_SEARCH } : 'auto'
}

function mustStayFree({ thinking, traits, conversions }: ToolContext): boolean {
  if (!thinking && traits.forcedTool) return false
  const why = thinking
    ? 'cannot force a call while Claude thinks; without reasoning it can'
    : 'cannot force a call of this model, which decides by itself'
  conversions.push(weakened('tool_choice', why))
  return true
}
