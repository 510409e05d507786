import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { firstFailure } from './openai-chat-check-messages.ts'
import { isAbsent } from './openai-parameters.ts'

const ROLES: ReadonlySet<JsonValue | undefined> = new Set(['user', 'assistant', 'system'])
const EXAMPLE = '{"role": "user", "content": "Hello"}'
const TEXT_BLOCK = '{"type": "text", "text": "Hello"}'

/**
 * The first message that no upstream could understand. Blocks of unknown types may mean something to the upstream.
 * Of a conversation that is continued, the beginning is somewhere else.
 */
export function checkConversation(
  messages: JsonValue | undefined,
  { isContinued }: { readonly isContinued: boolean },
): Failure | undefined {
  if (isAbsent(messages)) {
    return invalid('messages', `\`messages\` is missing. Send an array with at least one message such as ${EXAMPLE}.`)
  }
  if (!isJsonArray(messages)) {
    return invalid('messages', `\`messages\` must be an array of messages such as ${EXAMPLE}.`)
  }
  if (messages.length === 0 && !isContinued) {
    return invalid('messages', `\`messages\` is empty. Send at least one message such as ${EXAMPLE}.`)
  }
  const called = isContinued ? undefined : new Set<JsonValue | undefined>()
  return firstFailure(messages, (message, index) => checkMessage(message, `messages.${index}`, called))
}

/** `system` is a string or text blocks. */
export function checkSystem(system: JsonValue | undefined): Failure | undefined {
  return isAbsent(system) ? undefined : checkContent(system, 'system', new Set())
}

/** Ids of the tool calls so far, which a result must answer; undefined where nobody here knows them. */
type Called = Set<JsonValue | undefined> | undefined

function checkMessage(message: JsonValue, path: string, called: Called): Failure | undefined {
  if (!isJsonObject(message)) return invalid(path, `\`${path}\` must be an object such as ${EXAMPLE}.`)
  if (!ROLES.has(message.role)) {
    const said = isAbsent(message.role) ? 'is missing' : 'is unknown'
    const remedy = 'It must be "user" or "assistant"; instructions go into `system` at the top.'
    return invalid(`${path}.role`, `\`${path}.role\` ${said}. ${remedy}`)
  }
  return checkContent(message.content, `${path}.content`, called)
}

function checkContent(content: JsonValue | undefined, path: string, called: Called): Failure | undefined {
  if (typeof content === 'string') return undefined
  if (!isJsonArray(content)) {
    const said = isAbsent(content) ? 'is missing' : 'is not understood'
    return invalid(path, `\`${path}\` ${said}. It must be a string or an array of blocks such as ${TEXT_BLOCK}.`)
  }
  return firstFailure(content, (block, index) => checkBlock(block, `${path}.${index}`, called))
}

function checkBlock(block: JsonValue, path: string, called: Called): Failure | undefined {
  if (!isJsonObject(block) || typeof block.type !== 'string') {
    return invalid(path, `\`${path}\` must be an object with a \`type\`, such as ${TEXT_BLOCK}.`)
  }
  switch (block.type) {
    case 'text':
      return checkText(block, `${path}.text`, 'text')
    case 'thinking':
      return checkText(block, `${path}.thinking`, 'thinking')
    case 'image':
    case 'document':
      return checkSource(block, path)
    case 'tool_use':
      called?.add(block.id)
      return checkText(block, `${path}.id`, 'id') ?? checkText(block, `${path}.name`, 'name')
    case 'tool_result':
      return checkResult(block, path, called)
    default:
      return undefined
  }
}

function checkText(block: JsonObject, path: string, key: string): Failure | undefined {
  if (typeof block[key] === 'string') return undefined
  const said = isAbsent(block[key]) ? 'is missing. It must' : 'must'
  return invalid(path, `\`${path}\` ${said} be a string.`)
}

/** What each kind of source must have; others may mean something to the upstream. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  base64: ['media_type', 'data'],
  url: ['url'],
  file: ['file_id'],
  text: ['data'],
}

function checkSource({ source }: JsonObject, path: string): Failure | undefined {
  if (!isJsonObject(source) || typeof source.type !== 'string') {
    const remedy = 'Send {"type": "base64", "media_type": "image/png", "data": "..."} or {"type": "url", "url": "..."}.'
    return invalid(`${path}.source`, `\`${path}.source\` must be an object with a \`type\`. ${remedy}`)
  }
  const missing = Object.hasOwn(SOURCES, source.type)
    ? SOURCES[source.type]?.find((key) => typeof source[key] !== 'string')
    : undefined
  return missing === undefined ? undefined : checkText(source, `${path}.source.${missing}`, missing)
}

function checkResult(block: JsonObject, path: string, called: Called): Failure | undefined {
  const failure = checkText(block, `${path}.tool_use_id`, 'tool_use_id')
  if (failure !== undefined) return failure
  if (called !== undefined && !called.has(block.tool_use_id)) {
    const remedy = 'Send the assistant message with its `tool_use` block before the result.'
    return invalid(`${path}.tool_use_id`, `\`${path}.tool_use_id\` answers a tool call that is not there. ${remedy}`)
  }
  return isAbsent(block.content) ? undefined : checkContent(block.content, `${path}.content`, new Set())
}
