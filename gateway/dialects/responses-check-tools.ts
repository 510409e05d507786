import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { firstFailure } from './openai-chat-check-messages.ts'
import { isAbsent } from './openai-parameters.ts'

/** OpenAI stops at 64 characters; tool servers with long prefixes need more, and most upstreams take it. */
const NAME = /^[a-zA-Z0-9_-]{1,128}$/
const WORDS: ReadonlySet<JsonValue | undefined> = new Set(['auto', 'none', 'required'])
const EXAMPLE = '{"type": "function", "name": "get_weather", "parameters": {"type": "object"}}'

/** The first mistake in `tools` and `tool_choice`. Types that are not known here are between client and upstream. */
export function checkResponsesTools(body: JsonObject): Failure | undefined {
  return checkList(body.tools, 'tools') ?? checkChoice(body.tool_choice)
}

function checkList(tools: JsonValue | undefined, path: string): Failure | undefined {
  if (isAbsent(tools)) return undefined
  if (!isJsonArray(tools)) return invalid(path, `\`${path}\` must be an array.`)
  return firstFailure(tools, (tool, index) => checkTool(tool, `${path}[${index}]`))
}

function checkTool(tool: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(tool) || typeof tool.type !== 'string') {
    return invalid(path, `\`${path}\` must be an object with a \`type\`, such as ${EXAMPLE}.`)
  }
  if (tool.type === 'namespace') return checkList(tool.tools, `${path}.tools`)
  if (tool.type === 'custom') return checkName(tool, path)
  if (tool.type !== 'function') return undefined
  const failure = checkName(tool, path)
  if (failure !== undefined || isAbsent(tool.parameters) || isJsonObject(tool.parameters)) return failure
  return invalid(`${path}.parameters`, `\`${path}.parameters\` must be a JSON Schema object; leave it out for none.`)
}

function checkName({ name, function: nested }: JsonObject, path: string): Failure | undefined {
  if (typeof name === 'string' && NAME.test(name)) return undefined
  const param = `${path}.name`
  if (isJsonObject(nested)) {
    return invalid(param, `\`${param}\` is missing. Tools are flat here, unlike in Chat Completions: ${EXAMPLE}.`)
  }
  const said = isAbsent(name) ? 'is missing' : 'is not a valid name'
  return invalid(param, `\`${param}\` ${said}. Use letters, digits, "_" and "-", at most 128 of them.`)
}

function checkChoice(choice: JsonValue | undefined): Failure | undefined {
  if (isAbsent(choice) || WORDS.has(choice)) return undefined
  const remedy = 'It must be "auto", "none", "required" or {"type": "function", "name": "..."}.'
  if (!isJsonObject(choice) || typeof choice.type !== 'string') {
    return invalid('tool_choice', `\`tool_choice\` is not understood. ${remedy}`)
  }
  if (choice.type === 'allowed_tools' && !isJsonArray(choice.tools)) {
    return invalid(
      'tool_choice.tools',
      '`tool_choice.tools` must be an array of tools such as {"type": "function", "name": "..."}.',
    )
  }
  if ((choice.type !== 'function' && choice.type !== 'custom') || typeof choice.name === 'string') return undefined
  return invalid('tool_choice.name', `\`tool_choice.name\` is missing. ${remedy}`)
}
