import type { JsonObject } from '../contract/json.ts'
import { numberOf, stringOf } from '../kit/json-fields.ts'
import type { Call } from './responses-calls.ts'

export type ItemKind = 'message' | 'reasoning' | 'call'

/** What has been read of one output item so far. */
export interface OutputItem {
  readonly id: string
  /** Its `output_index`; undefined where the server sends none. */
  readonly place: number | undefined
  /** Undefined until something tells. */
  kind: ItemKind | undefined
  /** It was told whole: what comes next under its number may be another one. */
  closed: boolean
  /** Parts of it that were handed out: a whole text that follows its pieces is the same text again. */
  readonly said: Set<string>
  /** Where its parts of text begin in the whole answer, in characters. */
  readonly offsets: Map<number, number>
  citations: number
  call: Call | undefined
}

/**
 * The output items of one streamed response. Most servers number them and name them on every event, but some give every
 * item the same number, some another name on each event, and some begin with a delta: whatever identifies an item is
 * used, and an event that belongs to nothing known begins an item of its own.
 */
export class OutputItems {
  readonly #items: OutputItem[] = []

  /** A new item, from an event that announces it. */
  open(event: JsonObject, id: string, kind: ItemKind | undefined): OutputItem {
    const item: OutputItem = {
      id,
      place: numberOf(event['output_index']),
      kind,
      closed: false,
      said: new Set(),
      offsets: new Map(),
      citations: 0,
      call: undefined,
    }
    this.#items.push(item)
    return item
  }

  /** The item that an event about a part of it belongs to. */
  of(event: JsonObject, kind: ItemKind): OutputItem {
    const id = idOf(event['item_id'])
    const place = numberOf(event['output_index'])
    const item = this.#find(place, id, kind) ?? this.open(event, id, kind)
    item.kind = kind
    return item
  }

  /** The item that is told whole now, under the id that it has there. */
  close(event: JsonObject, id: string, kind: ItemKind | undefined): OutputItem {
    const found = this.#find(numberOf(event['output_index']), id, kind)
    const isAnother = found === undefined || (found.closed && found.id !== id)
    const item = isAnother ? this.open(event, id, kind) : found
    item.closed = true
    return item
  }

  #find(place: number | undefined, id: string, kind: ItemKind | undefined): OutputItem | undefined {
    const fits = (item: OutputItem): boolean => item.kind === undefined || item.kind === kind
    if (place === undefined && id === '') return this.#items.findLast(fits)
    const exact = this.#items.findLast((item) => item.place === place && item.id === id && fits(item))
    if (exact !== undefined) return exact
    if (place !== undefined) return this.#items.findLast((item) => item.place === place && fits(item))
    return this.#items.findLast((item) => item.id === id && fits(item))
  }
}

/** An id as text; some servers give numbers. */
export function idOf(value: JsonObject[string]): string {
  return typeof value === 'number' ? String(value) : (stringOf(value) ?? '')
}
