import type { AssistantMessage, ChatRequest, Message, Part } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import { isFailure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { compact, parseJson } from '../kit/json-fields.ts'
import { calledName } from './openai-messages.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

/**
 * The `messages` of `/api/chat`. Content is one string, images are bare base64 beside it, arguments are objects, and
 * a tool result names its function. An answer to be continued goes last: Ollama continues it.
 */
export function ollamaMessages(chat: ChatRequest, upstream: Upstream): readonly JsonObject[] | Failure {
  const messages: JsonObject[] = []
  for (const message of chat.messages) {
    const written = writeMessage(message, chat.messages, upstream)
    if (isFailure(written)) return written
    messages.push(written)
  }
  if (chat.prefill !== undefined) messages.push({ role: 'assistant', content: chat.prefill })
  return messages
}

function writeMessage(message: Message, all: readonly Message[], upstream: Upstream): JsonObject | Failure {
  const images = imagesOf(message.content, upstream)
  if (isFailure(images)) return images
  const common = {
    role: message.role,
    content: textOf(message.content),
    images: images.length === 0 ? undefined : images,
  }
  if (message.role === 'assistant') return compact({ ...common, ...assistantKeys(message) })
  if (message.role !== 'tool') return compact(common)
  return compact({
    ...common,
    tool_name: message.name ?? calledName(all, message.toolCallId),
    tool_call_id: message.toolCallId,
  })
}

function assistantKeys(message: AssistantMessage): JsonObject {
  const thinking = message.reasoning.map((part) => part.text).join('')
  return {
    thinking: thinking === '' ? undefined : thinking,
    tool_calls:
      message.toolCalls.length === 0
        ? undefined
        : message.toolCalls.map((call) => ({
            id: call.id,
            function: { name: call.name, arguments: argumentsObject(call.argumentsJson) },
          })),
  }
}

/** Ollama takes only objects. What a model wrote that is none is kept under one key, so that it can see its mistake. */
function argumentsObject(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {}
  const value = parseJson(argumentsJson)
  return isJsonObject(value) ? value : { arguments: argumentsJson }
}

function textOf(parts: readonly Part[]): string {
  return parts
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('\n')
}

function imagesOf(parts: readonly Part[], upstream: Upstream): readonly string[] | Failure {
  const images: string[] = []
  for (const part of parts) {
    if (part.type === 'text') continue
    if (part.type !== 'image') return unsupported(upstream, `takes text and images, but no ${part.type} input.`)
    const data = 'url' in part.source ? base64Of(part.source.url) : part.source.base64
    if (data === undefined) {
      return unsupported(upstream, 'takes images only as data, not as a web address. Send a data: URI with base64.')
    }
    images.push(data)
  }
  return images
}

/** The data of a base64 `data:` URI; undefined for any other address. */
function base64Of(url: string): string | undefined {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  return comma !== -1 && url.slice(0, comma).endsWith(';base64') ? url.slice(comma + 1) : undefined
}
