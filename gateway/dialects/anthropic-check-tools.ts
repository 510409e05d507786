import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray, objectOf } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { firstFailure } from './openai-chat-check-messages.ts'
import { isAbsent } from './openai-parameters.ts'

const NAME = /^[a-zA-Z0-9_-]{1,128}$/
const CHOICES: ReadonlySet<JsonValue | undefined> = new Set(['auto', 'any', 'none', 'tool'])
const EXAMPLE = '{"name": "get_weather", "input_schema": {"type": "object"}}'

/** True for a tool that Anthropic defines, and often runs itself: `web_search_20250305`, `bash_20250124`, `mcp_toolset`. */
export function isHostedTool(tool: JsonObject): boolean {
  return typeof tool.type === 'string' && tool.type !== 'custom'
}

/** The first mistake in `tools` and `tool_choice`. */
export function checkMessagesTools(body: JsonObject): Failure | undefined {
  return checkTools(body.tools) ?? checkChoice(body.tool_choice)
}

function checkTools(tools: JsonValue | undefined): Failure | undefined {
  if (isAbsent(tools)) return undefined
  if (!isJsonArray(tools)) return invalid('tools', '`tools` must be an array.')
  return firstFailure(tools, (tool, index) => checkTool(tool, `tools.${index}`))
}

function checkTool(tool: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(tool)) return invalid(path, `\`${path}\` must be an object such as ${EXAMPLE}.`)
  if (isHostedTool(tool)) return undefined
  if (typeof tool.name !== 'string' || !NAME.test(tool.name)) {
    const said = isAbsent(tool.name) ? 'is missing' : 'is not a valid name'
    return invalid(`${path}.name`, `\`${path}.name\` ${said}. Use letters, digits, "_" and "-", at most 128 of them.`)
  }
  if (isJsonObject(tool.input_schema)) return undefined
  const said = isAbsent(tool.input_schema) ? 'is missing' : 'must be a JSON Schema object'
  return invalid(`${path}.input_schema`, `\`${path}.input_schema\` ${said}. A tool looks like ${EXAMPLE}.`)
}

function checkChoice(choice: JsonValue | undefined): Failure | undefined {
  if (isAbsent(choice)) return undefined
  const { type, name } = objectOf(choice) ?? {}
  if (!CHOICES.has(type)) {
    const remedy = 'Send {"type": "auto"}, {"type": "any"}, {"type": "none"} or {"type": "tool", "name": "..."}.'
    return invalid('tool_choice', `\`tool_choice\` is not understood. ${remedy}`)
  }
  if (type !== 'tool' || typeof name === 'string') return undefined
  return invalid('tool_choice.name', '`tool_choice.name` is missing. Name the tool that must be called.')
}
