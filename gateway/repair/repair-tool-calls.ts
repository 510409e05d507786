import type { Tool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { limits } from '../contract/limits.ts'
import type { Reader } from '../contract/provider.ts'
import type { EndEvent, StreamEvent, TextDelta } from '../contract/stream-event.ts'
import { readWrittenCalls, type WrittenCall } from './written-calls.ts'

export interface RepairOptions {
  /** What the model may call: nothing else is taken for a call. */
  readonly tools: readonly Tool[]
  /** The client asked for JSON, so an answer that is JSON is an answer. */
  readonly expectsJson: boolean
  /** An id for the call with this index, unique over all answers. */
  newId(index: number): string
  onRepair(conversion: Conversion): void
}

/**
 * Makes real tool calls of those that a model wrote as text. Text passes as it comes until something begins that looks
 * like a call; from there it is held, and at the end it is either a call of a tool that the client has, or text again.
 */
export function repairToolCalls(reader: Reader, options: RepairOptions): Reader {
  const repair = new Repair(options)
  return { push: (bytes) => repair.take(reader.push(bytes)), end: () => repair.take(reader.end()) }
}

/** Where a call may begin anywhere in a text. */
const MARKS = ['<tool_call>', '<function=', '[TOOL_CALLS]', '<|python_tag|>', '<｜tool▁calls▁begin｜>']
/** Where a whole answer may be one, in a fence or not. */
const JSON_START = /^\s*(?:```(?:json|tool_call)?\s*)?\[?\s*\{\s*"(?:name|function|type)"\s*:/
const JSON_START_CHARS = 40

class Repair {
  readonly #options: RepairOptions
  /** Held back: what may be, or become, a call. */
  #held = ''
  /** A mark has been found: from here on everything is held. */
  #isMarked = false
  #hasText = false
  /** A real call came, another answer than the first, or more than may be held: nothing is repaired any more. */
  #isOff = false

  constructor(options: RepairOptions) {
    this.#options = options
  }

  take(events: readonly StreamEvent[]): readonly StreamEvent[] {
    if (this.#isOff) return events
    const out: StreamEvent[] = []
    for (const event of events) this.#takeOne(event, out)
    return out
  }

  #takeOne(event: StreamEvent, out: StreamEvent[]): void {
    if (this.#isOff) out.push(event)
    else if (event.type === 'text-delta' && isPlain(event)) this.#text(event, out)
    else if (event.type === 'end') this.#end(event, out)
    else if (event.type === 'reasoning-delta' || event.type === 'start' || event.type === 'usage') out.push(event)
    else {
      this.#giveUp(out)
      out.push(event)
    }
  }

  #text(event: TextDelta, out: StreamEvent[]): void {
    const text = this.#held + event.text
    const passes = this.#isMarked ? 0 : this.#passing(text)
    if (passes > 0) {
      this.#hasText = true
      out.push(
        passes === event.text.length && this.#held === '' ? event : { type: 'text-delta', text: text.slice(0, passes) },
      )
    }
    this.#held = text.slice(passes)
    if (this.#held.length > limits.heldToolCallChars) this.#giveUp(out)
  }

  /** How much of this text can go on its way. Notes when a mark was found. */
  #passing(text: string): number {
    const mark = Math.min(...MARKS.map((one) => indexOr(text, one)))
    if (mark < text.length) {
      this.#isMarked = true
      return mark
    }
    if (!this.#hasText && !this.#options.expectsJson && mayBeginJson(text)) {
      this.#isMarked = JSON_START.test(text)
      return 0
    }
    return text.length - longestBeginning(text)
  }

  #end(event: EndEvent, out: StreamEvent[]): void {
    const calls = this.#held === '' ? undefined : this.#known(readWrittenCalls(this.#held))
    if (calls === undefined) {
      this.#giveUp(out)
      out.push(event)
      return
    }
    this.#isOff = true
    calls.forEach(({ name, argumentsJson }, index) => {
      const id = this.#options.newId(index)
      out.push({ type: 'tool-call-start', index, id, name }, { type: 'tool-call-delta', index, argumentsJson })
      this.#options.onRepair({
        field: `tool_calls[${index}]`,
        did: 'repaired',
        why: `was written as text and is a call of ${name}`,
        matters: false,
      })
    })
    out.push(event.reason === 'stop' ? { ...event, reason: 'tool_calls' } : event)
  }

  #known(calls: readonly WrittenCall[] | undefined): readonly WrittenCall[] | undefined {
    const isKnown = (name: string): boolean => this.#options.tools.some((tool) => tool.name === name)
    return calls?.every(({ name }) => isKnown(name)) === true ? calls : undefined
  }

  #giveUp(out: StreamEvent[]): void {
    this.#isOff = true
    if (this.#held !== '') out.push({ type: 'text-delta', text: this.#held })
    this.#held = ''
  }
}

/** Text of the first answer without anything that belongs to its exact words. */
function isPlain({ choice, logprobs, citations }: TextDelta): boolean {
  return (choice ?? 0) === 0 && logprobs === undefined && citations === undefined
}

function indexOr(text: string, mark: string): number {
  const at = text.indexOf(mark)
  return at < 0 ? text.length : at
}

/** Whether an answer that begins like this may yet turn out to be a call in plain JSON. */
function mayBeginJson(text: string): boolean {
  if (JSON_START.test(text)) return true
  return (
    text.length < JSON_START_CHARS &&
    /^\s*(?:`{0,3}|```(?:j|js|jso|json)?\s*)?(?:\[?\s*(?:\{\s*(?:"[a-z]*"?\s*)?)?)?$/.test(text)
  )
}

/** The length of the longest end of the text that is the beginning of a mark. */
function longestBeginning(text: string): number {
  let longest = 0
  for (const mark of MARKS) {
    for (let length = Math.min(mark.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(mark.slice(0, length))) longest = length
    }
  }
  return longest
}
