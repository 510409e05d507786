import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, numberOf, objectOf, stringOf, textOf, parseObject } from '../kit/json-fields.ts'

/** One server-sent event of an OpenAI-shaped stream. */
export type WireEvent =
  | { readonly type: 'chunk'; readonly json: JsonObject; readonly named: string }
  | { readonly type: 'done' }
  /** Comments, heartbeats, events without data. */
  | { readonly type: 'nothing' }
  /** Data that is not a JSON object. */
  | { readonly type: 'unreadable' }

const NOTHING: WireEvent = { type: 'nothing' }
const DONE: WireEvent = { type: 'done' }
const UNREADABLE: WireEvent = { type: 'unreadable' }

/** A line that SSE knows; a space before the field name was seen in the wild. */
const FIELD = /^\uFEFF?\s*(?:data|event|id|retry)?:/

/** Reads the lines of one event, without or with the blank line that ends it. Never throws. */
export function readWireEvent(text: string): WireEvent {
  let named = ''
  let data: string | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':')
    const field = colon < 0 ? '' : line.slice(0, colon).replace('\uFEFF', '').trim()
    const value = line.slice(colon + 1).trimStart()
    if (field === 'event') named = value.trim()
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
  }
  if (data === undefined) return NOTHING
  if (data.trim() === '[DONE]') return DONE
  const json = parseObject(data)
  return json === undefined ? UNREADABLE : { type: 'chunk', json, named }
}

/** Whether the first bytes of a body can be server-sent events: an HTML page or a JSON object cannot. */
export function looksLikeEvents(text: string): boolean {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '')
  return lines.every((line) => FIELD.test(line))
}

/** The choices of a chunk or reply that are objects. */
export function choicesOf(json: JsonObject): readonly JsonObject[] {
  return arrayOf(json.choices).filter(isJsonObject)
}

/** What one choice says, on either wire: `delta` of a chat chunk, `message` of a chat reply, `text` of a completion. */
export interface ChoiceContent {
  readonly index: number
  readonly text: string
  readonly reasoning: string
  /** Tool calls, refusals, audio: what can not be continued in words. */
  readonly other: boolean
}

/** Reads a choice of a chunk or of a whole reply; what is missing is empty. */
export function contentOf(choice: JsonObject): ChoiceContent {
  const delta = objectOf(choice.delta) ?? objectOf(choice.message) ?? {}
  return {
    index: numberOf(choice.index) ?? 0,
    text: `${stringOf(choice.text) ?? ''}${partsText(delta.content, 'text')}`,
    reasoning: textOf(delta.reasoning_content) ?? textOf(delta.reasoning) ?? partsText(delta.content, 'thinking'),
    other:
      arrayOf(delta.tool_calls).length > 0 ||
      isJsonObject(delta.function_call) ||
      isJsonObject(delta.audio) ||
      textOf(delta.refusal) !== undefined,
  }
}

/** Content is a string, or parts (Mistral): `{type: 'text', text}` and `{type: 'thinking', thinking: [parts]}`. */
function partsText(content: JsonValue | undefined, type: 'text' | 'thinking'): string {
  if (typeof content === 'string') return type === 'text' ? content : ''
  return arrayOf(content)
    .filter(isJsonObject)
    .filter((part) => part.type === type)
    .map((part) => (type === 'text' ? (stringOf(part.text) ?? '') : partsText(part.thinking, 'text')))
    .join('')
}
