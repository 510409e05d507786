import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { invalid } from './invalid.ts'
import { objectOf, isJsonArray } from '../kit/json-fields.ts'
import { isAbsent } from './openai-parameters.ts'

const ROLES: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])
/** These speak even when they have nothing to say: an assistant that only calls tools, a tool without a result. */
const MAY_BE_SILENT: ReadonlySet<string> = new Set(['assistant', 'tool', 'function'])
const EXAMPLE = '{"role": "user", "content": "Hello"}'

/** The first message that no upstream could understand. */
export function checkMessages(messages: JsonValue | undefined): Failure | undefined {
  if (isAbsent(messages)) {
    return invalid('messages', `\`messages\` is missing. Send an array with at least one message such as ${EXAMPLE}.`)
  }
  if (!isJsonArray(messages)) {
    return invalid('messages', `\`messages\` must be an array of messages such as ${EXAMPLE}.`)
  }
  if (messages.length === 0) {
    return invalid('messages', `\`messages\` is empty. Send at least one message such as ${EXAMPLE}.`)
  }
  return firstFailure(messages, (message, index) => checkMessage(message, `messages[${index}]`))
}

function checkMessage(message: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(message)) return invalid(path, `\`${path}\` must be an object such as ${EXAMPLE}.`)
  const { role, content } = message
  if (typeof role !== 'string' || !ROLES.has(role)) {
    const said = isAbsent(role) ? 'is missing' : 'is unknown'
    return invalid(`${path}.role`, `\`${path}.role\` ${said}. It must be one of: ${[...ROLES].join(', ')}.`)
  }
  if (role === 'tool' && typeof message.tool_call_id !== 'string') {
    const remedy = 'Send the id of the tool call that this message answers.'
    return invalid(`${path}.tool_call_id`, `\`${path}.tool_call_id\` is missing. ${remedy}`)
  }
  return checkContent(content, `${path}.content`, MAY_BE_SILENT.has(role)) ?? checkToolCalls(message, path)
}

function checkContent(content: JsonValue | undefined, path: string, maySilent: boolean): Failure | undefined {
  if (typeof content === 'string') return undefined
  if (isJsonArray(content)) return firstFailure(content, (part, index) => checkPart(part, `${path}[${index}]`))
  if (isAbsent(content) && maySilent) return undefined
  return invalid(path, `\`${path}\` must be a string or an array of parts such as {"type": "text", "text": "Hello"}.`)
}

/** Parts of unknown types may mean something to the upstream; known ones must be whole. */
function checkPart(part: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(part) || typeof part.type !== 'string') {
    return invalid(path, `\`${path}\` must be an object with a \`type\`, such as {"type": "text", "text": "Hello"}.`)
  }
  if (part.type === 'text' && typeof part.text !== 'string') {
    return invalid(`${path}.text`, `\`${path}.text\` must be a string.`)
  }
  if (part.type === 'image_url' && imageUrl(part) === undefined) {
    const remedy = 'Send {"url": "https://..."} or {"url": "data:image/png;base64,..."}.'
    return invalid(`${path}.image_url`, `\`${path}.image_url\` has no \`url\`. ${remedy}`)
  }
  if (part.type === 'input_audio' && typeof objectOf(part.input_audio)?.data !== 'string') {
    return invalid(`${path}.input_audio`, `\`${path}.input_audio\` must have \`data\` (base64) and \`format\`.`)
  }
  if (part.type === 'file' && objectOf(part.file) === undefined) {
    return invalid(`${path}.file`, `\`${path}.file\` must be an object with \`file_id\` or \`file_data\`.`)
  }
  return undefined
}

/** OpenAI wants `{url}`; several clients send the bare string. */
export function imageUrl(part: JsonObject): string | undefined {
  const url = objectOf(part.image_url)?.url ?? part.image_url
  return typeof url === 'string' ? url : undefined
}

function checkToolCalls(message: JsonObject, path: string): Failure | undefined {
  const calls = message.tool_calls
  if (isAbsent(calls)) return undefined
  if (!isJsonArray(calls)) return invalid(`${path}.tool_calls`, `\`${path}.tool_calls\` must be an array.`)
  return firstFailure(calls, (call, index) => {
    const at = `${path}.tool_calls[${index}]`
    if (!isJsonObject(call)) return invalid(at, `\`${at}\` must be an object.`)
    if (!isAbsent(call.type) && call.type !== 'function') return undefined
    const name = objectOf(call.function)?.name
    return typeof name === 'string' ? undefined : invalid(`${at}.function.name`, `\`${at}.function.name\` is missing.`)
  })
}

/** The first item's failure, in the order of the list. */
export function firstFailure(
  items: readonly JsonValue[],
  check: (item: JsonValue, index: number) => Failure | undefined,
): Failure | undefined {
  for (const [index, item] of items.entries()) {
    const failure = check(item, index)
    if (failure !== undefined) return failure
  }
  return undefined
}
