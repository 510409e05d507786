import type { ImagePart, Message, Part, ToolCall } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { roleOf } from './ollama-check-messages.ts'

/** The messages of `/api/chat` in the canonical form; they have passed the checks. */
export function readOllamaMessages(messages: JsonValue | undefined): readonly Message[] {
  const calls = new OpenCalls()
  return arrayOf(messages)
    .filter(isJsonObject)
    .map((message, position) => readMessage(message, position, calls))
}

function readMessage(json: JsonObject, position: number, calls: OpenCalls): Message {
  const content = readOllamaContent(json['content'], json['images'])
  const role = roleOf(json)
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', as: role, content, name: undefined }
    case 'assistant': {
      const thinking = textOf(json['thinking'])
      return {
        role: 'assistant',
        content,
        reasoning: thinking === undefined ? [] : [{ text: thinking }],
        toolCalls: calls.open(readCalls(json['tool_calls'], position)),
        refusal: undefined,
        name: undefined,
        extra: {},
      }
    }
    case 'tool': {
      const name = textOf(json['tool_name']) ?? textOf(json['name'])
      const answered = calls.answer(textOf(json['tool_call_id']), name)
      return { role: 'tool', toolCallId: answered?.id ?? `call_${position}`, content, name: name ?? answered?.name }
    }
    default:
      return { role: 'user', content, name: undefined }
  }
}

/** Pictures before the text: so does Ollama put them into the prompt. */
export function readOllamaContent(text: JsonValue | undefined, images: JsonValue | undefined): Part[] {
  const parts: Part[] = arrayOf(images).map((image) => readImage(stringOf(image) ?? ''))
  const content = textOf(text)
  if (content !== undefined) parts.push({ type: 'text', text: content })
  return parts
}

/** The first characters of a file's base64 tell its kind; Ollama's wire does not. */
const MEDIA_TYPES: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function readImage(image: string): ImagePart {
  // Clients that come from OpenAI's wire leave the head of their data URI on.
  const uri = /^data:([^;,]*)[^,]*,/.exec(image.slice(0, 100))
  const base64 = uri === null ? image : image.slice(uri[0].length)
  const told = MEDIA_TYPES.find(([start]) => base64.startsWith(start))?.[1]
  return { type: 'image', source: { base64, mediaType: told ?? textOf(uri?.[1]) ?? 'image/png' } }
}

/** Older servers and typed clients give calls no ids; made from the place in the conversation, they stay the same. */
function readCalls(calls: JsonValue | undefined, position: number): readonly ToolCall[] {
  return arrayOf(calls)
    .filter(isJsonObject)
    .map((call, index) => {
      const definition = objectOf(call['function']) ?? {}
      return {
        id: textOf(call['id']) ?? `call_${position}_${index}`,
        name: stringOf(definition['name']) ?? '',
        argumentsJson: argumentsText(definition['arguments']),
      }
    })
}

/** An object on this wire; clients that come from OpenAI's send its text. */
function argumentsText(given: JsonValue | undefined): string {
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}

/** Which call a tool's result belongs to: by id, else by name, else the oldest call without one. */
class OpenCalls {
  readonly #known = new Map<string, ToolCall>()
  readonly #waiting = new Set<ToolCall>()

  open(calls: readonly ToolCall[]): readonly ToolCall[] {
    for (const call of calls) {
      this.#known.set(call.id, call)
      this.#waiting.add(call)
    }
    return calls
  }

  answer(
    id: string | undefined,
    name: string | undefined,
  ): { readonly id: string; readonly name?: string } | undefined {
    const waiting = [...this.#waiting]
    const found =
      (id === undefined ? undefined : this.#known.get(id)) ?? waiting.find((call) => call.name === name) ?? waiting[0]
    if (found === undefined) return id === undefined ? undefined : { id }
    this.#waiting.delete(found)
    return found
  }
}
