import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray, objectOf, stringOf } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { firstFailure } from './openai-chat-check-messages.ts'
import { isAbsent } from './openai-parameters.ts'
import { isMessageItem } from './responses-input.ts'

const ROLES: readonly string[] = ['user', 'assistant', 'system', 'developer']
const EXAMPLE = '{"role": "user", "content": "Hello"}'

/** The first thing in `instructions` and `input` that no upstream could understand. */
export function checkInput(body: JsonObject): Failure | undefined {
  const { input, instructions } = body
  if (!isAbsent(instructions) && typeof instructions !== 'string') {
    return invalid('instructions', '`instructions` must be a string.')
  }
  if (typeof input === 'string') return undefined
  if (isAbsent(input)) {
    if (hasHistory(body)) return undefined
    return invalid('input', `\`input\` is missing. Send a string, or an array of items such as ${EXAMPLE}.`)
  }
  if (!isJsonArray(input))
    return invalid('input', `\`input\` must be a string or an array of items such as ${EXAMPLE}.`)
  if (input.length === 0 && !hasHistory(body)) {
    return invalid('input', `\`input\` is empty. Send at least one item such as ${EXAMPLE}.`)
  }
  return firstFailure(input, (item, index) => checkItem(item, `input[${index}]`))
}

/** What was said is kept elsewhere, so that nothing more has to be said. */
function hasHistory(body: JsonObject): boolean {
  return !isAbsent(body.previous_response_id) || !isAbsent(body.conversation) || !isAbsent(body.prompt)
}

/** Items of unknown types may mean something to the upstream; known ones must be whole. */
function checkItem(item: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(item)) return invalid(path, `\`${path}\` must be an object such as ${EXAMPLE}.`)
  if (isMessageItem(item)) return checkMessage(item, path)
  switch (stringOf(item.type) ?? '') {
    case 'function_call':
      return checkTexts(item, path, ['call_id', 'name', 'arguments'])
    case 'custom_tool_call':
      return checkTexts(item, path, ['call_id', 'name', 'input'])
    case 'function_call_output':
    case 'custom_tool_call_output':
      return checkTexts(item, path, ['call_id']) ?? checkContent(item.output, `${path}.output`)
    case 'item_reference':
      return checkTexts(item, path, ['id'])
    default:
      return typeof item.type === 'string' ? undefined : invalid(`${path}.type`, `\`${path}.type\` must be a string.`)
  }
}

function checkMessage(item: JsonObject, path: string): Failure | undefined {
  if (typeof item.role !== 'string' || !ROLES.includes(item.role)) {
    const said = isAbsent(item.role) ? 'is missing' : 'is unknown'
    const remedy = `It must be one of: ${ROLES.join(', ')}; a tool's result is an item of type function_call_output.`
    return invalid(`${path}.role`, `\`${path}.role\` ${said}. ${remedy}`)
  }
  return checkContent(item.content, `${path}.content`)
}

function checkTexts(item: JsonObject, path: string, keys: readonly string[]): Failure | undefined {
  const wrong = keys.find((key) => typeof item[key] !== 'string')
  return wrong === undefined ? undefined : invalid(`${path}.${wrong}`, `\`${path}.${wrong}\` must be a string.`)
}

function checkContent(content: JsonValue | undefined, path: string): Failure | undefined {
  if (typeof content === 'string') return undefined
  if (isJsonArray(content)) return firstFailure(content, (part, index) => checkPart(part, `${path}[${index}]`))
  return invalid(
    path,
    `\`${path}\` must be a string or an array of parts such as {"type": "input_text", "text": "Hello"}.`,
  )
}

function checkPart(part: JsonValue, path: string): Failure | undefined {
  if (!isJsonObject(part) || typeof part.type !== 'string') {
    const remedy = 'such as {"type": "input_text", "text": "Hello"}'
    return invalid(path, `\`${path}\` must be an object with a \`type\`, ${remedy}.`)
  }
  const { type } = part
  if ((type === 'input_text' || type === 'output_text' || type === 'text') && typeof part.text !== 'string') {
    return invalid(`${path}.text`, `\`${path}.text\` must be a string.`)
  }
  if (type === 'input_image' && isAbsent(part.image_url) && isAbsent(part.file_id)) {
    const remedy = 'Send a URL or "data:image/png;base64,..." as `image_url`, or a `file_id`.'
    return invalid(`${path}.image_url`, `\`${path}\` has no image. ${remedy}`)
  }
  if (type === 'input_file' && [part.file_data, part.file_url, part.file_id].every(isAbsent)) {
    return invalid(path, `\`${path}\` has no file. Send \`file_data\`, \`file_url\` or \`file_id\`.`)
  }
  if (type === 'input_audio' && typeof objectOf(part.input_audio)?.data !== 'string') {
    return invalid(`${path}.input_audio`, `\`${path}.input_audio\` must have \`data\` (base64) and \`format\`.`)
  }
  return undefined
}
