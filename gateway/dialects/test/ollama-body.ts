import type { Message, Part } from '../../contract/chat.ts'
import type { JsonObject } from '../../contract/json.ts'
import { parseObject } from '../../kit/json-fields.ts'

/** The body of `/api/chat` that a client would send for these messages: naive, and no code of the product. */
export function chatToOllama(messages: readonly Message[]): JsonObject {
  return { model: 'm', messages: messages.map(toOllama) }
}

function toOllama(message: Message): JsonObject {
  const common: JsonObject = { role: message.role, content: textOf(message.content), images: imagesOf(message.content) }
  switch (message.role) {
    case 'tool':
      return { ...common, tool_name: message.name, tool_call_id: message.toolCallId }
    case 'assistant':
      return {
        ...common,
        thinking: message.reasoning.map(({ text }) => text).join(''),
        tool_calls: message.toolCalls.map(({ id, name, argumentsJson }) => ({
          id,
          function: { name, arguments: parseObject(argumentsJson) },
        })),
      }
    case 'system':
    case 'user':
    default:
      return common
  }
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

function imagesOf(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((part) => (part.type === 'image' && 'base64' in part.source ? [part.source.base64] : []))
}
