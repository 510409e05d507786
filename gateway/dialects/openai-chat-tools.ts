import type { HostedTool, Maker, Tool } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, booleanOf, objectOf, stringOf, textOf, without } from '../kit/json-fields.ts'
import { unsupported } from './invalid.ts'

const TOOL_KEYS: ReadonlySet<string> = new Set(['type', 'function'])
const FUNCTION_KEYS: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict'])

/** The functions that the client offers, in the present form and in the legacy one. */
export function readFunctions(body: JsonObject): Tool[] {
  const tools = arrayOf(body.tools).filter(isJsonObject).filter(isFunction)
  return [
    ...tools.map((tool) => readFunction(objectOf(tool.function) ?? {}, without(tool, TOOL_KEYS))),
    ...arrayOf(body.functions)
      .filter(isJsonObject)
      .map((definition) => readFunction(definition, {})),
  ]
}

function readFunction(definition: JsonObject, beside: JsonObject): Tool {
  const extra = { ...without(definition, FUNCTION_KEYS), ...beside }
  return {
    name: stringOf(definition.name) ?? '',
    description: stringOf(definition.description),
    parameters: objectOf(definition.parameters),
    strict: booleanOf(definition.strict),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

/** Tools that an upstream runs itself, which LiteLLM's clients state in their makers' own words. */
export function readHostedTools(tools: JsonValue | undefined): HostedTool[] {
  return arrayOf(tools)
    .filter(isJsonObject)
    .flatMap((definition) => {
      const hosted = isFunction(definition) ? undefined : hostedAs(definition)
      return hosted === undefined ? [] : [{ ...hosted, definition }]
    })
}

/** The first tool that is neither a function nor run by anybody we know: only an upstream of this wire takes it. */
export function checkToolTypes(tools: JsonValue | undefined): Failure | undefined {
  const index = arrayOf(tools).findIndex(
    (tool) => isJsonObject(tool) && !isFunction(tool) && hostedAs(tool) === undefined,
  )
  if (index < 0) return undefined
  const message = `\`tools[${index}]\` is no function. Only upstreams that speak OpenAI's own wire take such tools.`
  return unsupported(`tools[${index}].type`, message)
}

function isFunction(tool: JsonObject): boolean {
  return isJsonObject(tool.function)
}

/** Anthropic dates its tools, Google names them by their only key, and OpenAI has a few words. */
const DATED = /_20\d{6}$/
const GOOGLE: ReadonlySet<string> = new Set([
  'googleSearch',
  'google_search',
  'googleSearchRetrieval',
  'urlContext',
  'url_context',
  'codeExecution',
  'code_execution',
])
const OPENAI: ReadonlySet<string> = new Set(['web_search', 'web_search_preview'])

function hostedAs(tool: JsonObject): { maker: Maker; type: string } | undefined {
  const type = textOf(tool.type)
  if (type !== undefined && DATED.test(type)) return { maker: 'anthropic', type }
  if (type !== undefined && OPENAI.has(type)) return { maker: 'openai', type }
  const google = Object.keys(tool).find((key) => GOOGLE.has(key))
  return google === undefined ? undefined : { maker: 'google', type: google }
}
