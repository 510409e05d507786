import type { AssistantMessage, ChatRequest, Message, SystemMessage, ToolCall, ToolMessage } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { compact, parseJson } from '../kit/json-fields.ts'
import { contentBlocks, ownKeys } from './anthropic-blocks.ts'
import { anthropicToolId } from './anthropic-tool-id.ts'
import { changed, lost } from './conversions.ts'
import { appendTurn, openWithUser, type Turn } from './turns.ts'

/** `system` and `messages` of a Messages request. */
export interface Conversation {
  readonly system: readonly JsonObject[]
  readonly messages: readonly JsonObject[]
}

/**
 * The conversation as Anthropic wants it: what stands before the first turn is `system`, turns of one role that follow
 * each other are one, results of tools come first in theirs, and the first turn is the user's.
 */
export function conversation(chat: ChatRequest, conversions: Conversion[]): Conversation {
  const opening = chat.messages.findIndex((message) => message.role !== 'system')
  const head = opening === -1 ? chat.messages.length : opening
  const system: JsonObject[] = []
  const turns: Turn[] = []
  for (const [index, message] of chat.messages.entries()) {
    const field = `messages[${index}]`
    if (index < head) system.push(...systemBlocks(message, { field, conversions }))
    else addTurn(turns, message, { field, conversions })
  }
  if (chat.prefill !== undefined) appendTurn(turns, 'assistant', [{ type: 'text', text: chat.prefill }])
  const instructions = openWithUser(turns, system, { dot: { type: 'text', text: '.' }, conversions })
  return { system: instructions, messages: turns.map(writeTurn) }
}

interface Place {
  readonly field: string
  readonly conversions: Conversion[]
}

/** `system` holds text and nothing else. */
function systemBlocks(message: Message, { field, conversions }: Place): readonly JsonObject[] {
  return contentBlocks(message.content, `${field}.content`, conversions).filter((block) => {
    const isText = block['type'] === 'text'
    if (!isText)
      conversions.push(
        lost(`${field}.content`, 'holds more than text, which Anthropic does not take as a system prompt'),
      )
    return isText
  })
}

function addTurn(turns: Turn[], message: Message, place: Place): void {
  const { field, conversions } = place
  switch (message.role) {
    case 'system':
      return appendTurn(turns, 'user', instructionBlocks(message, place))
    case 'user':
      return appendTurn(turns, 'user', contentBlocks(message.content, `${field}.content`, conversions))
    case 'assistant':
      return appendTurn(turns, 'assistant', assistantBlocks(message, place))
    case 'tool':
    default:
      return appendTurn(turns, 'user', [resultBlock(message, place)])
  }
}

/**
 * An instruction in the middle of the conversation keeps its place, marked as what it is: moved to the beginning it would
 * hold for turns that came before it, and make everything behind it new to the prompt cache.
 */
function instructionBlocks(message: SystemMessage, { field, conversions }: Place): readonly JsonObject[] {
  const blocks = contentBlocks(message.content, `${field}.content`, conversions)
  if (blocks.length > 0)
    conversions.push(changed(field, 'is sent inside the turn of the user, marked as a system message'))
  return blocks.map((block) =>
    typeof block['text'] === 'string' ? { ...block, text: `<system>\n${block['text']}\n</system>` } : block,
  )
}

/** What was thought stands before what was said, and that before the calls. */
function assistantBlocks(message: AssistantMessage, { field, conversions }: Place): readonly JsonObject[] {
  const thinking = message.reasoning.map(thinkingBlock).filter((block) => block !== undefined)
  const said = contentBlocks(message.content, `${field}.content`, conversions)
  const refusal = message.refusal?.trim() ? [{ type: 'text', text: message.refusal }] : []
  return [...thinking, ...said, ...(said.length === 0 ? refusal : []), ...message.toolCalls.map(callBlock)]
}

/** Only what Anthropic itself signed or encrypted can be shown to it again, and only unchanged. */
export function thinkingBlock(part: AssistantMessage['reasoning'][number]): JsonObject | undefined {
  if (part.maker !== undefined && part.maker !== 'anthropic') return undefined
  if (part.redacted !== undefined) return { type: 'redacted_thinking', data: part.redacted }
  if (part.signature === undefined || part.signature === '') return undefined
  return { type: 'thinking', thinking: part.text, signature: part.signature }
}

function callBlock(call: ToolCall): JsonObject {
  const { id, name, argumentsJson, extra } = call
  const input = argumentsObject(argumentsJson)
  return { type: 'tool_use', id: anthropicToolId(id), name, input, ...ownKeys(extra, CALL_KEYS) }
}

const CALL_KEYS = ['cache_control', 'caller', 'toolset_name']

/** Anthropic takes only objects. What a model wrote that is none is kept under one key, so that it sees its mistake. */
function argumentsObject(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {}
  const value = parseJson(argumentsJson)
  return isJsonObject(value) ? value : { arguments: argumentsJson }
}

function resultBlock(message: ToolMessage, { field, conversions }: Place): JsonObject {
  const content = contentBlocks(message.content, `${field}.content`, conversions)
  return compact({
    type: 'tool_result',
    tool_use_id: anthropicToolId(message.toolCallId),
    content: content.length === 0 ? undefined : content,
    is_error: message.isError,
    ...ownKeys(message.extra, RESULT_KEYS),
  })
}

const RESULT_KEYS = ['cache_control', 'toolset_name']

function writeTurn({ role, blocks }: Turn, index: number, turns: readonly Turn[]): JsonObject {
  if (role === 'user') return { role, content: resultsFirst(blocks) }
  return { role, content: index === turns.length - 1 ? withoutTail(blocks) : blocks }
}

function resultsFirst(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const isResult = (block: JsonObject): boolean => block['type'] === 'tool_result'
  if (!blocks.some(isResult)) return blocks
  return [...blocks.filter(isResult), ...blocks.filter((block) => !isResult(block))]
}

/** An answer that the model shall continue must not end in white space. */
function withoutTail(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const last = blocks.at(-1)
  if (last?.['type'] !== 'text' || typeof last['text'] !== 'string') return blocks
  return [...blocks.slice(0, -1), { ...last, text: last['text'].trimEnd() }]
}
