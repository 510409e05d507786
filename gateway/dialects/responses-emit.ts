import type { JsonObject } from '../contract/json.ts'

/** Sends one event of a Responses stream; its type, and its number in the sequence, are added by whoever sends. */
export type Emit = (type: string, fields: JsonObject) => void

/** Where an item stands in the response. */
export interface Place {
  readonly id: string
  readonly index: number
}

/** Whether an item was said to its end. */
export type ItemStatus = 'completed' | 'incomplete'

/** Announces an item. */
export function emitAdded(emit: Emit, place: Place, item: JsonObject): void {
  emit('response.output_item.added', { output_index: place.index, item })
}

/** Gives an item as it will stand in the response. */
export function emitDone(emit: Emit, place: Place, item: JsonObject): JsonObject {
  emit('response.output_item.done', { output_index: place.index, item })
  return item
}
