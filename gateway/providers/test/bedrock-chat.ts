import type { ChatRequest, Message, Part } from '../../contract/chat.ts'
import { isFailure, type Failure } from '../../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../../contract/json.ts'
import type { HttpRequest } from '../../contract/provider.ts'
import type { Target } from '../../contract/route.ts'
import type { StreamEvent } from '../../contract/stream-event.ts'
import { bedrock } from '../bedrock.ts'
import { readReply } from './read-reply.ts'
import { testTarget } from './test-target.ts'

/** A Claude that thinks with a budget. */
export const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
export const NOVA_2 = 'us.amazon.nova-2-lite-v1:0'
export const LLAMA = 'meta.llama3-1-70b-instruct-v1:0'

/** A plain chat. */
export const chatDefaults: ChatRequest = {
  model: 'alias',
  messages: [user('hi')],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  sampling: {},
  format: undefined,
  reasoning: undefined,
  user: undefined,
  prefill: undefined,
  extra: {},
}
/** A tool without a word on it. */
export const weather = { name: 'weather', description: ' ', parameters: undefined, strict: undefined }

/** A turn of the user. */
export function user(...content: readonly (string | Part)[]): Message {
  const parts = content.map((part): Part => (typeof part === 'string' ? { type: 'text', text: part } : part))
  return { role: 'user', content: parts, name: undefined }
}

/** A turn of the assistant, with calls of one tool under these ids. */
export function assistant(text: string, ...calls: readonly string[]): Message {
  return {
    role: 'assistant',
    content: [{ type: 'text', text }],
    reasoning: [],
    toolCalls: calls.map((id) => ({ id, name: 'weather', argumentsJson: '{"city":"Bern"}' })),
    refusal: undefined,
    name: undefined,
    extra: {},
  }
}

/** The result of a call. */
export function result(toolCallId: string, text: string): Message {
  return { role: 'tool', toolCallId, content: [{ type: 'text', text }], name: undefined }
}

/** A target for this model. */
export function targetOf(model: string, parts: Partial<Target> = {}): Target {
  return { ...testTarget(bedrock), model, ...parts }
}

/** The request for a chat that differs so from a plain one, or why there is none. */
export function asked(changes: Partial<ChatRequest>, model = CLAUDE, stream = false): HttpRequest | Failure {
  const request = bedrock.chat?.request({ ...chatDefaults, ...changes }, targetOf(model), { stream })
  if (request === undefined) throw new Error('no chat')
  return request
}

/** {@link asked}, where it must succeed. */
export function sent(changes: Partial<ChatRequest>, model = CLAUDE, stream = false): HttpRequest {
  const request = asked(changes, model, stream)
  if (isFailure(request)) throw new Error(`refused: ${request.message}`)
  return request
}

/** The JSON of a request. */
export function bodyOf(request: HttpRequest | Failure | undefined): JsonObject {
  if (request === undefined || isFailure(request)) throw new Error(`refused: ${request?.message ?? 'no request'}`)
  const json: unknown = JSON.parse(request.body)
  if (!isJsonObject(json)) throw new Error('the body is no object')
  return json
}

/** The JSON that is sent for such a chat. */
export function written(changes: Partial<ChatRequest>, model = CLAUDE): JsonObject {
  return bodyOf(sent(changes, model))
}

/** What a reply says, read in pieces of `size` bytes. */
export function eventsOf(bytes: Buffer, size = 7, parts: Partial<Target> = {}): readonly StreamEvent[] {
  const reader = bedrock.chat?.reader({ status: 200, headers: {} }, chatDefaults, targetOf(parts.model ?? CLAUDE))
  if (reader === undefined) throw new Error('no chat')
  return readReply(reader, bytes, size)
}
