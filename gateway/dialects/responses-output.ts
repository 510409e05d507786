import type { WriterContext } from '../contract/dialect.ts'
import type { JsonArray, JsonObject } from '../contract/json.ts'
import type {
  EndEvent,
  ReasoningDelta,
  StreamEvent,
  TextDelta,
  ToolCallStart,
  Usage,
} from '../contract/stream-event.ts'
import { arrayOf } from '../kit/json-fields.ts'
import { statusOf, type ResponsesStatus } from '../wire/responses-status.ts'
import { createCallItem, type CallItem } from './responses-call-item.ts'
import type { Emit, ItemStatus, Place } from './responses-emit.ts'
import { MessageItem } from './responses-message-item.ts'
import { callSignature } from './responses-reasoning.ts'
import { ReasoningItem } from './responses-reasoning-item.ts'
import { createThinkTags, type ThinkTags } from './responses-think-tags.ts'
import { readTools, type ClientTool } from './responses-tools.ts'

/** The output items of one response, made from events and told as they grow. */
export class ResponseOutput {
  usage: Usage | undefined
  status: ResponsesStatus = statusOf('stop')
  readonly #emit: Emit
  readonly #idRest: string
  readonly #tools: ReadonlyMap<string, ClientTool>
  readonly #wantsEncrypted: boolean
  readonly #tags: ThinkTags | undefined
  readonly #usedIds = new Set<string>()
  /** Finished items by their place; those that are still open are holes. */
  readonly #items: (JsonObject | undefined)[] = []
  #nextIndex = 0
  #charsBefore = 0
  /** What is being said: a message or a thought, never both. */
  #message: MessageItem | undefined
  #messagePlace: Place | undefined
  #thought: ReasoningItem | undefined
  #thoughtPlace: Place | undefined
  /** Calls stay open until the end, because fragments of several may come in turn. */
  readonly #calls: CallItem[] = []
  readonly #callAt = new Map<number, CallItem>()

  constructor(context: WriterContext, emit: Emit) {
    this.#emit = emit
    this.#idRest = context.id.slice(context.id.indexOf('_') + 1)
    this.#tools = readTools(context.body).byName
    this.#wantsEncrypted = arrayOf(context.body.include).includes('reasoning.encrypted_content')
    this.#tags = context.mergeReasoning ? createThinkTags() : undefined
  }

  /** The items that are whole, in their order. */
  get items(): JsonArray {
    return this.#items.filter((item) => item !== undefined)
  }

  take(event: StreamEvent): void {
    if (this.#tags === undefined) this.#take(event)
    else for (const tagged of this.#tags.tag(event)) this.#take(tagged)
  }

  #take(event: StreamEvent): void {
    if (event.type === 'usage') this.usage = event.usage
    // This wire has one answer; a second one could only be mixed into it.
    else if ('choice' in event && (event.choice ?? 0) > 0) return
    else if (event.type === 'text-delta') this.#say(event)
    else if (event.type === 'reasoning-delta') this.#think(event)
    else if (event.type === 'tool-call-start') this.#call(event)
    else if (event.type === 'tool-call-delta') this.#callAt.get(event.index)?.add(event.argumentsJson)
    else if (event.type === 'end') this.#end(event)
  }

  #say(event: TextDelta): void {
    if (event.text === '' && this.#message === undefined) return
    this.#closeThought()
    this.#openMessage().say(event)
  }

  #think(event: ReasoningDelta): void {
    const { text, signature, redacted } = event
    if (text === '' && signature === undefined && redacted === undefined) return
    this.#closeMessage('completed')
    if (this.#thought?.isOther(event) === true) this.#closeThought()
    if (this.#openThought(event).think(event)) this.#closeThought()
  }

  #call(start: ToolCallStart): void {
    this.#closeMessage('completed')
    const signature = callSignature(start)
    if (signature !== undefined) this.#openThought().sign(signature)
    this.#closeThought()
    const context = { emit: this.#emit, place: (prefix: string) => this.#place(prefix) }
    const item = createCallItem(start, this.#tools.get(start.name), context)
    this.#calls.push(item)
    this.#callAt.set(start.index, item)
  }

  #end({ reason, refusal }: EndEvent): void {
    this.status = statusOf(reason)
    const { status } = this.status
    this.#closeThought()
    if (refusal !== undefined) this.#openMessage().refuse(refusal)
    this.#closeMessage(status)
    for (const call of this.#calls) {
      const { place, item } = call.close(status)
      this.#items[place.index] = item
    }
    this.#calls.length = 0
    this.#callAt.clear()
  }

  #openMessage(): MessageItem {
    this.#messagePlace ??= this.#place('msg_')
    this.#message ??= new MessageItem(this.#emit, this.#messagePlace, this.#charsBefore)
    return this.#message
  }

  #closeMessage(status: ItemStatus): void {
    if (this.#message === undefined || this.#messagePlace === undefined) return
    this.#items[this.#messagePlace.index] = this.#message.close(status)
    this.#charsBefore += this.#message.chars
    this.#message = undefined
    this.#messagePlace = undefined
  }

  #openThought(event?: ReasoningDelta): ReasoningItem {
    this.#thoughtPlace ??= this.#place('rs_', event?.maker === 'openai' ? event.id : undefined)
    this.#thought ??= new ReasoningItem(this.#emit, this.#thoughtPlace, this.#wantsEncrypted)
    return this.#thought
  }

  #closeThought(): void {
    if (this.#thought === undefined || this.#thoughtPlace === undefined) return
    this.#items[this.#thoughtPlace.index] = this.#thought.close()
    this.#thought = undefined
    this.#thoughtPlace = undefined
  }

  /** The next place; an item keeps the id of its maker where it has one, because only that one is known there. */
  #place(prefix: string, makersId?: string): Place {
    const index = this.#nextIndex
    this.#nextIndex += 1
    const own = `${prefix}${this.#idRest}_${index}`
    const id = makersId === undefined || this.#usedIds.has(makersId) ? own : makersId
    this.#usedIds.add(id)
    return { id, index }
  }
}
