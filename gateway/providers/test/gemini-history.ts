import type { AssistantMessage, ChatRequest, ToolCall } from '../../contract/chat.ts'
import { isJsonObject, type JsonObject } from '../../contract/json.ts'
import type { StreamEvent } from '../../contract/stream-event.ts'
import { arrayOf, objectOf, objectsAt, parseObject, textAt } from '../../kit/json-fields.ts'
import type { Exchange } from '../../test/exchanges.ts'
import { chatWith } from './chat-request.ts'
import { answerOf } from './read-reply.ts'

/** The answer as a client that keeps everything hands it back. */
export function messageOf(events: readonly StreamEvent[]): AssistantMessage {
  const { text, tools } = answerOf(events)
  const starts = events.filter((event) => event.type === 'tool-call-start')
  const toolCalls = tools.map(({ id, name, argumentsJson }, index): ToolCall => {
    const signature = starts[index]?.signature
    return { id, name, argumentsJson, ...(signature !== undefined && { signature, maker: 'google' }) }
  })
  const reasoning = events.flatMap((event) =>
    event.type === 'reasoning-delta' && event.signature !== undefined
      ? [{ text: event.text, signature: event.signature, maker: 'google' as const }]
      : [],
  )
  const content = text === '' ? [] : [{ type: 'text' as const, text }]
  return { role: 'assistant', content, reasoning, toolCalls, refusal: undefined, name: undefined, extra: {} }
}

/** The parts as they were received, from the bytes. */
export function rawParts(exchange: Exchange): readonly JsonObject[] {
  const body = exchange.reply.toString('utf8')
  const chunks = exchange.stream
    ? body.split(/\r?\n/).flatMap((line) => parseObject(line.replace(/^data:/, '')) ?? [])
    : [parseObject(body) ?? {}]
  return chunks.flatMap((chunk) =>
    (objectsAt(chunk, 'candidates') ?? []).flatMap((candidate) => partsOf([objectOf(candidate['content']) ?? {}])),
  )
}

/** All parts of these contents. */
export function partsOf(contents: readonly JsonObject[]): readonly JsonObject[] {
  return contents.flatMap((content) => arrayOf(content['parts']).filter(isJsonObject))
}

/** A part's signature. */
export function signatureOf(part: JsonObject): string | undefined {
  return textAt(part, 'thoughtSignature')
}

/** True for a function call. */
export function isCall(part: JsonObject): boolean {
  return 'functionCall' in part
}

/** A recorded history in the canonical form, with ids of ours where Google gave none. */
export function chatOf(contents: readonly JsonObject[]): ChatRequest {
  let calls = 0
  let results = 0
  const messages = contents.flatMap((content): ChatRequest['messages'] => {
    const parts = arrayOf(content['parts']).filter(isJsonObject)
    const text = parts
      .flatMap((part) => textAt(part, 'text') ?? [])
      .map((each) => ({ type: 'text' as const, text: each }))
    const toolCalls = parts.filter(isCall).map((part): ToolCall => {
      const call = objectOf(part['functionCall']) ?? {}
      const signature = signatureOf(part)
      return {
        id: textAt(call, 'id') ?? `call_${(calls += 1)}`,
        name: textAt(call, 'name') ?? '',
        argumentsJson: JSON.stringify(call['args'] ?? {}),
        ...(signature !== undefined && { signature }),
      }
    })
    const responses = parts.map((part) => objectOf(part['functionResponse'])).filter((part) => part !== undefined)
    if (content['role'] === 'model') {
      const rest = { reasoning: [], refusal: undefined, name: undefined, extra: {} }
      return [{ role: 'assistant', content: text, toolCalls, ...rest }]
    }
    const tools = responses.map((response) => ({
      role: 'tool' as const,
      toolCallId: textAt(response, 'id') ?? `call_${(results += 1)}`,
      content: [{ type: 'text' as const, text: JSON.stringify(response['response'] ?? {}) }],
      name: undefined,
    }))
    return text.length === 0 ? tools : [...tools, { role: 'user', content: text, name: undefined }]
  })
  return chatWith({ messages })
}
