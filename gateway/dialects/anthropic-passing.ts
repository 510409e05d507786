import type { PassingReader, ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { objectOf, textAt, textOf, type Draft } from '../kit/json-fields.ts'
import { anthropicFinish } from '../wire/anthropic-stop.ts'
import { mergeAnthropicUsage, readAnthropicUsage } from '../wire/anthropic-usage.ts'
import { notMessageEvents, readMessagesError } from './anthropic-wire-error.ts'
import { CUT, EMPTY_STREAM } from './openai-bad-reply.ts'
import { looksLikeEvents, readWireEvent } from './openai-wire.ts'
import { judgeEvents, readLastEvent, WholeEvents, type Handed } from './whole-events.ts'

type Passed = ReturnType<PassingReader['push']>

/**
 * Every event that may need reading holds one of these. Quotes inside JSON strings are escaped, so text cannot imitate
 * them; a tool that is called `error` costs one needless parse and nothing else.
 */
const SUSPECT = /"(?:error|message_(?:start|delta|stop))"|event: *error/

const NOTHING: Handed = { forward: undefined }

const STOP = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'

/** Watches a verbatim Messages stream. A cut one is not continued, so nothing of it is kept. */
export function createMessagesPassing(): PassingReader {
  return new MessagesPassing()
}

/**
 * From the first content on, a chunk costs one copy to a Latin-1 string and one search of it; the few events before and
 * after are parsed. An incomplete event is always kept until its end arrives: no client can use half an event, and half an
 * error that was already sent could not be taken back.
 */
class MessagesPassing implements PassingReader {
  committed = false
  finished = false
  done = false
  readonly facts: Draft<ReplyFacts> = {}
  #usage: JsonObject | undefined
  #isStream = false
  #sawMessage = false
  #failed = false
  readonly #events = new WholeEvents()

  push(bytes: Uint8Array): Passed {
    if (this.#failed) return NOTHING
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const whole = this.#events.take(chunk)
    if (whole === undefined) {
      const { tooLong } = this.#events
      return tooLong === undefined ? NOTHING : this.#fail(undefined, tooLong)
    }
    const passed = this.#isPlain(whole) ? { forward: whole } : this.#readEvents(whole)
    return passed.forward === chunk ? { forward: bytes } : passed
  }

  end(): Passed {
    if (this.#failed) return NOTHING
    const passed = this.#readRest(this.#events.rest())
    if (passed.failure !== undefined) return passed
    if (this.finished) return this.#ending(passed.forward)
    return this.#fail(passed.forward, this.#sawMessage ? CUT : EMPTY_STREAM)
  }

  /** Everything was said. Libraries that wait for the last event would call it interrupted. */
  #ending(last: Buffer | undefined): Handed {
    if (this.done) return { forward: last }
    return { forward: Buffer.concat([last ?? Buffer.alloc(0), Buffer.from(STOP)]) }
  }

  /** A message is not continued by somebody else. */
  sent(): undefined {
    return undefined
  }

  /** What is left at the end: an event without its blank line, half an event, or a body that never was a stream. */
  #readRest(rest: Buffer): Handed {
    if (rest.length > 0 && !this.#isStream && !looksLikeEvents(rest.toString())) {
      return this.#fail(undefined, notMessageEvents(rest.toString('utf8', 0, limits.errorBodyBytes)))
    }
    return readLastEvent(rest, (last) => this.#readEvents(last))
  }

  #readEvents(whole: Buffer): Handed {
    const handed = judgeEvents(whole, (event) => this.#judge(event))
    return handed.failure === undefined ? handed : this.#fail(handed.forward, handed.failure)
  }

  /** Nothing but more of the same answer. */
  #isPlain(bytes: Buffer): boolean {
    if (!this.committed || this.finished) return false
    const text = bytes.toString('latin1')
    return !SUSPECT.test(text) && isWellFramed(text)
  }

  #judge(bytes: Buffer): 'pass' | 'hide' | Failure {
    if (this.#isPlain(bytes)) return 'pass'
    const text = bytes.toString()
    if (!this.#isStream) {
      if (!looksLikeEvents(text)) return notMessageEvents(text)
      this.#isStream = true
    }
    const event = readWireEvent(text)
    if (event.type === 'chunk') return this.#judgeEvent(event.json, event.named)
    // SDKs throw on data that is not JSON; the rest of the answer may be healthy. Comments and `[DONE]` harm nobody.
    return event.type === 'unreadable' ? 'hide' : 'pass'
  }

  #judgeEvent(json: JsonObject, named: string): 'pass' | Failure {
    const failure = readMessagesError(json, named === 'error')
    if (failure !== undefined) return failure
    switch (textOf(json.type) ?? named) {
      case 'message_start':
        this.#readStart(objectOf(json.message) ?? {})
        break
      case 'content_block_start':
        this.#sawMessage = true
        this.committed ||= !isEmptyText(objectOf(json.content_block))
        break
      case 'content_block_delta':
        this.#sawMessage = true
        this.committed = true
        break
      case 'message_delta':
        this.#readDelta(json)
        break
      case 'message_stop':
        if (!this.#sawMessage) return EMPTY_STREAM
        this.finished = true
        this.done = true
        break
      default:
    }
    return 'pass'
  }

  #readStart(message: JsonObject): void {
    this.#sawMessage = true
    const model = textOf(message.model)
    if (model !== undefined) this.facts.model = model
    this.#count(objectOf(message.usage))
  }

  #readDelta(json: JsonObject): void {
    this.#sawMessage = true
    this.#count(objectOf(json.usage))
    const stopReason = textAt(json.delta, 'stop_reason')
    if (stopReason === undefined) return
    this.finished = true
    this.facts.finish = anthropicFinish(stopReason, false)
  }

  #count(stated: JsonObject | undefined): void {
    if (stated === undefined) return
    this.#usage = mergeAnthropicUsage(this.#usage, stated)
    const usage = readAnthropicUsage(this.#usage)
    if (usage !== undefined) this.facts.usage = usage
  }

  #fail(forward: Buffer | undefined, failure: Failure): Handed {
    this.#failed = true
    this.#events.rest()
    return { forward, failure }
  }
}

/**
 * A text that is only announced is no content yet. An empty thought is: its model is at work, and may be so for long
 * without a word.
 */
function isEmptyText(block: JsonObject | undefined): boolean {
  return block?.type === 'text' && !textOf(block.text)
}

const SPACE = 0x20
const CLOSE_BRACE = 0x7d

/**
 * Every event is a name and one `data:` line that holds an object, as far as its ends tell; Anthropic pads its lines with
 * spaces. An SDK throws on data that is cut short, so whatever looks otherwise is read event by event.
 */
function isWellFramed(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n\n', at)
    const data = text.indexOf('\n', at) + 1
    if (end < 0 || data > end || !text.startsWith('event: ', at) || !text.startsWith('data: {', data)) return false
    let last = end - 1
    while (text.charCodeAt(last) === SPACE) last -= 1
    if (text.charCodeAt(last) !== CLOSE_BRACE || text.slice(data, end).includes('\n')) return false
    at = end + 2
  }
  return true
}
