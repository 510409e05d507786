import type { AssistantMessage, Message, Part, ReasoningPart, ToolCall } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { arrayOf, stringOf, textOf, type Draft } from '../kit/json-fields.ts'
import { readCallItem, readOutputItem } from './responses-calls.ts'
import { readParts, refusalOf } from './responses-parts.ts'
import { readReasoningItem, withSignatures } from './responses-reasoning.ts'
import type { ReadTools } from './responses-tools.ts'

/** A conversation in the canonical form, and what of it had no place there. */
export interface ReadInput {
  readonly messages: readonly Message[]
  readonly conversions: readonly Conversion[]
}

/**
 * `instructions` and `input` as messages. What an assistant said, thought and called in a row are items of their own on
 * this wire, and one message in the canonical form.
 */
export function readInput(body: JsonObject, tools: ReadTools): ReadInput {
  const reading = new Reading(tools)
  const instructions = textOf(body.instructions)
  if (instructions !== undefined) reading.message({ role: 'system', content: instructions }, 'instructions')
  if (typeof body.input === 'string') reading.message({ role: 'user', content: body.input }, 'input')
  for (const [index, item] of arrayOf(body.input).entries()) {
    if (isJsonObject(item)) reading.item(item, `input[${index}]`)
  }
  return reading.result()
}

interface Turn {
  readonly content: Part[]
  readonly reasoning: ReasoningPart[]
  readonly toolCalls: ToolCall[]
  refusal: string | undefined
}

class Reading {
  readonly #tools: ReadTools
  readonly #messages: Message[] = []
  readonly #conversions: Conversion[] = []
  /** The assistant's message as far as its items have come. */
  #turn: Turn | undefined

  constructor(tools: ReadTools) {
    this.#tools = tools
  }

  result(): ReadInput {
    this.#flush()
    return { messages: this.#messages, conversions: this.#conversions }
  }

  item(item: JsonObject, field: string): void {
    if (isMessageItem(item)) {
      this.message(item, field)
      return
    }
    if (item.type === 'reasoning') {
      this.#open().reasoning.push(...readReasoningItem(item))
      return
    }
    const call = readCallItem(item, this.#tools)
    const output = call === undefined ? readOutputItem(item, field, this.#note) : undefined
    if (call !== undefined) this.#open().toolCalls.push(call)
    else if (output !== undefined) this.#push(output)
    else this.#note(lossOf(item, field))
  }

  message(item: JsonObject, field: string): void {
    const content = readParts(item.content, `${field}.content`, this.#note)
    const role = stringOf(item.role) ?? ''
    if (role === 'assistant') {
      const turn = this.#open()
      turn.content.push(...content)
      turn.refusal = refusalOf(item.content) ?? turn.refusal
    } else if (role === 'system' || role === 'developer') {
      this.#push({ role: 'system', as: role, content, name: undefined })
    } else {
      this.#push({ role: 'user', content, name: undefined })
    }
  }

  readonly #note = (conversion: Conversion): void => {
    this.#conversions.push(conversion)
  }

  #open(): Turn {
    this.#turn ??= { content: [], reasoning: [], toolCalls: [], refusal: undefined }
    return this.#turn
  }

  #push(message: Message): void {
    this.#flush()
    this.#messages.push(message)
  }

  #flush(): void {
    const turn = this.#turn
    this.#turn = undefined
    if (turn === undefined) return
    const { content, refusal } = turn
    const message: Draft<AssistantMessage> = {
      role: 'assistant',
      content,
      ...withSignatures(turn.reasoning, turn.toolCalls),
      refusal,
      name: undefined,
      extra: {},
    }
    // A reasoning item of which nothing can be read leaves nothing to say.
    const silent = content.length === 0 && message.reasoning.length === 0 && message.toolCalls.length === 0
    if (!silent || refusal !== undefined) this.#messages.push(message)
  }
}

/** Items that hold what the conversation was about; without them the answer would be another one. */
const MATTERS: Readonly<Record<string, string>> = {
  item_reference: 'points to an item that is not stored here; send the item itself',
  compaction: 'is a summary of the conversation that only OpenAI can read',
  compaction_summary: 'is a summary of the conversation that only OpenAI can read',
}

function lossOf(item: JsonObject, field: string): Conversion {
  const type = stringOf(item.type) ?? ''
  const why = Object.hasOwn(MATTERS, type) ? MATTERS[type] : undefined
  if (why !== undefined) return { field, did: 'dropped', why, matters: true }
  return { field, did: 'dropped', why: `(${type}) tells of a tool that only OpenAI runs`, matters: false }
}

/** Whether an item of `input` is a message, named as such or not. */
export function isMessageItem({ type }: JsonObject): boolean {
  return type === undefined || type === null || type === 'message'
}
