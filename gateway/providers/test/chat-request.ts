import type { AssistantMessage, ChatRequest, Message, Part, ToolMessage } from '../../contract/chat.ts'
import { isFailure, type Failure } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { HttpRequest } from '../../contract/provider.ts'
import { parseObject } from '../../kit/json-fields.ts'

/** A chat that says hello and leaves everything else out, with these changes. */
export function chatWith(changes: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'alias',
    messages: [userSays('hi')],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    sampling: {},
    format: undefined,
    reasoning: undefined,
    user: undefined,
    prefill: undefined,
    extra: {},
    ...changes,
  }
}

/** A user's message: text, or parts. */
export function userSays(content: string | readonly Part[]): Message {
  return {
    role: 'user',
    content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
    name: undefined,
  }
}

/** An answer of the model, with these parts of it. */
export function modelSays(changes: Partial<AssistantMessage>): AssistantMessage {
  return {
    role: 'assistant',
    content: [],
    reasoning: [],
    toolCalls: [],
    refusal: undefined,
    name: undefined,
    extra: {},
    ...changes,
  }
}

/** What a tool gave back. */
export function toolSays(toolCallId: string, text: string): ToolMessage {
  return { role: 'tool', toolCallId, content: [{ type: 'text', text }], name: undefined }
}

/** The body of a request that was written. */
export function bodyOf(request: HttpRequest | Failure | undefined): JsonObject {
  if (request === undefined || isFailure(request)) throw new Error(`no request: ${request?.message ?? ''}`)
  return parseObject(request.body) ?? {}
}
