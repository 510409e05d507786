import type { PassingReader, ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { objectOf, textAt, textOf, type Draft } from '../kit/json-fields.ts'
import { anthropicFinish } from '../wire/anthropic-stop.ts'
import { mergeAnthropicUsage, readAnthropicUsage } from '../wire/anthropic-usage.ts'
import { notMessageEvents, readMessagesError } from './anthropic-wire-error.ts'
import { endsEvent, lastEventEnd, nextEventEnd } from './event-bytes.ts'
import { badReply, CUT, EMPTY_STREAM } from './openai-bad-reply.ts'
import { looksLikeEvents, readWireEvent } from './openai-wire.ts'

type Passed = ReturnType<PassingReader['push']>

/**
 * Every event that may need reading holds one of these. Quotes inside JSON strings are escaped, so text cannot imitate
 * them; a tool that is called `error` costs one needless parse and nothing else.
 */
const SUSPECT = /"(?:error|message_(?:start|delta|stop))"|event: *error/

const NOTHING: Passed = { forward: undefined }

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
  /** The beginning of an event whose end has not arrived. */
  #carry: Buffer[] = []
  #carryBytes = 0

  push(bytes: Uint8Array): Passed {
    if (this.#failed) return NOTHING
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const whole = this.#carryBytes === 0 && endsEvent(chunk) ? chunk : this.#takeWhole(chunk)
    if (whole === undefined) return this.#tooLong() ?? NOTHING
    const passed = this.#isPlain(whole) ? { forward: whole } : this.#readEvents(whole)
    return passed.forward === chunk ? { forward: bytes } : passed
  }

  end(): Passed {
    if (this.#failed) return NOTHING
    const rest = Buffer.concat(this.#carry)
    this.#carry = []
    const passed = this.#readRest(rest)
    if (passed.failure !== undefined) return passed
    if (this.finished) return this.#ending(passed.forward)
    return this.#fail(passed.forward, this.#sawMessage ? CUT : EMPTY_STREAM)
  }

  /** Everything was said. Libraries that wait for the last event, or for its blank line, would call it interrupted. */
  #ending(last: Uint8Array | undefined): Passed {
    const missing = (last === undefined ? '' : '\n\n') + (this.done ? '' : STOP)
    if (missing === '') return { forward: last }
    return { forward: Buffer.concat([last ?? Buffer.alloc(0), Buffer.from(missing)]) }
  }

  /** A message is not continued by somebody else. */
  sent(): undefined {
    return undefined
  }

  /** The complete events in the carry and the chunk, the rest of which becomes the carry. */
  #takeWhole(chunk: Buffer): Buffer | undefined {
    if (!chunk.includes(0x0a)) return this.#hold(chunk)
    const all = this.#carryBytes === 0 ? chunk : Buffer.concat([...this.#carry, chunk])
    const end = lastEventEnd(all)
    this.#carry = []
    this.#carryBytes = 0
    if (end < all.length) this.#hold(all.subarray(end))
    return end === 0 ? undefined : all.subarray(0, end)
  }

  #hold(bytes: Buffer): undefined {
    this.#carry.push(bytes)
    this.#carryBytes += bytes.length
  }

  #tooLong(): Passed | undefined {
    if (this.#carryBytes <= limits.streamLineBytes) return undefined
    return this.#fail(undefined, badReply('The upstream sent one event that is larger than any answer.'))
  }

  /** What is left at the end: an event without its blank line, half an event, or a body that never was a stream. */
  #readRest(rest: Buffer): Passed {
    if (rest.length === 0) return NOTHING
    if (!this.#isStream && !looksLikeEvents(rest.toString())) {
      return this.#fail(undefined, notMessageEvents(rest.toString('utf8', 0, limits.errorBodyBytes)))
    }
    const event = readWireEvent(rest.toString())
    return event.type === 'unreadable' || event.type === 'nothing' ? NOTHING : this.#readEvents(rest)
  }

  /** Reads event by event; gives the same buffer back where nothing has to be held back. */
  #readEvents(whole: Buffer): Passed {
    const runs: Buffer[] = []
    let runStart = 0
    for (let at = 0; at < whole.length;) {
      const end = nextEventEnd(whole, at)
      const verdict = this.#judge(whole.subarray(at, end))
      if (typeof verdict === 'object') return this.#fail(joined([...runs, whole.subarray(runStart, at)]), verdict)
      if (verdict === 'hide') {
        runs.push(whole.subarray(runStart, at))
        runStart = end
      }
      at = end
    }
    return { forward: runStart === 0 ? whole : joined([...runs, whole.subarray(runStart)]) }
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

  #fail(forward: Uint8Array | undefined, failure: Failure): Passed {
    this.#failed = true
    this.#carry = []
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

function joined(runs: readonly Buffer[]): Buffer | undefined {
  const filled = runs.filter((run) => run.length > 0)
  return filled.length > 1 ? Buffer.concat(filled) : filled[0]
}
