import type { WriterContext } from '../../contract/dialect.ts'
import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../../contract/json.ts'
import type { StreamEvent } from '../../contract/stream-event.ts'
import { openaiResponses } from '../openai-responses.ts'

export const plainContext: WriterContext = {
  id: 'resp_own',
  model: 'asked',
  createdS: 7,
  includeUsage: false,
  mergeReasoning: false,
  continued: false,
  body: {},
  promptTokensEstimate: 0,
  elapsedMs: () => 2_500,
}

export interface Written {
  readonly type: string
  readonly json: JsonObject
}

/** What the writer writes for these events, which come one by one. */
export function streamText(events: readonly StreamEvent[], context: WriterContext = plainContext): string {
  const writer = openaiResponses.writer(context)
  return events.map((event) => writer.write([event])).join('') + writer.done()
}

/** The events of a stream, each checked for its frame: a name, one line of data, and the name again inside. */
export function writtenEvents(text: string): Written[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('The stream does not end with a whole event.')
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => {
      const [, type = '', data = ''] = /^event: (\S+)\ndata: (.*)$/s.exec(block) ?? []
      if (type === '' || data.includes('\n')) throw new Error(`no event: ${block}`)
      const json: JsonValue = JSON.parse(data)
      if (!isJsonObject(json) || json.type !== type) throw new Error(`event ${type} does not say its name`)
      return { type, json }
    })
}

interface Part {
  text: string
  /** Its text was told whole. */
  said: boolean
  done: boolean
}

interface Item {
  readonly item: JsonObject
  done: boolean
  /** Parts by their kind and index: the text so far, and whether they are over. */
  readonly parts: Map<string, Part>
}

/**
 * Holds a written stream against the grammar of OpenAI's reference, and says what breaks it first: numbers without
 * gaps; created, in_progress, items, end; every item added before its parts, every part before its deltas, everything
 * done once and with what its deltas said; and the same items in the last event.
 */
export function streamBreach(events: readonly Written[]): string | undefined {
  const items = new Map<JsonValue | undefined, Item>()
  for (const [at, { type, json }] of events.entries()) {
    if (json.sequence_number !== at) return `event ${at} has number ${JSON.stringify(json.sequence_number)}`
    const expected = ['response.created', 'response.in_progress'][at]
    if (expected !== undefined && type !== expected) return `${type} in place of ${expected}`
    const isLast = at === events.length - 1
    if (isLast !== /^response\.(?:completed|incomplete|failed)$/.test(type)) return `${type} at ${at}`
    const breach = at < 2 || isLast ? undefined : itemBreach(items, type, json)
    if (breach !== undefined) return `${type} at ${at}: ${breach}`
  }
  return endBreach(items, events.at(-1)?.json.response)
}

function itemBreach(items: Map<JsonValue | undefined, Item>, type: string, json: JsonObject): string | undefined {
  const index = json.output_index
  if (type === 'response.output_item.added') {
    if (index !== items.size || !isJsonObject(json.item)) return 'not the next item'
    items.set(index, { item: json.item, done: false, parts: new Map() })
    return undefined
  }
  const held = items.get(index)
  if (held === undefined) return 'of no item'
  if (held.done) return 'after its item is done'
  if (type !== 'response.output_item.done') {
    return json.item_id === held.item.id ? partBreach(held, type, json) : 'of another item'
  }
  const { item } = json
  if (!isJsonObject(item) || item.id !== held.item.id || item.type !== held.item.type) return 'of another item'
  held.done = true
  Object.assign(held.item, item)
  return [...held.parts.values()].every((part) => part.done) ? undefined : 'before its parts'
}

/** Event -> the field that says where its part is, and the item that may hold it. */
const PARTS: Readonly<Record<string, { readonly at: string; readonly in: string }>> = {
  'response.output_text': { at: 'content_index', in: 'message' },
  'response.refusal': { at: 'content_index', in: 'message' },
  'response.reasoning_summary_text': { at: 'summary_index', in: 'reasoning' },
}
const STRINGS: Readonly<Record<string, { readonly field: string; readonly in: string }>> = {
  'response.function_call_arguments': { field: 'arguments', in: 'function_call' },
  'response.custom_tool_call_input': { field: 'input', in: 'custom_tool_call' },
}

function partBreach(held: Item, type: string, json: JsonObject): string | undefined {
  if (/\.(?:content|reasoning_summary)_part\.(?:added|done)$/.test(type)) return frameBreach(held, type, json)
  if (type === 'response.output_text.annotation.added')
    return isJsonObject(json.annotation) ? undefined : 'no annotation'
  const stem = type.slice(0, type.lastIndexOf('.'))
  const part = PARTS[stem]
  const string = STRINGS[stem]
  const holder = part?.in ?? string?.in
  if (holder !== held.item.type) return `in a ${JSON.stringify(held.item.type)}`
  const key = part === undefined ? 'whole' : `${part.at} ${JSON.stringify(json[part.at])}`
  const known = held.parts.get(key)
  if (part !== undefined && known === undefined) return 'of a part that was not added'
  const said: Part = known ?? { text: '', said: false, done: false }
  held.parts.set(key, said)
  if (said.said || said.done) return 'after its part is done'
  if (type.endsWith('.delta')) {
    said.text += typeof json.delta === 'string' ? json.delta : ''
    return undefined
  }
  const whole = json[string?.field ?? (stem === 'response.refusal' ? 'refusal' : 'text')]
  said.said = true
  if (string !== undefined) said.done = true
  return whole === said.text ? undefined : 'does not say what its deltas said'
}

function frameBreach(held: Item, type: string, json: JsonObject): string | undefined {
  const field = type.includes('summary') ? 'summary_index' : 'content_index'
  const key = `${field} ${JSON.stringify(json[field])}`
  const known = held.parts.get(key)
  const part = isJsonObject(json.part) ? json.part : {}
  if (type.endsWith('.added')) {
    if (known !== undefined) return 'a part twice'
    if (json[field] !== held.parts.size) return 'not the next part'
    held.parts.set(key, { text: '', said: false, done: false })
    return undefined
  }
  if (known === undefined || known.done) return 'of no open part'
  if (!known.said) return 'before its text was told whole'
  known.done = true
  return (part.text ?? part.refusal) === known.text ? undefined : 'does not say what its deltas said'
}

function endBreach(
  items: ReadonlyMap<JsonValue | undefined, Item>,
  response: JsonValue | undefined,
): string | undefined {
  if (!isJsonObject(response)) return 'no response at the end'
  const isWhole = response.status !== 'failed'
  if (isWhole && [...items.values()].some((held) => !held.done)) return 'ends before its items'
  const expected = [...items.values()].filter((held) => held.done).map((held) => held.item)
  return JSON.stringify(response.output) === JSON.stringify(expected) ? undefined : 'ends with other items'
}

/** The items of the last event. */
export function outputOf(events: readonly Written[]): JsonArray {
  const response = events.at(-1)?.json.response
  return isJsonObject(response) && Array.isArray(response.output) ? response.output : []
}
