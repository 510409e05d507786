import type { AssistantMessage, ChatRequest, Message, ToolCall } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { compact, parseObject } from '../kit/json-fields.ts'
import { geminiGeneration, takesSystemInstruction } from './gemini-generation.ts'
import { contentParts, idFor, type GeminiWriter } from './gemini-parts.ts'
import { resultParts } from './gemini-results.ts'

/**
 * What stands in the place of a signature on a call that no Gemini made: Gemini 3 refuses a history whose calls have
 * none, and Google documents this value ("skip_thought_signature_validator", here as the base64 of a bytes field) for calls
 * of other models.
 */
const NO_SIGNATURE = Buffer.from('skip_thought_signature_validator').toString('base64')

/** The conversation as Google takes it. */
export interface GeminiContents {
  readonly contents: readonly JsonObject[]
  readonly systemInstruction: JsonObject | undefined
}

/**
 * `contents` and `systemInstruction`. Roles are `user` and `model`; neighbours of one role become one content, and all
 * tool results of a turn stand in one, in the order of their calls.
 */
export function geminiContents(chat: ChatRequest, model: string, conversions: Conversion[]): GeminiContents {
  const writer: GeminiWriter = { chat, model, conversions }
  const turns: Turn[] = []
  const system: JsonObject[] = []
  for (const [index, message] of chat.messages.entries()) {
    const parts = partsOf(message, index, writer)
    if (message.role === 'system') system.push(...parts)
    else add(turns, kindOf(message), parts)
  }
  const instructed = system.length > 0 && takesSystemInstruction(model) && turns.length > 0
  // A model without a system instruction, or a conversation of nothing else, reads it as what the user says first.
  if (!instructed) addFirst(turns, system)
  return {
    contents: turns.map(({ kind, parts }) => ({ role: kind === 'model' ? 'model' : 'user', parts })),
    systemInstruction: instructed ? { parts: system } : undefined,
  }
}

interface Turn {
  /** Results are kept apart from what the user says after them: Google counts the parts of an answer to calls. */
  readonly kind: 'user' | 'model' | 'results'
  readonly parts: JsonObject[]
}

function kindOf(message: Message): Turn['kind'] {
  if (message.role === 'tool') return 'results'
  return message.role === 'assistant' ? 'model' : 'user'
}

function add(turns: Turn[], kind: Turn['kind'], parts: readonly JsonObject[]): void {
  if (parts.length === 0) return
  const last = turns.at(-1)
  if (last?.kind === kind) last.parts.push(...parts)
  else turns.push({ kind, parts: [...parts] })
}

function addFirst(turns: Turn[], parts: readonly JsonObject[]): void {
  if (parts.length === 0) return
  if (turns[0]?.kind === 'user') turns[0].parts.unshift(...parts)
  else turns.unshift({ kind: 'user', parts: [...parts] })
}

function partsOf(message: Message, index: number, writer: GeminiWriter): readonly JsonObject[] {
  if (message.role === 'assistant') return modelParts(message, index, writer)
  if (message.role === 'tool') return resultParts(index, writer)
  return contentParts(message.content, index, writer)
}

function modelParts(message: AssistantMessage, index: number, writer: GeminiWriter): readonly JsonObject[] {
  const parts = contentParts(message.content, index, writer)
  if (parts.length === 0 && message.refusal !== undefined && message.refusal !== '')
    parts.push({ text: message.refusal })
  return [...withSignatures(parts, message), ...callParts(message.toolCalls, writer.model)]
}

/**
 * The signatures of an answer's text. Google puts them on the last text part, often an empty one of its own, and never
 * on the summary of a thought, so that is where they go back; summaries themselves are not wanted back. An earlier signature
 * of the same message gets an empty text of its own.
 */
function withSignatures(parts: readonly JsonObject[], message: AssistantMessage): readonly JsonObject[] {
  const signatures = message.reasoning
    .filter(({ maker }) => maker === undefined || maker === 'google')
    .flatMap(({ signature }) => signature ?? [])
  const last = signatures.at(-1)
  if (last === undefined) return parts
  const earlier = signatures.slice(0, -1).map((signature) => ({ text: '', thoughtSignature: signature }))
  const at = parts.findLastIndex((part) => 'text' in part)
  const text = at === -1 ? { text: '' } : parts[at]
  const signed = { ...text, thoughtSignature: last }
  return [...parts.slice(0, Math.max(at, 0)), ...earlier, signed, ...parts.slice(at + 1)]
}

function callParts(calls: readonly ToolCall[], model: string): readonly JsonObject[] {
  const needed = geminiGeneration(model) === '3'
  return calls.map((call, position) => {
    const own = call.maker === undefined || call.maker === 'google' ? call.signature : undefined
    // Only the first call of a group is signed, and only that one is looked at.
    const stand = needed && position === 0 ? NO_SIGNATURE : undefined
    return compact({
      functionCall: compact({ id: idFor(call.id), name: call.name, args: argumentsOf(call.argumentsJson) }),
      thoughtSignature: own ?? stand,
    })
  })
}

/** Google takes only objects. What a model wrote that is none is kept under one key, so that it can see its mistake. */
function argumentsOf(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {}
  return parseObject(argumentsJson) ?? { arguments: argumentsJson }
}
