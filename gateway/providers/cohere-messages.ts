import type { AssistantMessage, ChatRequest, Message, Part } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact } from '../kit/json-fields.ts'
import { lost } from './conversions.ts'

/** The messages of Cohere's v2 chat, and what it cannot be shown. */
export function cohereMessages(chat: ChatRequest): {
  readonly messages: readonly JsonObject[]
  readonly conversions: readonly Conversion[]
} {
  const conversions: Conversion[] = []
  const messages = chat.messages.map((message, index) => {
    const content = (parts: readonly Part[]): JsonValue =>
      writeContent(parts, (at) => conversions.push(lost(`messages[${index}].content[${at}]`, UNKNOWN_PART)))
    return writeMessage(message, content)
  })
  return { messages, conversions }
}

const UNKNOWN_PART = 'is neither text nor a picture, which is all that Cohere takes'

type WriteContent = (parts: readonly Part[]) => JsonValue

function writeMessage(message: Message, content: WriteContent): JsonObject {
  switch (message.role) {
    case 'assistant':
      return assistantMessage(message, content)
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: content(message.content) }
    case 'system':
    case 'user':
    default:
      return { role: message.role, content: content(message.content) }
  }
}

/** What the model planned before it called its tools belongs to the calls; other thoughts are not asked back. */
function assistantMessage(message: AssistantMessage, content: WriteContent): JsonObject {
  const calls = message.toolCalls.map(({ id, name, argumentsJson }) => ({
    id,
    type: 'function',
    function: { name, arguments: argumentsJson === '' ? '{}' : argumentsJson },
  }))
  const plan = message.reasoning.map(({ text }) => text).join('')
  const said = message.content.length > 0 ? content(message.content) : message.refusal
  return compact({
    role: 'assistant',
    content: said === undefined && calls.length === 0 ? '' : said,
    tool_calls: calls.length === 0 ? undefined : calls,
    tool_plan: calls.length === 0 || plan === '' ? undefined : plan,
  })
}

function writeContent(parts: readonly Part[], drop: (index: number) => void): JsonValue {
  const [first] = parts
  if (first === undefined) return ''
  if (parts.length === 1 && first.type === 'text') return first.text
  const written: JsonObject[] = []
  for (const [index, part] of parts.entries()) {
    if (part.type === 'text') written.push({ type: 'text', text: part.text })
    else if (part.type === 'image') {
      const { source, detail } = part
      const url = 'url' in source ? source.url : `data:${source.mediaType};base64,${source.base64}`
      written.push({ type: 'image_url', image_url: compact({ url, detail }) })
    } else drop(index)
  }
  return written
}
