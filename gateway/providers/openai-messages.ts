import type {
  AssistantMessage,
  ChatRequest,
  ImagePart,
  Message,
  Part,
  SystemMessage,
  TextPart,
  ToolMessage,
  UserMessage,
} from '../contract/chat.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact, without } from '../kit/json-fields.ts'
import type { Quirks } from './openai-quirks.ts'

/** The `messages` of an OpenAI chat request, with the answer's beginning last when there is one to continue. */
export function openAiMessages(chat: ChatRequest, quirks: Quirks): readonly JsonObject[] {
  const loopStart = chat.messages.findLastIndex((message) => message.role === 'user')
  const messages = chat.messages.map((message, index) =>
    writeMessage(message, { chat, quirks, inLoop: index > loopStart }),
  )
  if (chat.prefill === undefined) return messages
  return [...messages, { role: 'assistant', content: chat.prefill, ...quirks.prefill?.message }]
}

interface Context {
  readonly chat: ChatRequest
  readonly quirks: Quirks
  /** After the last user message: the model is still at work with its tools. */
  readonly inLoop: boolean
}

function writeMessage(message: Message, context: Context): JsonObject {
  switch (message.role) {
    case 'system':
      return systemMessage(message, context.quirks)
    case 'user':
      return userMessage(message, context.quirks)
    case 'assistant':
      return assistantMessage(message, context)
    case 'tool':
    default:
      return toolMessage(message, context)
  }
}

function systemMessage(message: SystemMessage, quirks: Quirks): JsonObject {
  const role = quirks.developerRole === true ? message.as : 'system'
  return compact({ role, content: content(message.content, quirks), name: nameOf(message.name, quirks) })
}

function userMessage(message: UserMessage, quirks: Quirks): JsonObject {
  return compact({ role: 'user', content: content(message.content, quirks), name: nameOf(message.name, quirks) })
}

function assistantMessage(message: AssistantMessage, { quirks, inLoop }: Context): JsonObject {
  const hasCalls = message.toolCalls.length > 0
  const empty = hasCalls && quirks.emptyContent !== '' ? null : ''
  const reasoning = message.reasoning.map((part) => part.text).join('')
  const replayed = inLoop && quirks.replayReasoning !== undefined && reasoning !== ''
  return compact({
    ...(quirks.messageExtras === false ? {} : message.extra),
    role: 'assistant',
    content: message.content.length === 0 ? empty : content(message.content, quirks),
    ...(replayed ? { reasoning_content: reasoning } : {}),
    refusal: quirks.messageExtras === false ? undefined : message.refusal,
    name: nameOf(message.name, quirks),
    tool_calls: hasCalls ? message.toolCalls.map((call) => toolCall(call, quirks)) : undefined,
  })
}

function toolCall(call: AssistantMessage['toolCalls'][number], quirks: Quirks): JsonObject {
  // An empty string is what models without arguments stream; as history it is invalid JSON for strict servers.
  const text = call.argumentsJson === '' ? '{}' : call.argumentsJson
  return { id: quirks.toolId?.(call.id) ?? call.id, type: 'function', function: { name: call.name, arguments: text } }
}

function toolMessage(message: ToolMessage, { chat, quirks }: Context): JsonObject {
  return compact({
    role: 'tool',
    tool_call_id: quirks.toolId?.(message.toolCallId) ?? message.toolCallId,
    name: quirks.toolName === true ? (message.name ?? calledName(chat.messages, message.toolCallId)) : undefined,
    content: content(message.content, quirks),
  })
}

/** The function behind a tool call id: some servers reuse ids on every turn, so the latest call counts. */
export function calledName(messages: readonly Message[], toolCallId: string): string | undefined {
  return messages
    .flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []))
    .findLast((call) => call.id === toolCallId)?.name
}

function nameOf(name: string | undefined, quirks: Quirks): string | undefined {
  return quirks.messageExtras === false ? undefined : name
}

/** One plain text is a string, as every server understands it; anything richer is a list of parts. */
function content(parts: readonly Part[], quirks: Quirks): JsonValue {
  if (parts.length === 0) return ''
  const texts = parts.map((part) => (part.type === 'text' ? part.text : undefined))
  const allText = texts.every((text) => text !== undefined)
  const [first] = parts
  const plain = parts.length === 1 && first?.type === 'text' && !hasKeys(extraOf(first, quirks))
  if (allText && (plain || quirks.joinText === true)) return texts.join('\n')
  return parts.map((part) => writePart(part, quirks))
}

/** Marks for Anthropic's prompt cache mean nothing to most servers, and strict ones refuse them. */
function extraOf({ extra }: TextPart | ImagePart, quirks: Quirks): JsonObject {
  if (extra === undefined) return NO_EXTRA
  return quirks.cacheMarks === true ? extra : without(extra, CACHE_MARK)
}

const NO_EXTRA: JsonObject = {}
const CACHE_MARK: ReadonlySet<string> = new Set(['cache_control', 'cachePoint'])

function hasKeys(object: JsonObject): boolean {
  return Object.keys(object).length > 0
}

function writePart(part: Part, quirks: Quirks): JsonObject {
  switch (part.type) {
    case 'text':
      return { ...extraOf(part, quirks), type: 'text', text: part.text }
    case 'image':
      return {
        ...extraOf(part, quirks),
        type: 'image_url',
        image_url: compact({
          url: 'url' in part.source ? part.source.url : `data:${part.source.mediaType};base64,${part.source.base64}`,
          detail: part.detail,
        }),
      }
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.base64, format: part.format } }
    case 'file':
    default:
      return { type: 'file', file: compact({ file_id: part.fileId, filename: part.filename, file_data: part.data }) }
  }
}
