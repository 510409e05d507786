import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { invalid } from './invalid.ts'
import { objectOf, isJsonArray } from '../kit/json-fields.ts'
import { firstFailure } from './openai-chat-check-messages.ts'
import { isAbsent } from './openai-parameters.ts'

/** OpenAI stops at 64 characters; tool servers with long prefixes need more, and most upstreams take it. */
const NAME = /^[a-zA-Z0-9_-]{1,128}$/
/** OpenAI's three, and Mistral's word for `required`. */
const CHOICES: ReadonlySet<JsonValue | undefined> = new Set(['auto', 'none', 'required', 'any'])
const EXAMPLE = '{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}'

/** The first mistake in `tools`, `tool_choice` and their predecessors `functions` and `function_call`. */
export function checkTools(body: JsonObject): Failure | undefined {
  return (
    checkList(body.tools, 'tools', checkTool) ??
    checkList(body.functions, 'functions', checkFunction) ??
    checkChoice(body.tool_choice) ??
    checkFunctionCall(body.function_call)
  )
}

/** `response_format` must say its type, and a schema must be one. */
export function checkFormat(body: JsonObject): Failure | undefined {
  const format = body.response_format
  if (isAbsent(format)) return undefined
  if (!isJsonObject(format) || typeof format.type !== 'string') {
    const remedy = 'Send {"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {...}}.'
    return invalid('response_format', `\`response_format\` must be an object with a \`type\`. ${remedy}`)
  }
  if (format.type !== 'json_schema') return undefined
  const schema = objectOf(format.json_schema)
  if (schema === undefined) {
    const remedy = 'Send {"name": "answer", "schema": {"type": "object", ...}}.'
    return invalid('response_format.json_schema', `\`response_format.json_schema\` is missing. ${remedy}`)
  }
  if (isAbsent(schema.schema) || isJsonObject(schema.schema)) return undefined
  return invalid('response_format.json_schema.schema', '`response_format.json_schema.schema` must be a JSON Schema.')
}

type Check = (item: JsonValue, path: string) => Failure | undefined

function checkList(list: JsonValue | undefined, key: string, check: Check): Failure | undefined {
  if (isAbsent(list)) return undefined
  if (!isJsonArray(list)) return invalid(key, `\`${key}\` must be an array.`)
  return firstFailure(list, (item, index) => check(item, `${key}[${index}]`))
}

/** Tools that are no functions (`custom`, built-in ones) mean something only to the upstream. */
function checkTool(tool: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(tool)) return invalid(path, `\`${path}\` must be an object such as ${EXAMPLE}.`)
  if (typeof tool.type === 'string' && tool.type !== 'function') return undefined
  if (!isJsonObject(tool.function)) {
    return invalid(`${path}.function`, `\`${path}.function\` is missing. A tool looks like ${EXAMPLE}.`)
  }
  return checkFunction(tool.function, `${path}.function`)
}

function checkFunction(definition: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(definition)) return invalid(path, `\`${path}\` must be an object with a \`name\`.`)
  const { name, parameters } = definition
  if (typeof name !== 'string' || !NAME.test(name)) {
    const said = isAbsent(name) ? 'is missing' : 'is not a valid name'
    return invalid(`${path}.name`, `\`${path}.name\` ${said}. Use letters, digits, "_" and "-", at most 128 of them.`)
  }
  if (isAbsent(parameters) || isJsonObject(parameters)) return undefined
  return invalid(`${path}.parameters`, `\`${path}.parameters\` must be a JSON Schema object; leave it out for none.`)
}

function checkChoice(choice: JsonValue | undefined): Failure | undefined {
  if (isAbsent(choice) || CHOICES.has(choice)) return undefined
  const named = '{"type": "function", "function": {"name": "..."}}'
  const remedy = `It must be "auto", "none", "required" or ${named}.`
  if (!isJsonObject(choice) || typeof choice.type !== 'string') {
    return invalid('tool_choice', `\`tool_choice\` is not understood. ${remedy}`)
  }
  if (choice.type !== 'function' || typeof objectOf(choice.function)?.name === 'string') return undefined
  return invalid('tool_choice.function.name', `\`tool_choice.function.name\` is missing. ${remedy}`)
}

function checkFunctionCall(call: JsonValue | undefined): Failure | undefined {
  if (isAbsent(call) || typeof call === 'string' || typeof objectOf(call)?.name === 'string') return undefined
  return invalid('function_call', '`function_call` must be "auto", "none" or {"name": "..."}.')
}
