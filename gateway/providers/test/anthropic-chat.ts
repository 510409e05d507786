import type { AssistantMessage, ChatRequest, Message, Part } from '../../contract/chat.ts'
import { isFailure } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import { anthropicBody, type AnthropicBody } from '../anthropic-request.ts'

/** A model that thinks with a budget. */
export const SONNET = 'claude-sonnet-4-5'
/** One that takes an effort, or a budget. */
export const OPUS = 'claude-opus-4-6'
/** One that takes an effort alone, and no sampling. */
export const NEW = 'claude-opus-5'

/** A chat of one word. */
export const plain: ChatRequest = {
  model: 'alias',
  messages: [said('user', 'hi')],
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

/** An assistant that says nothing. */
export const silent: AssistantMessage = {
  role: 'assistant',
  content: [],
  reasoning: [],
  toolCalls: [],
  refusal: undefined,
  name: undefined,
  extra: {},
}

/** A tool without arguments. */
export const weather = { name: 'get_weather', description: undefined, parameters: undefined, strict: undefined }

/** One message of text, and of other parts behind it. */
export function said(role: 'user' | 'assistant' | 'system', text: string, parts: readonly Part[] = []): Message {
  const content: readonly Part[] = [{ type: 'text', text }, ...parts]
  if (role === 'system') return { role, as: 'system', content, name: undefined }
  if (role === 'user') return { role, content, name: undefined }
  return { ...silent, content }
}

/** The body of the plain chat with these changes. */
export function written(changes: Partial<ChatRequest>, model = SONNET, configured = new Set<string>()): AnthropicBody {
  const upstream = { label: 'Anthropic', keyEnv: [] }
  const found = anthropicBody({ ...plain, ...changes }, { upstream, model, configured })
  if (isFailure(found)) throw new Error(found.message)
  return found
}

/** The body as it goes out. */
export function bodyOf(changes: Partial<ChatRequest>, model = SONNET): JsonObject {
  return JSON.parse(JSON.stringify(written(changes, model).body))
}

/** `field did`, with an exclamation mark where the answer would be another one. */
export function reportOf(changes: Partial<ChatRequest>, model = SONNET): readonly string[] {
  return written(changes, model).conversions.map(({ field, did, matters }) => `${field} ${did}${matters ? '!' : ''}`)
}
