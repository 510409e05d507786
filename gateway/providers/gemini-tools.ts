import type { ChatRequest, HostedTool, Tool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { compact } from '../kit/json-fields.ts'
import { ignored, lostHostedTool } from './conversions.ts'
import { geminiSchema } from './gemini-schema.ts'

/** `tools` and `toolConfig`; both absent where the client offers none. */
export interface GeminiTools {
  readonly tools: readonly JsonObject[] | undefined
  readonly toolConfig: JsonObject | undefined
}

/** The client's functions, and the tools that Google runs itself. */
export function geminiTools(chat: ChatRequest, conversions: Conversion[]): GeminiTools {
  const functions = chat.tools.map(functionDeclaration)
  const hosted = (chat.hostedTools ?? []).flatMap((tool) => hostedTool(tool, chat, conversions))
  const searches = chat.extra['web_search_options'] !== undefined && functions.length === 0
  const tools = [
    ...unique(searches ? [...hosted, { googleSearch: {} }] : hosted),
    ...(functions.length === 0 ? [] : [{ functionDeclarations: functions }]),
  ]
  if (chat.parallelToolCalls === false && functions.length > 0) {
    const why = 'has no counterpart at Google: the model may call several tools at once'
    conversions.push(ignored('parallel_tool_calls', why))
  }
  return {
    tools: tools.length === 0 ? undefined : tools,
    toolConfig: functions.length === 0 ? undefined : callingConfig(chat),
  }
}

function functionDeclaration(tool: Tool): JsonObject {
  return compact({
    name: tool.name,
    description: tool.description,
    parametersJsonSchema: tool.parameters === undefined ? undefined : geminiSchema(tool.parameters),
  })
}

function callingConfig({ toolChoice }: ChatRequest): JsonObject | undefined {
  if (toolChoice === undefined) return undefined
  if (typeof toolChoice === 'object') {
    return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [toolChoice.name] } }
  }
  const mode = toolChoice === 'required' ? 'ANY' : toolChoice === 'none' ? 'NONE' : 'AUTO'
  return { functionCallingConfig: { mode } }
}

/**
 * Google's own tools go as they are. Another maker's web search is Google's, but only where no functions stand beside
 * it: most models refuse both at once, and a coding client that always offers a search would never get an answer.
 */
function hostedTool(tool: HostedTool, chat: ChatRequest, conversions: Conversion[]): readonly JsonObject[] {
  if (tool.maker === 'google') return [withoutType(tool.definition)]
  const isSearch = tool.type.startsWith('web_search')
  if (isSearch && chat.tools.length === 0) return [{ googleSearch: {} }]
  conversions.push(lostHostedTool(tool, chat, isSearch ? 'cannot stand beside functions at Google' : undefined))
  return []
}

/** `{type: 'googleSearch'}` is how a client of another wire may have to spell `{googleSearch: {}}`. */
function withoutType(definition: JsonObject): JsonObject {
  const { type, ...rest } = definition
  return typeof type === 'string' && Object.keys(rest).length === 0 ? { [type]: {} } : rest
}

function unique(tools: readonly JsonObject[]): readonly JsonObject[] {
  const searches = tools.filter((tool) => isJsonObject(tool['googleSearch']))
  return searches.length < 2 ? tools : [...tools.filter((tool) => !searches.includes(tool)), ...searches.slice(0, 1)]
}
