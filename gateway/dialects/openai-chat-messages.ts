import type { AssistantMessage, Message, Part, ReasoningPart, ToolCall } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, stringOf, textOf, without } from '../kit/json-fields.ts'
import { extraOf, readParts, withCacheMark } from './openai-chat-parts.ts'
import { unsupported } from './invalid.ts'
import { readReasoningDetails, readThinkingBlocks } from './openai-thinking.ts'
import { readCallSignature } from './openai-tool-signature.ts'
import { contentOf } from './openai-wire.ts'

const ASSISTANT_KEYS: ReadonlySet<string> = new Set([
  'role',
  'content',
  'name',
  'refusal',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'thinking_blocks',
])

const CALL_KEYS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'index',
  'function',
  'extra_content',
  'provider_specific_fields',
])
const TOOL_KEYS: ReadonlySet<string> = new Set(['role', 'content', 'name', 'tool_call_id', 'cache_control'])

/** Messages that passed the checks, in the canonical form; `unsupported` for what has no place in it. */
export function readMessages(messages: readonly JsonValue[]): Message[] | Failure {
  const read: Message[] = []
  // A legacy function result names no call; it answers the last one.
  let lastCallId = ''
  for (const [index, json] of messages.filter(isJsonObject).entries()) {
    const message = readMessage(json, index, lastCallId)
    if (isFailure(message)) return message
    if (message.role === 'assistant') lastCallId = message.toolCalls.at(-1)?.id ?? lastCallId
    read.push(message)
  }
  return read
}

function readMessage(json: JsonObject, position: number, lastCallId: string): Message | Failure {
  const content = readParts(json.content, `messages[${position}].content`)
  if (isFailure(content)) return content
  const name = textOf(json.name)
  const role = stringOf(json.role) ?? ''
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', as: role, content: withCacheMark(content, json), name }
    case 'assistant':
      return readAssistant(json, content, position)
    case 'tool':
    case 'function':
      return {
        role: 'tool',
        toolCallId: stringOf(json.tool_call_id) ?? lastCallId,
        content: withCacheMark(content, json),
        name,
        ...extraOf(json, TOOL_KEYS),
      }
    default:
      return { role: 'user', content: withCacheMark(content, json), name }
  }
}

function readAssistant(json: JsonObject, content: readonly Part[], position: number): AssistantMessage | Failure {
  const toolCalls: ToolCall[] = []
  for (const [index, call] of arrayOf(json.tool_calls).filter(isJsonObject).entries()) {
    const at = `messages[${position}].tool_calls[${index}]`
    if (!isJsonObject(call.function)) return unsupported(at, `\`${at}\` calls a tool that is no function.`)
    const read = readCall(call.function, textOf(call.id) ?? `call_${position}_${index}`)
    toolCalls.push({ ...read, ...readCallSignature(call), ...extraOf(call, CALL_KEYS) })
  }
  // The legacy form has no id, and the result that follows names none; any stable one will do.
  if (isJsonObject(json.function_call)) toolCalls.push(readCall(json.function_call, `call_${position}`))
  return {
    role: 'assistant',
    content,
    reasoning: readReasoning(json),
    toolCalls,
    refusal: textOf(json.refusal) ?? refusalPart(json.content),
    name: textOf(json.name),
    extra: without(json, ASSISTANT_KEYS),
  }
}

/** Arguments are a string on OpenAI's wire; clients that kept an object send it back as one. */
function readCall(definition: JsonObject, id: string): ToolCall {
  const { name, arguments: given } = definition
  const argumentsJson = typeof given === 'string' ? given : JSON.stringify(given ?? {})
  return { id, name: stringOf(name) ?? '', argumentsJson }
}

/** Signed blocks hold the same text as the plain key beside them, and more. */
function readReasoning(json: JsonObject): ReasoningPart[] {
  const blocks = readThinkingBlocks(json.thinking_blocks)
  if (blocks.length > 0) return blocks
  // These stay in `extra` as well: an upstream that gave them wants them back in this very form.
  const details = readReasoningDetails(json.reasoning_details)
  if (details.some(({ signature, redacted }) => (signature ?? redacted) !== undefined)) return details
  const text = contentOf({ message: json }).reasoning
  return text === '' ? [] : [{ text }]
}

function refusalPart(content: JsonValue | undefined): string | undefined {
  const part = arrayOf(content).find((item) => isJsonObject(item) && item.type === 'refusal')
  return isJsonObject(part) ? textOf(part.refusal) : undefined
}
