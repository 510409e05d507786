import type { AssistantMessage, ChatRequest, FilePart, Message, Part, ReasoningPart } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact } from '../kit/json-fields.ts'
import { lost } from './conversions.ts'

/** The conversation in the words of the Responses API. */
export interface ResponsesInput {
  /** The system messages at its beginning. */
  readonly instructions: string | undefined
  readonly input: readonly JsonObject[]
  readonly conversions: readonly Conversion[]
}

/**
 * Messages as input items. A turn of the assistant becomes several: its reasoning, its text, its calls, in the order in
 * which they were made.
 */
export function responsesInput(chat: ChatRequest): ResponsesInput {
  const writing = new Writing()
  const { messages } = chat
  const firstOther = messages.findIndex((message) => !isInstruction(message))
  // A conversation of instructions alone still needs some input.
  const from = Math.max(firstOther, 0)
  for (const [offset, message] of messages.slice(from).entries()) writing.message(message, `messages[${from + offset}]`)
  const instructions = messages
    .slice(0, from)
    .map((message) => textOfParts(message.content))
    .join('\n\n')
  return {
    instructions: instructions === '' ? undefined : instructions,
    input: writing.input,
    conversions: writing.conversions,
  }
}

function isInstruction(message: Message): boolean {
  return message.role === 'system' && message.content.every((part) => part.type === 'text')
}

class Writing {
  readonly input: JsonObject[] = []
  readonly conversions: Conversion[] = []

  message(message: Message, field: string): void {
    switch (message.role) {
      case 'system':
        this.input.push({ role: message.as, content: this.#content(message.content, field) })
        break
      case 'user':
        this.input.push({ role: 'user', content: this.#content(message.content, field) })
        break
      case 'assistant':
        this.#assistant(message, field)
        break
      case 'tool':
      default:
        this.input.push({
          type: 'function_call_output',
          call_id: message.toolCallId,
          output: this.#content(message.content, field),
        })
    }
  }

  #assistant(message: AssistantMessage, field: string): void {
    const content = this.#said(message, field)
    // Reasoning without what it led to is refused.
    if (content.length === 0 && message.toolCalls.length === 0) return
    for (const part of message.reasoning) {
      const item = reasoningItem(part)
      if (item !== undefined) this.input.push(item)
    }
    if (content.length > 0) this.input.push({ role: 'assistant', content })
    for (const call of message.toolCalls) {
      // An empty string is what models without arguments stream; as history it is invalid JSON for strict servers.
      const text = call.argumentsJson === '' ? '{}' : call.argumentsJson
      this.input.push({ type: 'function_call', call_id: call.id, name: call.name, arguments: text })
    }
  }

  #said(message: AssistantMessage, field: string): readonly JsonObject[] {
    const content: JsonObject[] = []
    for (const [index, part] of message.content.entries()) {
      if (part.type !== 'text') {
        this.conversions.push(lost(`${field}.content[${index}]`, 'is a kind of content that an assistant cannot say'))
      } else if (part.text !== '') {
        content.push({ type: 'output_text', text: part.text })
      }
    }
    if (message.refusal !== undefined) content.push({ type: 'refusal', refusal: message.refusal })
    return content
  }

  #content(parts: readonly Part[], field: string): JsonValue {
    const [first] = parts
    if (first === undefined) return ''
    if (parts.length === 1 && first.type === 'text') return first.text
    const written: JsonObject[] = []
    for (const [index, part] of parts.entries()) {
      const json = writePart(part)
      if (json === undefined) this.conversions.push(lost(`${field}.content[${index}]`, NO_AUDIO))
      else written.push(json)
    }
    return written
  }
}

const NO_AUDIO = 'is sound, which the Responses API does not take'

function writePart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image': {
      const { source, detail } = part
      const url = 'url' in source ? source.url : `data:${source.mediaType};base64,${source.base64}`
      return compact({ type: 'input_image', image_url: url, detail })
    }
    case 'file':
      return writeFile(part)
    case 'audio':
    default:
      return undefined
  }
}

function writeFile({ fileId, filename, data }: FilePart): JsonObject {
  if (fileId !== undefined) return { type: 'input_file', file_id: fileId }
  if (data !== undefined && /^https?:/i.test(data)) return { type: 'input_file', file_url: data }
  return compact({ type: 'input_file', filename: filename ?? 'document.pdf', file_data: data })
}

/**
 * What OpenAI encrypted goes back under the id that it came with. Without encryption there is nothing to send: an id
 * alone would only be found by who stored the response.
 */
function reasoningItem({ text, redacted, maker, id }: ReasoningPart): JsonObject | undefined {
  if (redacted === undefined || (maker !== undefined && maker !== 'openai')) return undefined
  return compact({
    type: 'reasoning',
    id,
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    encrypted_content: redacted,
  })
}

function textOfParts(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}
