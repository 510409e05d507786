import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, numberOf, objectOf, stringOf } from '../kit/json-fields.ts'
import { toolCallId } from './stable-id.ts'

interface Call {
  /** Our own index, contiguous in order of appearance; -1 until the name is known. */
  index: number
  id: string
  name: string
  /** Argument text that came before the name. */
  held: string
  sawArguments: boolean
}

/**
 * Follows the tool calls of one choice through a stream. What servers do beyond the documented form:
 * id and name repeated on every delta (OpenRouter, TGI); several calls under one index (older vLLM, Google), told apart
 * by a new id and name; no index at all; a number as id; arguments as an object (TGI); one object instead of a list.
 */
export class ToolCalls {
  /** By the wire's index. A later call under the same index replaces the earlier one, which is complete by then. */
  readonly #byWireIndex = new Map<number, Call>()
  readonly #seed: string
  readonly #choice: number
  #last: Call | undefined
  #count = 0

  constructor(seed: string, choice: number) {
    this.#seed = seed
    this.#choice = choice
  }

  get seen(): boolean {
    return this.#count > 0
  }

  /** Reads `tool_calls`; `whole` when it is the list of a complete message, where position alone counts. */
  read(value: JsonValue | undefined, out: StreamEvent[], whole: boolean): void {
    const single = objectOf(value)
    const calls = single === undefined ? arrayOf(value) : [single]
    for (let position = 0; position < calls.length; position += 1) {
      const call = objectOf(calls[position])
      if (call !== undefined) this.#read(call, whole ? position : numberOf(call['index']), out)
    }
  }

  /** Reads one call that is complete in itself: always a new one. */
  readNext(value: JsonValue, out: StreamEvent[]): void {
    const call = objectOf(value)
    if (call !== undefined) this.#read(call, this.#count, out)
  }

  /** Reads the legacy `function_call`, which is one call without an id. */
  readLegacy(value: JsonObject, out: StreamEvent[]): void {
    this.#read({ function: value }, 0, out)
  }

  #read(delta: JsonObject, wireIndex: number | undefined, out: StreamEvent[]): void {
    const fn = objectOf(delta['function']) ?? {}
    const id = idOf(delta['id'])
    const name = stringOf(fn['name']) ?? ''
    const known = wireIndex === undefined ? this.#last : this.#byWireIndex.get(wireIndex)
    const call = known === undefined || isAnother(known, id, name) ? this.#add(wireIndex) : known
    if (call.id === '') call.id = id
    if (call.index === -1 && name !== '') this.#start(call, name, out)
    this.#addArguments(call, argumentsOf(fn['arguments'] ?? fn['parameters']), out)
  }

  #add(wireIndex: number | undefined): Call {
    const call: Call = { index: -1, id: '', name: '', held: '', sawArguments: false }
    if (wireIndex !== undefined) this.#byWireIndex.set(wireIndex, call)
    this.#last = call
    return call
  }

  #start(call: Call, name: string, out: StreamEvent[]): void {
    call.index = this.#count
    call.name = name
    if (call.id === '') call.id = toolCallId(`${this.#seed}/${this.#choice}/${call.index}/${name}`)
    this.#count += 1
    const start = { type: 'tool-call-start' as const, index: call.index, id: call.id, name }
    out.push(this.#choice === 0 ? start : { ...start, choice: this.#choice })
    this.#addArguments(call, call.held, out)
    call.held = ''
  }

  #addArguments(call: Call, text: string, out: StreamEvent[]): void {
    if (text === '') return
    call.sawArguments = true
    if (call.index === -1) {
      call.held += text
      return
    }
    const delta = { type: 'tool-call-delta' as const, index: call.index, argumentsJson: text }
    out.push(this.#choice === 0 ? delta : { ...delta, choice: this.#choice })
  }
}

function isAnother(known: Call, id: string, name: string): boolean {
  if (name === '' || known.index === -1) return false
  if (id !== '') return id !== known.id
  return known.sawArguments && name !== known.name
}

function idOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

function argumentsOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : ''
}
