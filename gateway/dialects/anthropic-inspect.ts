import type { ChatDialect } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Capability } from '../contract/provider.ts'
import type { Operation } from '../contract/route.ts'
import { arrayOf, fieldAt, isJsonArray, numberOf, stringOf } from '../kit/json-fields.ts'
import { checkConversation, checkSystem } from './anthropic-check-messages.ts'
import { checkMessagesTools, isHostedTool } from './anthropic-check-tools.ts'
import { estimatePrompt } from './anthropic-estimate.ts'
import { invalid } from './invalid.ts'
import { checkModel, isAbsent } from './openai-parameters.ts'

type Inspected = ReturnType<ChatDialect['inspect']>

/** Refuses what no upstream could serve, naming the field as Anthropic does; unknown keys are nobody's business here. */
export function inspectMessages(body: JsonObject): Inspected {
  return checkModel(body) ?? checkMaxTokens(body.max_tokens) ?? checkBody(body) ?? factsOf(body, 'chat')
}

/** The same for `count_tokens`, which produces nothing and so needs no `max_tokens`. */
export function inspectCountTokens(body: JsonObject): Inspected {
  const failure = checkModel(body) ?? checkBody(body)
  return failure ?? { ...factsOf(body, 'count'), stream: false }
}

function factsOf(body: JsonObject, operation: Operation): Exclude<Inspected, Failure> {
  return {
    model: stringOf(body.model) ?? '',
    operation,
    stream: body.stream === true,
    needs: needsOf(body),
    promptTokensEstimate: estimatePrompt(body),
    maxOutputTokens: numberOf(body.max_tokens),
  }
}

function checkBody(body: JsonObject): Failure | undefined {
  return (
    checkConversation(body.messages, { isContinued: goesOn(body) }) ??
    checkSystem(body.system) ??
    checkMessagesTools(body) ??
    checkParameters(body)
  )
}

/** The upstream holds what came before, calls of tools among it; the request holds only what is new, if anything. */
function goesOn(body: JsonObject): boolean {
  return fieldAt(body.thread, 'type') === 'continue'
}

function checkMaxTokens(value: JsonValue | undefined): Failure | undefined {
  if (isAbsent(value)) {
    return invalid('max_tokens', '`max_tokens` is missing. Say how long the answer may become, such as 4096.')
  }
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return undefined
  return invalid('max_tokens', '`max_tokens` must be a whole number of tokens, such as 4096.')
}

const NUMBERS = ['temperature', 'top_p', 'top_k']
const OBJECTS = ['thinking', 'output_config', 'metadata']

function checkParameters(body: JsonObject): Failure | undefined {
  for (const key of NUMBERS) {
    if (!isAbsent(body[key]) && typeof body[key] !== 'number') return invalid(key, `\`${key}\` must be a number.`)
  }
  for (const key of OBJECTS) {
    if (!isAbsent(body[key]) && !isJsonObject(body[key])) return invalid(key, `\`${key}\` must be an object.`)
  }
  if (!isAbsent(body.stream) && typeof body.stream !== 'boolean') {
    return invalid('stream', '`stream` must be true or false.')
  }
  return checkStop(body.stop_sequences) ?? checkFormat(body)
}

function checkStop(stop: JsonValue | undefined): Failure | undefined {
  if (isAbsent(stop) || (isJsonArray(stop) && stop.every((item) => typeof item === 'string'))) return undefined
  return invalid('stop_sequences', '`stop_sequences` must be an array of strings.')
}

function checkFormat(body: JsonObject): Failure | undefined {
  const format = fieldAt(body.output_config, 'format')
  if (isAbsent(format) || isJsonObject(fieldAt(format, 'schema'))) return undefined
  const remedy = 'Send {"type": "json_schema", "schema": {"type": "object", ...}}.'
  return invalid('output_config.format', `\`output_config.format\` must have a \`schema\`. ${remedy}`)
}

/**
 * What a model must be able to do. Thinking is no need: a model that cannot think still answers. Tools that Anthropic
 * runs are none either, nor those that the client itself forbids to use.
 */
function needsOf(body: JsonObject): Capability[] {
  const needs: Capability[] = []
  const hasTools = arrayOf(body.tools).some((tool) => isJsonObject(tool) && !isHostedTool(tool))
  if (hasTools && fieldAt(body.tool_choice, 'type') !== 'none') needs.push('tools')
  if (arrayOf(body.messages).some((message) => hasImage(fieldAt(message, 'content')))) needs.push('vision')
  return needs
}

/** Tools give pictures back, too. */
function hasImage(content: JsonValue | undefined): boolean {
  return arrayOf(content).some((block) => {
    const type = fieldAt(block, 'type')
    return type === 'image' || (type === 'tool_result' && hasImage(fieldAt(block, 'content')))
  })
}
