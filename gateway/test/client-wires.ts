import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { parseObject } from '../kit/json-fields.ts'
import { openAiError } from '../http/test/raw-client.ts'
import { MESSAGES } from './attacked-gateway.ts'

/** How one kind of client reads errors. */
export interface ClientWire {
  readonly name: 'openai' | 'anthropic' | 'ollama'
  /** The sentence of an error in this wire's own shape, and in no other; undefined: it is none. */
  errorIn(body: string): string | undefined
  /** The sentence of the error that ends a stream; undefined: it ended in none. */
  errorInStream(body: string): string | undefined
}

/** A route that is translated, with the smallest request that it takes. */
export interface ClientRoute {
  readonly path: string
  readonly body: JsonObject
  readonly wire: ClientWire
  /** Undefined where nothing is streamed. */
  readonly streamed: JsonObject | undefined
}

const openai: ClientWire = {
  name: 'openai',
  errorIn: (body) => textOf(openAiError(body)?.['message']),
  errorInStream: (body) => {
    const events = dataOf(body)
    const error = events.map((event) => event['error']).find(isJsonObject)
    return textOf(error?.['message'])
  },
}
const anthropic: ClientWire = {
  name: 'anthropic',
  errorIn: (body) => envelopeOf(parseObject(body)),
  errorInStream: (body) => envelopeOf(dataOf(body).find(({ type }) => type === 'error')),
}
const ollama: ClientWire = {
  name: 'ollama',
  errorIn: (body) => {
    const json = parseObject(body)
    return json !== undefined && Object.keys(json).length === 1 ? textOf(json['error']) : undefined
  },
  errorInStream: (body) => textOf(parseObject(body.trim().split('\n').at(-1) ?? '')?.['error']),
}

const claude = { messages: MESSAGES, max_tokens: 9 }

export const CLIENT_ROUTES: readonly ClientRoute[] = [
  route('/v1/chat/completions', { messages: MESSAGES }, openai),
  route('/v1/responses', { input: 'hi' }, openai),
  route('/v1/messages', claude, anthropic),
  route('/anthropic/v1/messages', claude, anthropic),
  { ...route('/v1/messages/count_tokens', { messages: MESSAGES }, anthropic), streamed: undefined },
  { ...route('/v1/responses/input_tokens', { input: 'hi' }, openai), streamed: undefined },
  { ...route('/utils/token_counter', { messages: MESSAGES }, openai), streamed: undefined },
  route('/api/chat', { messages: MESSAGES, stream: false }, ollama),
  route('/api/generate', { prompt: 'hi', stream: false }, ollama),
  { ...route('/api/embed', { input: 'hi' }, ollama), streamed: undefined },
  { ...route('/api/embeddings', { prompt: 'hi' }, ollama), streamed: undefined },
]

function route(path: string, body: JsonObject, wire: ClientWire): ClientRoute {
  return { path, body, wire, streamed: { ...body, stream: true } }
}

function envelopeOf(json: JsonObject | undefined): string | undefined {
  const error = json?.['error']
  if (json?.['type'] !== 'error' || !isJsonObject(error)) return undefined
  return typeof error['type'] === 'string' ? textOf(error['message']) : undefined
}

function dataOf(body: string): readonly JsonObject[] {
  return [...body.matchAll(/^data: (.*)$/gm)]
    .map(([, data]) => parseObject(data ?? ''))
    .filter((json) => json !== undefined)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
