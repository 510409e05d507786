import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray, objectOf, stringOf } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { firstFailure } from './openai-chat-check-messages.ts'
import { isAbsent } from './openai-parameters.ts'

const ROLES: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool'])
const EXAMPLE = '{"role": "user", "content": "Hello"}'

/** The first mistake in the `messages` of `/api/chat`; an empty list asks to load the model and is none. */
export function checkOllamaMessages(messages: JsonValue | undefined): Failure | undefined {
  if (isAbsent(messages)) return undefined
  if (!isJsonArray(messages))
    return invalid('messages', `\`messages\` must be an array of messages such as ${EXAMPLE}.`)
  return firstFailure(messages, (message, index) => checkMessage(message, `messages[${index}]`))
}

function checkMessage(message: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(message)) return invalid(path, `\`${path}\` must be an object such as ${EXAMPLE}.`)
  if (!ROLES.has(roleOf(message))) {
    return invalid(`${path}.role`, `\`${path}.role\` must be one of: ${[...ROLES].join(', ')}.`)
  }
  if (!isAbsent(message['content']) && typeof message['content'] !== 'string') {
    const remedy = 'Pictures go into `images`, as base64.'
    return invalid(`${path}.content`, `\`${path}.content\` must be a string. ${remedy}`)
  }
  if (!isAbsent(message['thinking']) && typeof message['thinking'] !== 'string') {
    return invalid(`${path}.thinking`, `\`${path}.thinking\` must be a string.`)
  }
  return checkImages(message['images'], `${path}.images`) ?? checkCalls(message['tool_calls'], `${path}.tool_calls`)
}

/** The role in lower case, as Ollama reads it. */
export function roleOf(message: JsonObject): string {
  return (stringOf(message['role']) ?? '').toLowerCase()
}

/** Pictures are base64 texts; an address would have to be fetched, which no wire of a model does for its client. */
export function checkImages(images: JsonValue | undefined, path: string): Failure | undefined {
  if (isAbsent(images)) return undefined
  if (!isJsonArray(images)) return invalid(path, `\`${path}\` must be an array of base64 strings.`)
  return firstFailure(images, (image, index) => {
    if (typeof image === 'string' && isBase64(image)) return undefined
    return invalid(`${path}[${index}]`, `\`${path}[${index}]\` must be a picture as base64.`)
  })
}

/** Of a picture of megabytes its beginning tells; some clients send a data: URI. */
function isBase64(image: string): boolean {
  return /^(?:data:[\w.+-]+\/[\w.+-]+;base64,)?[\w+/=\s-]+$/.test(image.slice(0, 1_000))
}

function checkCalls(calls: JsonValue | undefined, path: string): Failure | undefined {
  if (isAbsent(calls)) return undefined
  if (!isJsonArray(calls)) return invalid(path, `\`${path}\` must be an array.`)
  return firstFailure(calls, (call, index) => {
    const at = `${path}[${index}].function`
    const name = objectOf(objectOf(call)?.['function'])?.['name']
    return typeof name === 'string' && name !== '' ? undefined : invalid(at, `\`${at}\` must have a \`name\`.`)
  })
}

/** The first mistake in `tools`: functions only, of any name, because Ollama's models are told them as text. */
export function checkOllamaTools(tools: JsonValue | undefined): Failure | undefined {
  if (isAbsent(tools)) return undefined
  if (!isJsonArray(tools)) return invalid('tools', '`tools` must be an array.')
  return firstFailure(tools, (tool, index) => {
    const at = `tools[${index}].function`
    const definition = objectOf(objectOf(tool)?.['function'])
    if (definition === undefined)
      return invalid(at, `\`${at}\` is missing. A tool is {"type": "function", "function": {...}}.`)
    const { name, parameters } = definition
    if (typeof name !== 'string' || name === '') return invalid(`${at}.name`, `\`${at}.name\` is missing.`)
    if (isAbsent(parameters) || isJsonObject(parameters)) return undefined
    return invalid(`${at}.parameters`, `\`${at}.parameters\` must be a JSON Schema object.`)
  })
}
