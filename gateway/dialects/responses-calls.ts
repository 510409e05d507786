import type { ToolCall, ToolMessage } from '../contract/chat.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isJsonArray, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { customArguments } from './responses-custom-tool.ts'
import { shellArguments } from './responses-local-shell.ts'
import { readParts, type Note } from './responses-parts.ts'
import { modelName, type ReadTools } from './responses-tools.ts'

/** The tool call in an item of the history; undefined for items that are none. */
export function readCallItem(item: JsonObject, tools: ReadTools): ToolCall | undefined {
  const id = textOf(item.call_id) ?? stringOf(item.id) ?? ''
  const name = modelName(tools, stringOf(item.name) ?? '', textOf(item.namespace))
  switch (stringOf(item.type) ?? '') {
    case 'function_call':
      return { id, name, argumentsJson: argumentsOf(item.arguments) }
    case 'custom_tool_call':
      return { id, name, argumentsJson: customArguments(stringOf(item.input) ?? '') }
    case 'local_shell_call':
      return { id, name: 'local_shell', argumentsJson: shellArguments(objectOf(item.action) ?? {}) }
    // Tools of newer models, run by the client like any other: what was done is told in a function's words.
    case 'shell_call':
      return { id, name: 'shell', argumentsJson: argumentsOf(item.action) }
    case 'apply_patch_call':
      return { id, name: 'apply_patch', argumentsJson: argumentsOf(item.operation) }
    default:
      return undefined
  }
}

const OUTPUTS: ReadonlySet<JsonValue | undefined> = new Set([
  'function_call_output',
  'custom_tool_call_output',
  'local_shell_call_output',
  'shell_call_output',
  'apply_patch_call_output',
])

/** The result of a tool in an item of the history; undefined for items that are none. */
export function readOutputItem(item: JsonObject, field: string, note: Note): ToolMessage | undefined {
  if (!OUTPUTS.has(item.type)) return undefined
  const output = item.type === 'shell_call_output' ? argumentsOf(item.output) : item.output
  return {
    role: 'tool',
    // The local shell's result names its call in `id` in OpenAI's reference, and in `call_id` in its clients.
    toolCallId: textOf(item.call_id) ?? stringOf(item.id) ?? '',
    content: readParts(isReadable(output) ? output : JSON.stringify(output ?? ''), `${field}.output`, note),
    name: undefined,
    ...(item.status === 'failed' && { isError: true }),
  }
}

function isReadable(output: JsonValue | undefined): boolean {
  return typeof output === 'string' || isJsonArray(output)
}

/** Arguments are a string on this wire; clients that kept an object send it back as one. */
function argumentsOf(given: JsonValue | undefined): string {
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}
