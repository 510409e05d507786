import type { AssistantMessage, ChatRequest, Maker, Message, ReasoningPart, ToolCall } from '../contract/chat.ts'
import { limits } from '../contract/limits.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { createLruMap } from '../kit/lru-map.ts'

/**
 * Models that think before they call a tool want their signed thoughts back with the tool's result, byte for byte, and
 * most client libraries keep only the fields that they know. So the thoughts of an answer with tool calls are kept
 * here, bounded and in memory alone, and found again by the id of the call that the client does send back.
 */
export interface ReasoningMemory {
  /** Watches one answer of this app go by and keeps what its next turn will need. */
  watch(reader: Reader, appId: string): Reader
  /** The request with what the client has lost. The same object where nothing is known or missing. */
  recall(request: ChatRequest, appId: string): ChatRequest
}

interface Kept {
  readonly reasoning: readonly ReasoningPart[]
  readonly signature: string | undefined
  readonly maker: Maker | undefined
}

export function createReasoningMemory(): ReasoningMemory {
  const kept = createLruMap<Kept>(limits.rememberedToolCalls, { maxWeight: limits.rememberedChars, weightOf: charsOf })
  // Both are others' words, so neither may run into the other.
  const keyOf = (appId: string, callId: string): string => JSON.stringify([appId, callId])

  const keep = (appId: string, answer: Answer): void => {
    const reasoning = answer.signed
    for (const { id, signature, maker } of answer.calls) {
      // A longer one than any maker's is not kept, and its model thinks anew.
      if ((signature?.length ?? 0) > limits.rememberedReasoningChars) continue
      if (reasoning.length > 0 || signature !== undefined) kept.set(keyOf(appId, id), { reasoning, signature, maker })
    }
  }

  const withSignature = (call: ToolCall, appId: string): ToolCall => {
    if (call.signature !== undefined) return call
    const known = kept.get(keyOf(appId, call.id))
    if (known?.signature === undefined) return call
    return { ...call, signature: known.signature, ...(known.maker !== undefined && { maker: known.maker }) }
  }

  const recallMessage = (message: AssistantMessage, appId: string): AssistantMessage => {
    const [first] = message.toolCalls
    if (first === undefined) return message
    const toolCalls = mapped(message.toolCalls, (call) => withSignature(call, appId))
    const known = message.reasoning.some(isSigned) ? undefined : kept.get(keyOf(appId, first.id))
    const reasoning = known === undefined || known.reasoning.length === 0 ? message.reasoning : known.reasoning
    const isSame = toolCalls === message.toolCalls && reasoning === message.reasoning
    return isSame ? message : { ...message, toolCalls, reasoning }
  }

  return {
    watch: (reader, appId) => {
      const answer = new Answer()
      const note = (events: readonly StreamEvent[]): readonly StreamEvent[] => {
        for (const event of events) answer.note(event)
        if (answer.isOver) keep(appId, answer)
        return events
      }
      return { push: (bytes) => note(reader.push(bytes)), end: () => note(reader.end()) }
    },
    recall: (request, appId) => {
      if (kept.size === 0 || !request.messages.some(callsTools)) return request
      const messages = mapped(request.messages, (message: Message): Message => {
        return message.role === 'assistant' ? recallMessage(message, appId) : message
      })
      return messages === request.messages ? request : { ...request, messages }
    },
  }
}

/** The same list where nothing in it becomes another. */
function mapped<Item>(items: readonly Item[], change: (item: Item) => Item): readonly Item[] {
  const changed = items.map(change)
  return changed.some((item, index) => item !== items[index]) ? changed : items
}

function charsOf({ reasoning, signature = '' }: Kept): number {
  let chars = signature.length
  for (const part of reasoning) chars += part.text.length + (part.signature?.length ?? 0) + (part.redacted?.length ?? 0)
  return chars
}

/** The thoughts and calls of one answer, as far as they have come. */
class Answer {
  isOver = false
  readonly calls: { readonly id: string; readonly signature: string | undefined; readonly maker: Maker | undefined }[] =
    []
  readonly #parts: ReasoningPart[] = []
  #text = ''
  #chars = 0

  /** Every block of thought, once one of them is signed or encrypted: unsigned ones alone are no loss. */
  get signed(): readonly ReasoningPart[] {
    return this.#chars <= limits.rememberedReasoningChars && this.#parts.some(isSigned) ? this.#parts : []
  }

  note(event: StreamEvent): void {
    if (event.type === 'tool-call-start') {
      this.calls.push({ id: event.id, signature: event.signature, maker: event.maker })
    } else if (event.type === 'end') {
      this.isOver = true
    } else if (event.type === 'reasoning-delta') {
      this.#noteReasoning(event)
    }
  }

  #noteReasoning({ text, signature, redacted, maker, id }: Extract<StreamEvent, { type: 'reasoning-delta' }>): void {
    this.#chars += text.length + (signature?.length ?? 0) + (redacted?.length ?? 0)
    if (this.#chars > limits.rememberedReasoningChars) return
    this.#text += text
    if (signature === undefined && redacted === undefined) return
    this.#parts.push({
      text: this.#text,
      ...(signature !== undefined && { signature }),
      ...(redacted !== undefined && { redacted }),
      ...(maker !== undefined && { maker }),
      ...(id !== undefined && { id }),
    })
    this.#text = ''
  }
}

function isSigned({ signature, redacted }: ReasoningPart): boolean {
  return (signature !== undefined && signature !== '') || redacted !== undefined
}

function callsTools(message: Message): boolean {
  return message.role === 'assistant' && message.toolCalls.length > 0
}
