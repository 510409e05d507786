import type { JsonObject } from '../contract/json.ts'
import type { ToolCallStart } from '../contract/stream-event.ts'
import { customInput } from './responses-custom-tool.ts'
import { emitAdded, emitDone, type Emit, type ItemStatus, type Place } from './responses-emit.ts'
import { shellAction } from './responses-local-shell.ts'
import type { ClientTool } from './responses-tools.ts'

/** A call of a tool while its arguments come. */
export interface CallItem {
  add(argumentsJson: string): void
  /** The whole item, and where it stands. */
  close(status: ItemStatus): { readonly place: Place; readonly item: JsonObject }
}

/** What a call needs to be written: how to send, and where items get their place. */
export interface CallContext {
  readonly emit: Emit
  /** Takes the next place of the response; the prefix is the one of the item's id. */
  readonly place: (prefix: string) => Place
}

/** The item for a call of a tool; a name that the client did not offer is a function like any other. */
export function createCallItem(start: ToolCallStart, tool: ClientTool | undefined, context: CallContext): CallItem {
  if (tool?.kind === 'custom') return new CustomCall(start, tool, context)
  if (tool?.kind === 'local_shell') return new ShellCall(start, context)
  return new FunctionCall(start, tool, context)
}

/** What is known of a call from its beginning, under the client's own name for the tool. */
function headOf(start: ToolCallStart, tool: ClientTool | undefined): JsonObject {
  const namespace = tool?.namespace
  return { call_id: start.id, name: tool?.name ?? start.name, ...(namespace !== undefined && { namespace }) }
}

class FunctionCall implements CallItem {
  readonly #emit: Emit
  readonly #place: Place
  readonly #head: JsonObject
  #arguments = ''

  constructor(start: ToolCallStart, tool: ClientTool | undefined, { emit, place }: CallContext) {
    this.#emit = emit
    this.#place = place('fc_')
    this.#head = headOf(start, tool)
    emitAdded(emit, this.#place, this.#item('in_progress'))
  }

  add(argumentsJson: string): void {
    if (argumentsJson === '') return
    this.#arguments += argumentsJson
    this.#emit('response.function_call_arguments.delta', { ...this.#at(), delta: argumentsJson })
  }

  close(status: ItemStatus): { place: Place; item: JsonObject } {
    // Clients parse the arguments; a model that had none to give often sends nothing at all.
    if (this.#arguments === '' && status === 'completed') this.add('{}')
    const { name } = this.#head
    this.#emit('response.function_call_arguments.done', { ...this.#at(), name, arguments: this.#arguments })
    return { place: this.#place, item: emitDone(this.#emit, this.#place, this.#item(status)) }
  }

  #at(): JsonObject {
    return { item_id: this.#place.id, output_index: this.#place.index }
  }

  #item(status: string): JsonObject {
    return { id: this.#place.id, type: 'function_call', status, arguments: this.#arguments, ...this.#head }
  }
}

/** Its text is only known once the JSON around it is whole, so it is sent in one piece. */
class CustomCall implements CallItem {
  readonly #emit: Emit
  readonly #place: Place
  readonly #head: JsonObject
  #arguments = ''

  constructor(start: ToolCallStart, tool: ClientTool, { emit, place }: CallContext) {
    this.#emit = emit
    this.#place = place('ctc_')
    this.#head = headOf(start, tool)
    emitAdded(emit, this.#place, this.#item('in_progress', ''))
  }

  add(argumentsJson: string): void {
    this.#arguments += argumentsJson
  }

  close(status: ItemStatus): { place: Place; item: JsonObject } {
    const input = customInput(this.#arguments)
    const at = { item_id: this.#place.id, output_index: this.#place.index }
    if (input !== '') this.#emit('response.custom_tool_call_input.delta', { ...at, delta: input })
    this.#emit('response.custom_tool_call_input.done', { ...at, input })
    return { place: this.#place, item: emitDone(this.#emit, this.#place, this.#item(status, input)) }
  }

  #item(status: string, input: string): JsonObject {
    return { id: this.#place.id, type: 'custom_tool_call', status, input, ...this.#head }
  }
}

/** An action has no parts to stream, and only whole arguments tell whether there is one. */
class ShellCall implements CallItem {
  readonly #start: ToolCallStart
  readonly #context: CallContext
  #arguments = ''

  constructor(start: ToolCallStart, context: CallContext) {
    this.#start = start
    this.#context = context
  }

  add(argumentsJson: string): void {
    this.#arguments += argumentsJson
  }

  close(status: ItemStatus): { place: Place; item: JsonObject } {
    const action = shellAction(this.#arguments)
    if (action === undefined) return this.#closeAsFunction(status)
    const { emit } = this.#context
    const place = this.#context.place('lsh_')
    const item = { id: place.id, type: 'local_shell_call', call_id: this.#start.id, action }
    emitAdded(emit, place, { ...item, status: 'in_progress' })
    return { place, item: emitDone(emit, place, { ...item, status }) }
  }

  /** Arguments without a command: the client answers the call with an error, which the model can read. */
  #closeAsFunction(status: ItemStatus): { place: Place; item: JsonObject } {
    const call = new FunctionCall(this.#start, undefined, this.#context)
    call.add(this.#arguments)
    return call.close(status)
  }
}
