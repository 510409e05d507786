import type { HostedTool, Tool, ToolChoice } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { modelName, type ReadTools } from './responses-tools.ts'

/** Which tools the model may use in this turn, and whether it must. */
export interface ChosenTools {
  readonly choice: ToolChoice | undefined
  readonly tools: readonly Tool[]
  readonly hosted: readonly HostedTool[]
  readonly conversions: readonly Conversion[]
}

/** Reads `tool_choice`: a word, a named tool, a hosted tool, or a list of those that are allowed. */
export function readToolChoice(body: JsonObject, read: ReadTools): ChosenTools {
  const choice = objectOf(body.tool_choice)
  if (choice === undefined) return chosen(wordOf(body.tool_choice), read)
  if (choice.type === 'allowed_tools') return allowed(choice, read)
  const name = nameOf(choice, read)
  return name === undefined ? hostedChoice(choice, read) : chosen({ name }, read)
}

function chosen(choice: ToolChoice | undefined, offered: Pick<ReadTools, 'tools' | 'hosted'>): ChosenTools {
  const { tools, hosted } = offered
  const onlyHosted = choice === 'required' && tools.length === 0 && hosted.length > 0
  return { choice, tools, hosted, conversions: onlyHosted ? [ONLY_HOSTED] : [] }
}

function wordOf(value: JsonValue | undefined): ToolChoice | undefined {
  return value === 'auto' || value === 'none' || value === 'required' ? value : undefined
}

function nameOf(choice: JsonObject, read: ReadTools): string | undefined {
  if (choice.type === 'local_shell') return read.byName.has('local_shell') ? 'local_shell' : undefined
  if (choice.type !== 'function' && choice.type !== 'custom') return undefined
  return modelName(read, stringOf(choice.name) ?? '', textOf(choice.namespace))
}

function allowed(choice: JsonObject, read: ReadTools): ChosenTools {
  const list = arrayOf(choice.tools).filter(isJsonObject)
  const names = new Set(list.map((entry) => nameOf(entry, read)))
  const spaces = new Set(list.flatMap((entry) => (entry.type === 'namespace' ? [textOf(entry.name)] : [])))
  const isOpen = (name: string): boolean => {
    const namespace = read.byName.get(name)?.namespace
    return namespace !== undefined && spaces.has(namespace)
  }
  const tools = read.tools.filter(({ name }) => names.has(name) || isOpen(name))
  const hosted = read.hosted.filter(({ type, definition }) =>
    list.some((entry) => entry.type === type && entry.server_label === definition.server_label),
  )
  return chosen(wordOf(choice.mode) ?? 'auto', { tools, hosted })
}

function hostedChoice(choice: JsonObject, read: ReadTools): ChosenTools {
  const why = `asks for ${stringOf(choice.type) ?? 'a tool'}, which only OpenAI runs`
  const conversion: Conversion = { field: 'tool_choice', did: 'dropped', why, matters: true }
  return { ...chosen(undefined, read), conversions: [conversion] }
}

const ONLY_HOSTED: Conversion = {
  field: 'tool_choice',
  did: 'dropped',
  why: 'requires one of the tools that only OpenAI runs',
  matters: true,
}
