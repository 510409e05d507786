import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Exchange } from './exchanges.ts'

/**
 * What a recording says, read naively and without any code of the product: whole text, no state machine.
 * A translation that agrees with this for every recording has not invented or lost anything.
 */
export interface Meaning {
  readonly text: string
  readonly tools: readonly { readonly name: string; readonly arguments: unknown }[]
  readonly finish: string | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  /** The message of an error inside the reply, or of an error status; "" for a stream that was cut while recording. */
  readonly error: string | undefined
  /** The answer is of a kind that only clients of the dialect itself can read: a refusal, a legacy function call. */
  readonly peculiar: boolean
}

export function meaningOf(exchange: Exchange): Meaning {
  const objects = objectsOf(exchange)
  const failed = objects.map(errorOf).find((message) => message !== undefined)
  if (exchange.api.startsWith('native-')) return ollamaMeaning(objects, failed)
  const choices = objects.flatMap((object) => list(object['choices']).map(record))
  const messages = choices.map((choice) => record(choice[exchange.stream ? 'delta' : 'message']))
  const tools = toolsOf(messages)
  const finish = choices.map((choice) => choice['finish_reason']).findLast((reason) => typeof reason === 'string')
  const usage = objects.map((object) => usageOf(object)).findLast((found) => found !== undefined)
  const completionText = choices.map((choice) => string(choice['text'])).join('')
  return {
    text: messages.map((message) => contentText(message['content'])).join('') + completionText,
    tools,
    finish: finish === undefined ? undefined : openAiFinish(finish, tools.length > 0),
    inputTokens: number(usage?.['prompt_tokens']),
    outputTokens: number(usage?.['completion_tokens']),
    error: failed ?? (exchange.stream && !isWhole(exchange, finish) ? '' : undefined),
    peculiar: messages.some((m) => isJsonObject(m['function_call']) || typeof m['refusal'] === 'string'),
  }
}

function isWhole(exchange: Exchange, finish: JsonValue | undefined): boolean {
  return finish !== undefined || exchange.reply.includes('[DONE]')
}

function openAiFinish(raw: string, called: boolean): string {
  const plain = ['eos', 'eos_token', 'stop_sequence', 'stop'].includes(raw) ? 'stop' : raw
  return plain === 'stop' && called ? 'tool_calls' : plain
}

function ollamaMeaning(objects: readonly JsonObject[], error: string | undefined): Meaning {
  const messages = objects.map((object) => record(object['message']))
  const last = objects.at(-1) ?? {}
  const tools = messages.flatMap((message) =>
    list(message['tool_calls']).map((call) => {
      const fn = record(record(call)['function'])
      return { name: string(fn['name']), arguments: fn['arguments'] }
    }),
  )
  const reason = last['done_reason']
  return {
    text: messages.map((m) => string(m['content'])).join('') + objects.map((o) => string(o['response'])).join(''),
    tools,
    finish: tools.length > 0 ? 'tool_calls' : reason === 'length' ? 'length' : 'stop',
    inputTokens: number(last['prompt_eval_count']),
    outputTokens: number(last['eval_count']),
    error,
    peculiar: false,
  }
}

function objectsOf(exchange: Exchange): readonly JsonObject[] {
  const text = exchange.reply.toString('utf8')
  if (exchange.contentType === 'application/json') return [parse(text.trim())].filter(isJsonObject)
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim())
  const payloads =
    exchange.contentType === 'text/event-stream'
      ? lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim())
      : lines
  return payloads.map(parse).filter(isJsonObject)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function toolsOf(messages: readonly JsonObject[]): Meaning['tools'] {
  const calls: { id: string; index: number; name: string; text: string; value: unknown }[] = []
  for (const delta of messages.flatMap((message) => list(message['tool_calls']).map(record))) {
    const fn = record(delta['function'])
    const id = typeof delta['id'] === 'number' ? `${delta['id']}` : string(delta['id'])
    const index = typeof delta['index'] === 'number' ? delta['index'] : calls.length
    const known = calls.find((call) => call.index === index && (id === '' || call.id === id || call.id === ''))
    const call = known ?? { id, index, name: '', text: '', value: undefined }
    if (known === undefined) calls.push(call)
    if (call.name === '') call.name = string(fn['name'])
    if (typeof fn['arguments'] === 'string') call.text += fn['arguments']
    else if (isJsonObject(fn['arguments'])) call.value = fn['arguments']
  }
  return calls.map((call) => ({ name: call.name, arguments: call.value ?? parse(call.text === '' ? '{}' : call.text) }))
}

function usageOf(object: JsonObject): JsonObject | undefined {
  const groq = record(object['x_groq'])
  const usage = object['usage'] ?? groq['usage']
  return isJsonObject(usage) ? usage : undefined
}

function contentText(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content
  return list(content)
    .map(record)
    .filter((part) => part['type'] === 'text')
    .map((part) => string(part['text']))
    .join('')
}

/** The sentence of an error in any of the envelopes that providers use. */
function errorOf(object: JsonObject): string | undefined {
  const choiceError = list(object['choices'])
    .map((choice) => record(choice)['error'])
    .find((found) => found !== undefined)
  const error = object['error'] ?? choiceError
  if (typeof error === 'string') return error
  if (isJsonObject(error)) return string(error['message'])
  if (object['choices'] === undefined && typeof object['detail'] === 'string') return object['detail']
  if (object['object'] === 'error' && typeof object['message'] === 'string') return object['message']
  return undefined
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}
function record(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
function string(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
function number(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
