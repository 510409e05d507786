import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isJsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, stringOf, textOf } from '../kit/json-fields.ts'
import { readCitation } from './anthropic-citations.ts'
import { toolCallId } from './stable-id.ts'

/** What the blocks of one answer share. */
export interface AnswerState {
  /** Makes ids of tool calls that have none. */
  seed: string
  calls: number
  /** Characters of text so far. */
  chars: number
}

/**
 * One content block, from its start to its end. Text, thinking and calls of the client's tools become events; what
 * Anthropic ran itself (`server_tool_use`, `web_search_tool_result`, `mcp_tool_use`...) is no business of the client's and
 * passes in silence.
 */
export class AnthropicBlock {
  readonly #type: string
  readonly #answer: AnswerState
  readonly #startIndex: number
  /** Of a call: its index among calls; -1 for every other block. */
  readonly #call: number
  readonly #input: JsonValue | undefined
  #sawArguments = false
  #signature: string | undefined
  #citations: JsonValue[] = []

  constructor(block: JsonObject, answer: AnswerState, out: StreamEvent[]) {
    this.#type = stringOf(block['type']) ?? ''
    this.#answer = answer
    this.#startIndex = answer.chars
    this.#call = this.#type === 'tool_use' ? startCall(block, answer, out) : -1
    this.#input = block['input']
    if (this.#type === 'text') {
      this.#addText(block['text'], out)
      for (const citation of arrayOf(block['citations'])) this.#addCitation(citation, out)
    }
    if (this.#type === 'thinking') {
      addThought(block['thinking'], out)
      this.#signature = textOf(block['signature'])
    }
    if (this.#type === 'redacted_thinking') addRedacted(block, out)
  }

  delta(delta: JsonObject, out: StreamEvent[]): void {
    switch (stringOf(delta['type']) ?? '') {
      case 'text_delta':
        if (this.#type === 'text') this.#addText(delta['text'], out)
        break
      case 'citations_delta':
        if (this.#type === 'text') this.#addCitation(delta['citation'], out)
        break
      case 'input_json_delta':
        if (this.#call !== -1) this.#addArguments(stringOf(delta['partial_json']) ?? '', out)
        break
      case 'thinking_delta':
        if (this.#type === 'thinking') addThought(delta['thinking'], out)
        break
      case 'signature_delta':
        if (this.#type === 'thinking') this.#signature = textOf(delta['signature']) ?? this.#signature
        break
      default:
    }
  }

  close(out: StreamEvent[]): void {
    if (this.#call !== -1 && !this.#sawArguments) this.#addArguments(wholeInput(this.#input), out)
    if (this.#signature !== undefined) {
      out.push({ type: 'reasoning-delta', text: '', signature: this.#signature, maker: 'anthropic' })
    }
    this.#signature = undefined
    this.#tellCitations(out)
  }

  #addText(value: JsonValue | undefined, out: StreamEvent[]): void {
    if (typeof value !== 'string' || value === '') return
    this.#answer.chars += value.length
    out.push({ type: 'text-delta', text: value })
  }

  #addArguments(text: string, out: StreamEvent[]): void {
    if (text === '') return
    this.#sawArguments = true
    out.push({ type: 'tool-call-delta', index: this.#call, argumentsJson: text })
  }

  /** Citations support the text of their block, which is known only when it ends. */
  #addCitation(value: JsonValue | undefined, out: StreamEvent[]): void {
    if (value === undefined) return
    this.#citations.push(value)
    if (this.#citations.length >= limits.heldCitations) this.#tellCitations(out)
  }

  #tellCitations(out: StreamEvent[]): void {
    const span = { startIndex: this.#startIndex, endIndex: this.#answer.chars }
    const citations = this.#citations.map((raw) => readCitation(raw, span)).filter((citation) => citation !== undefined)
    this.#citations = []
    if (citations.length > 0) out.push({ type: 'text-delta', text: '', citations })
  }
}

/** Begins a call, unless it names no function: nobody could be called then. */
function startCall(block: JsonObject, answer: AnswerState, out: StreamEvent[]): number {
  const name = textOf(block['name'])
  if (name === undefined) return -1
  const index = answer.calls
  answer.calls += 1
  const id = textOf(block['id']) ?? toolCallId(`${answer.seed}/${index}/${name}`)
  out.push({ type: 'tool-call-start', index, id, name })
  return index
}

/** The input that came with the block's start; a call without arguments has an empty one, or none. */
function wholeInput(input: JsonValue | undefined): string {
  return isJsonObject(input) ? JSON.stringify(input) : '{}'
}

function addThought(value: JsonValue | undefined, out: StreamEvent[]): void {
  if (typeof value === 'string' && value !== '') out.push({ type: 'reasoning-delta', text: value })
}

function addRedacted(block: JsonObject, out: StreamEvent[]): void {
  const redacted = textOf(block['data'])
  if (redacted !== undefined) out.push({ type: 'reasoning-delta', text: '', redacted, maker: 'anthropic' })
}
