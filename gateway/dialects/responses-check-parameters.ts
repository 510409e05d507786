import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { isAbsent } from './openai-parameters.ts'

type Kind = 'number' | 'boolean' | 'string' | 'object' | 'array'

/** What each parameter must be; null means absent, as in OpenAI's API. Others are between client and upstream. */
const KINDS: Readonly<Record<string, Kind>> = {
  stream: 'boolean',
  stream_options: 'object',
  background: 'boolean',
  store: 'boolean',
  parallel_tool_calls: 'boolean',
  temperature: 'number',
  top_p: 'number',
  top_logprobs: 'number',
  max_output_tokens: 'number',
  max_tool_calls: 'number',
  previous_response_id: 'string',
  prompt_cache_key: 'string',
  safety_identifier: 'string',
  service_tier: 'string',
  truncation: 'string',
  user: 'string',
  include: 'array',
  metadata: 'object',
  prompt: 'object',
  reasoning: 'object',
  text: 'object',
}

/** The first parameter beside input and tools that no upstream could understand. */
export function checkResponsesParameters(body: JsonObject): Failure | undefined {
  for (const [key, kind] of Object.entries(KINDS)) {
    const value = body[key]
    if (!isAbsent(value) && kindOf(value) !== kind) {
      return invalid(key, `\`${key}\` must be ${kind === 'array' || kind === 'object' ? 'an' : 'a'} ${kind}.`)
    }
  }
  return checkLimit(body.max_output_tokens) ?? checkText(body.text)
}

function kindOf(value: JsonValue): Kind | 'other' {
  if (isJsonArray(value)) return 'array'
  if (isJsonObject(value)) return 'object'
  const type = typeof value
  return type === 'number' || type === 'boolean' || type === 'string' ? type : 'other'
}

function checkLimit(tokens: JsonValue | undefined): Failure | undefined {
  if (typeof tokens !== 'number' || (Number.isInteger(tokens) && tokens >= 1)) return undefined
  return invalid('max_output_tokens', '`max_output_tokens` must be a whole number of at least 1.')
}

/** `text.format` must say its type, and a schema must be one; it is flat, unlike `response_format`. */
function checkText(text: JsonValue | undefined): Failure | undefined {
  const format = isJsonObject(text) ? text.format : undefined
  if (isAbsent(format)) return undefined
  if (!isJsonObject(format) || typeof format.type !== 'string') {
    const remedy =
      'Send {"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "name": ..., "schema": ...}.'
    return invalid('text.format', `\`text.format\` must be an object with a \`type\`. ${remedy}`)
  }
  if (format.type !== 'json_schema' || isJsonObject(format.schema)) return undefined
  const remedy = 'Send {"type": "json_schema", "name": "answer", "schema": {"type": "object", ...}}.'
  return invalid('text.format.schema', `\`text.format.schema\` must be a JSON Schema. ${remedy}`)
}
