import type { ChatRequest, Message, Tool } from '../contract/chat.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { HttpHead, ListedModel, Provider } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { limits } from '../contract/limits.ts'
import { arrayOf, isJsonArray, numberOf, objectOf, stringOf } from '../kit/json-fields.ts'
import { toolCallId } from './stable-id.ts'
import { upstreamFailure } from './upstream-failure.ts'

const MODEL: ListedModel = { id: 'echo', capabilities: ['chat', 'tools'] }

/**
 * The built-in model, so that a client can be tried where there is no other. It answers in process, says what it is,
 * repeats the last message, calls a tool when one is offered, and is the same for the same request.
 */
export const echo: Provider = {
  id: 'spillway',
  aliases: [],
  label: 'Spillway',
  defaults: { baseUrlEnv: [], keyEnv: [], keyRequired: false, locality: 'builtin' },
  prefill: false,
  verbatim: {},
  headers: () => ({}),
  // It has no upstream, so nothing can fail; the contract asks for an answer all the same.
  failure: (head: HttpHead, body: string) => upstreamFailure({ label: 'Spillway', keyEnv: [] }, head, body),
  listing: { path: '/models', models: () => [MODEL] },
  respond,
}

function* respond(request: ChatRequest): Iterable<StreamEvent> {
  yield { type: 'start', model: 'spillway/echo' }
  const tool = toolToCall(request)
  const argumentsJson = tool === undefined ? '' : JSON.stringify(exampleOf(tool.parameters ?? {}, 0))
  const text = tool === undefined ? replyText(request) : ''
  for (const piece of text.match(/\s*\S+/g) ?? []) yield { type: 'text-delta', text: piece }
  if (tool !== undefined) {
    yield {
      type: 'tool-call-start',
      index: 0,
      id: toolCallId(`${request.messages.length}/${tool.name}`),
      name: tool.name,
    }
    yield { type: 'tool-call-delta', index: 0, argumentsJson }
  }
  yield {
    type: 'usage',
    usage: { input: tokens(request.messages.map(textOf).join(' ')), output: tokens(text + argumentsJson) },
  }
  yield { type: 'end', reason: tool === undefined ? 'stop' : 'tool_calls' }
}

/** The chosen tool, or the first: only right after the user spoke, so that a tool loop comes to an end. */
function toolToCall({ messages, tools, toolChoice }: ChatRequest): Tool | undefined {
  if (toolChoice === 'none' || messages.at(-1)?.role !== 'user') return undefined
  return typeof toolChoice === 'object' ? tools.find((tool) => tool.name === toolChoice.name) : tools[0]
}

function replyText({ messages }: ChatRequest): string {
  const last = messages.at(-1)
  if (last?.role === 'tool') return `[spillway/echo, a built-in test model] The tool answered: ${textOf(last)}`
  const spoken = messages.findLast((message) => message.role === 'user')
  return `[spillway/echo, a built-in test model] You said: ${spoken === undefined ? '' : textOf(spoken)}`
}

function textOf(message: Message): string {
  return message.content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join(' ')
}

/** A rough count, like every other estimate here: four characters to a token. */
function tokens(text: string): number {
  return Math.ceil(text.length / 4)
}

/** A value that the schema plausibly allows: its first choice, its default, or the simplest one of its type. */
function exampleOf(schema: JsonObject, depth: number): JsonValue {
  const fixed = schema['const'] ?? schema['default'] ?? arrayOf(schema['enum'])[0] ?? arrayOf(schema['examples'])[0]
  if (fixed !== undefined) return fixed
  const alternative = objectOf(arrayOf(schema['anyOf'] ?? schema['oneOf'])[0])
  if (alternative !== undefined && depth < limits.exampleDepth) return exampleOf(alternative, depth + 1)
  const type = isJsonArray(schema['type']) ? schema['type'][0] : schema['type']
  switch (stringOf(type) ?? 'object') {
    case 'string':
      return 'example'
    case 'integer':
    case 'number':
      return numberOf(schema['minimum']) ?? 1
    case 'boolean':
      return true
    case 'array':
      return depth < limits.exampleDepth ? [exampleOf(objectOf(schema['items']) ?? { type: 'string' }, depth + 1)] : []
    case 'null':
      return null
    default:
      return exampleObject(schema, depth)
  }
}

/** The required properties, or all where none is said to be required. */
function exampleObject(schema: JsonObject, depth: number): JsonObject {
  const properties = objectOf(schema['properties']) ?? {}
  const required = arrayOf(schema['required'])
  const names = Object.keys(properties).filter((name) => required.length === 0 || required.includes(name))
  if (depth >= limits.exampleDepth) return {}
  return Object.fromEntries(names.map((name) => [name, exampleOf(objectOf(properties[name]) ?? {}, depth + 1)]))
}
