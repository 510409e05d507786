import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { stringOf, textOf } from '../kit/json-fields.ts'
import { idOf, type OutputItem } from './responses-items.ts'
import { toolCallId } from './stable-id.ts'

/** A call of a tool that the client runs. */
export interface Call {
  /** A custom tool takes free text, which travels as the one argument `input`. */
  readonly custom: boolean
  /** Contiguous in order of appearance; -1 until the name is known. */
  index: number
  id: string
  name: string
  /** Arguments that came before the name. */
  held: string
  /** Arguments in pieces have come. */
  pieces: boolean
  /** The arguments are complete. */
  complete: boolean
}

/**
 * The function and custom tool calls of one response. Arguments come in deltas, or whole in one of three places: the
 * `done` event of the arguments, that of the item, or the list in the final event. Hosted tools call nobody here.
 */
export class ResponsesCalls {
  readonly #calls: Call[] = []
  #seed = ''
  #count = 0

  /** True once a call was handed out. */
  get seen(): boolean {
    return this.#count > 0
  }

  /** What ids are made from, where the server gives none: something that is new with every response. */
  seedWith(seed: string): void {
    this.#seed = seed
  }

  /** `response.output_item.added`: usually id and name, with the arguments to follow. */
  open(item: OutputItem, json: JsonObject, out: StreamEvent[]): void {
    this.#name(this.#callOf(item, json['type'] === 'custom_tool_call'), json, out)
  }

  /** A piece of a function's arguments, or of a custom tool's text. */
  add(item: OutputItem, piece: string, { custom, out }: { custom: boolean; out: StreamEvent[] }): void {
    const call = this.#callOf(item, custom)
    if (piece === '' || call.complete) return
    const opening = call.custom && !call.pieces ? '{"input":"' : ''
    call.pieces = true
    this.#send(call, opening + (call.custom ? JSON.stringify(piece).slice(1, -1) : piece), out)
  }

  /** The arguments are whole: `...arguments.done`, `...input.done`, `output_item.done`, or a call in the final list. */
  finish(item: OutputItem, json: JsonObject, { custom, out }: { custom: boolean; out: StreamEvent[] }): void {
    const call = this.#callOf(item, custom)
    this.#name(call, json, out)
    if (call.complete) return
    const whole = call.custom ? inputOf(json) : argumentsOf(json)
    if (call.pieces) {
      call.complete = true
      if (call.custom) this.#send(call, '"}', out)
    } else if (whole !== undefined) {
      call.complete = true
      this.#send(call, whole, out)
    }
  }

  /** A call of the final event's list, which may be known already. */
  finishListed(json: JsonObject, item: OutputItem, out: StreamEvent[]): void {
    const id = callIdOf(json)
    const known = this.#calls.find((call) => call.id === id)
    if (known !== undefined) item.call = known
    // Without ids there is no telling whether it came before.
    else if (id === '' && this.seen) return
    this.finish(item, json, { custom: json['type'] === 'custom_tool_call', out })
  }

  /** The response is over: calls that never got an id of their own. */
  settle(out: StreamEvent[]): void {
    for (const call of this.#calls) if (call.index === -1 && call.name !== '') this.#start(call, out)
  }

  #callOf(item: OutputItem, custom: boolean): Call {
    if (item.call !== undefined) return item.call
    const call: Call = { custom, index: -1, id: '', name: '', held: '', pieces: false, complete: false }
    item.call = call
    this.#calls.push(call)
    return call
  }

  /** Takes the name and the id; the call begins with both, which items have, while an event may have the name alone. */
  #name(call: Call, json: JsonObject, out: StreamEvent[]): void {
    if (call.index !== -1) return
    if (call.id === '') call.id = callIdOf(json)
    if (call.name === '') call.name = stringOf(json['name']) ?? ''
    if (call.name !== '' && (call.id !== '' || isItem(json))) this.#start(call, out)
  }

  #start(call: Call, out: StreamEvent[]): void {
    call.index = this.#count
    this.#count += 1
    if (call.id === '') call.id = toolCallId(`${this.#seed}/${call.index}/${call.name}`)
    out.push({ type: 'tool-call-start', index: call.index, id: call.id, name: call.name })
    const { held } = call
    call.held = ''
    this.#send(call, held, out)
  }

  #send(call: Call, argumentsJson: string, out: StreamEvent[]): void {
    if (argumentsJson === '') return
    if (call.index === -1) call.held += argumentsJson
    else out.push({ type: 'tool-call-delta', index: call.index, argumentsJson })
  }
}

/** The result is sent back under `call_id`; an item's `id` is its own, and only better than nothing. */
function callIdOf(json: JsonObject): string {
  return idOf(json['call_id']) || (isItem(json) ? idOf(json['id']) : '')
}

/** An output item, as opposed to an event about one. */
function isItem(json: JsonObject): boolean {
  return json['type'] === 'function_call' || json['type'] === 'custom_tool_call'
}

function argumentsOf(json: JsonObject): string | undefined {
  const value = json['arguments']
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(value)
}

function inputOf(json: JsonObject): string | undefined {
  const input = stringOf(json['input'])
  return input === undefined ? undefined : JSON.stringify({ input })
}
