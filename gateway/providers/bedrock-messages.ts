import type { AssistantMessage, ChatRequest, Message, ReasoningPart, ToolCall, ToolMessage } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { compact, parseJson, stringOf } from '../kit/json-fields.ts'
import { cachePoint, contentBlocks, isDocument, type BlockContext } from './bedrock-blocks.ts'
import { makerOf } from './bedrock-model.ts'
import { wireToolId, wireToolName } from './bedrock-names.ts'
import { changed, ignored } from './conversions.ts'
import { appendTurn, openWithUser, type Turn } from './turns.ts'

/** `system` and `messages` of a Converse request. */
export interface Conversation {
  readonly system: readonly JsonObject[]
  readonly messages: readonly JsonObject[]
}

export interface MessageContext extends BlockContext {
  readonly conversions: Conversion[]
}

/**
 * The conversation as Bedrock wants it: what stands before the first turn is `system`, turns of one role that follow each
 * other are one, results of tools come first in theirs, and the first turn is the user's.
 */
export function conversation(chat: ChatRequest, context: MessageContext): Conversation | Failure {
  const opening = chat.messages.findIndex((message) => message.role !== 'system')
  const head = opening === -1 ? chat.messages.length : opening
  const system: JsonObject[] = []
  const turns: Turn[] = []
  for (const [index, message] of chat.messages.entries()) {
    const blocks = writeMessage(message, `messages[${index}]`, { ...context, inside: index >= head })
    if (isFailure(blocks)) return blocks
    if (index < head) system.push(...blocks)
    else appendTurn(turns, message.role === 'assistant' ? 'assistant' : 'user', blocks)
  }
  if (chat.prefill !== undefined) appendTurn(turns, 'assistant', [{ text: chat.prefill }])
  const instructions = openWithUser(turns, system, { dot: { text: '.' }, conversions: context.conversions })
  return { system: instructions, messages: turns.map(writeTurn) }
}

interface Place extends MessageContext {
  /** The conversation has begun: a system message here is one in its middle. */
  readonly inside: boolean
}

function writeMessage(message: Message, field: string, place: Place): readonly JsonObject[] | Failure {
  switch (message.role) {
    case 'assistant':
      return assistantBlocks(message, field, place)
    case 'tool':
      return resultBlocks(message, place)
    case 'system': {
      const blocks = contentBlocks(message.content, place)
      return place.inside && !isFailure(blocks) ? marked(blocks, field, place) : blocks
    }
    case 'user':
    default:
      return contentBlocks(message.content, place)
  }
}

/**
 * An instruction in the middle of the conversation keeps its place, marked as what it is: moved to the beginning it would
 * hold for turns that came before it, and make everything behind it new to the prompt cache.
 */
function marked(blocks: readonly JsonObject[], field: string, { conversions }: Place): readonly JsonObject[] {
  if (blocks.length > 0)
    conversions.push(changed(field, 'is sent inside the turn of the user, marked as a system message'))
  return blocks.map((block) =>
    typeof block['text'] === 'string' ? { ...block, text: `<system>\n${block['text']}\n</system>` } : block,
  )
}

/** What was thought stands before what was said, and that before the calls. */
function assistantBlocks(message: AssistantMessage, field: string, place: Place): readonly JsonObject[] | Failure {
  const said = contentBlocks(message.content, place)
  if (isFailure(said)) return said
  const refusal = said.length === 0 && message.refusal?.trim() ? [{ text: message.refusal }] : []
  const calls = message.toolCalls.flatMap((call) => [callBlock(call), ...cachePoint(call.extra, place.model)])
  return [...thoughts(message.reasoning, field, place), ...said, ...refusal, ...calls]
}

/** Only what the model's own maker signed or encrypted can be shown to it again, and only unchanged. */
function thoughts(parts: readonly ReasoningPart[], field: string, place: Place): readonly JsonObject[] {
  const maker = makerOf(place.model)
  const isSealed = (part: ReasoningPart): boolean => part.redacted !== undefined || (part.signature ?? '') !== ''
  const own = parts.filter((part) => isSealed(part) && (part.maker === undefined || part.maker === maker))
  if (own.length < parts.filter(isSealed).length) {
    place.conversions.push(ignored(`${field}.reasoning`, 'was signed by another maker, who alone can read it'))
  }
  return own.map(({ text, signature, redacted }) => ({
    reasoningContent: redacted === undefined ? { reasoningText: { text, signature } } : { redactedContent: redacted },
  }))
}

function callBlock({ id, name, argumentsJson }: ToolCall): JsonObject {
  return { toolUse: { toolUseId: wireToolId(id), name: wireToolName(name), input: argumentsObject(argumentsJson) } }
}

/** Bedrock takes only objects. What a model wrote that is none is kept under one key, so that it sees its mistake. */
function argumentsObject(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {}
  const value = parseJson(argumentsJson)
  return isJsonObject(value) ? value : { arguments: argumentsJson }
}

/** A tool that gave nothing still needs an answer with something in it. */
const NO_RESULT: readonly JsonObject[] = [{ text: '(no output)' }]

/** Inside a result there is no cache point: one that was set there stands behind it. */
function resultBlocks(message: ToolMessage, place: Place): readonly JsonObject[] | Failure {
  const blocks = contentBlocks(message.content, place)
  if (isFailure(blocks)) return blocks
  const content = blocks.filter((block) => block['cachePoint'] === undefined)
  const result = compact({
    toolUseId: wireToolId(message.toolCallId),
    content: content.length === 0 ? NO_RESULT : content,
    status: message.isError === true && knowsStatus(place) ? 'error' : undefined,
  })
  const point = cachePoint(message.extra, place.model)
  const inner = blocks.filter((block) => block['cachePoint'] !== undefined).slice(-1)
  return [{ toolResult: result }, ...(point.length > 0 ? point : inner)]
}

/** Source: `ToolResultBlock.status`, "only supported by Amazon Nova and Anthropic Claude 3 and 4 models". */
function knowsStatus({ model: { family } }: Place): boolean {
  return family === 'claude' || family === 'nova-1' || family === 'nova-2' || family === 'unknown'
}

function writeTurn({ role, blocks }: Turn, index: number, turns: readonly Turn[]): JsonObject {
  if (role === 'user') return { role, content: withText(resultsFirst(blocks)) }
  return { role, content: index === turns.length - 1 ? withoutTail(blocks) : blocks }
}

/** Results first, each with the cache point behind it. */
function resultsFirst(blocks: readonly JsonObject[]): readonly JsonObject[] {
  if (!blocks.some((block) => block['toolResult'] !== undefined)) return blocks
  const results: JsonObject[] = []
  const others: JsonObject[] = []
  let current = others
  for (const block of blocks) {
    if (block['cachePoint'] === undefined) current = block['toolResult'] === undefined ? others : results
    current.push(block)
  }
  return [...results, ...others]
}

/** A document must not stand alone. */
function withText(blocks: readonly JsonObject[]): readonly JsonObject[] {
  if (!blocks.some(isDocument) || blocks.some((block) => typeof block['text'] === 'string')) return blocks
  return [{ text: '.' }, ...blocks]
}

/** An answer that the model shall continue must not end in white space. */
function withoutTail(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const text = stringOf(blocks.at(-1)?.['text'])
  return text === undefined ? blocks : [...blocks.slice(0, -1), { text: text.trimEnd() }]
}
