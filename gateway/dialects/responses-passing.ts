import type { PassingReader, ReplyFacts, SentSoFar } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Draft } from '../kit/json-fields.ts'
import { numberOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { isClientCall } from '../wire/responses-status.ts'
import { CUT, EMPTY_STREAM, notEvents } from './openai-bad-reply.ts'
import { looksLikeEvents, readWireEvent } from './openai-wire.ts'
import { readWireError } from './openai-wire-error.ts'
import { failureOfEvent, failureOfResponse, readResponse } from './responses-wire-event.ts'
import { judgeEvents, readLastEvent, WholeEvents, type Handed } from './whole-events.ts'

type Passed = ReturnType<PassingReader['push']>

/**
 * Every event that may need reading holds one of these words: errors, ends, and items that are calls, because some
 * servers leave the items out of their last event. The same words in prose cost one needless parse and nothing else.
 */
const SUSPECT = /error|_call"|response\.(?:completed|incomplete|failed|cancelled)|DONE\]/

const NOTHING: Handed = { forward: undefined }
/** Quotes inside JSON strings are escaped, so text cannot imitate the key. */
const NUMBERS = /"sequence_number": ?\d+/g

/** Watches a verbatim Responses stream. It is never continued by another target, so nothing is kept but its name. */
export function createResponsesPassing(): PassingReader {
  return new Passing()
}

/**
 * Until the first item every event is parsed; from then on a chunk costs one search. An incomplete event is kept until
 * its end arrives: half an error that was already sent could not be taken back.
 */
class Passing implements PassingReader {
  committed = false
  finished = false
  readonly facts: Draft<ReplyFacts> = {}
  #isStream = false
  #sawEvent = false
  #sawCall = false
  #failed = false
  #id: string | undefined
  #createdS: number | undefined
  /** The events that were handed on last. */
  #last: Buffer | undefined
  readonly #events = new WholeEvents()

  get done(): boolean {
    return this.finished
  }

  push(bytes: Uint8Array): Passed {
    if (this.#failed) return NOTHING
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const whole = this.#events.take(chunk)
    if (whole === undefined) {
      const { tooLong } = this.#events
      return tooLong === undefined ? NOTHING : this.#fail(undefined, tooLong)
    }
    if (this.#isPlain(whole)) {
      this.#last = whole
      return { forward: whole === chunk ? bytes : whole }
    }
    const passed = this.#readEvents(whole)
    this.#last = passed.forward ?? this.#last
    return passed.forward === chunk ? { forward: bytes } : passed
  }

  end(): Passed {
    if (this.#failed) return NOTHING
    const passed = this.#readRest(this.#events.rest())
    this.#last = passed.forward ?? this.#last
    if (passed.failure !== undefined || this.finished) return passed
    return this.#fail(passed.forward, this.#sawEvent ? CUT : EMPTY_STREAM)
  }

  /** Items with ids and signatures of their own cannot be spliced; but an error of ours has the name of what it ends. */
  sent(): SentSoFar | undefined {
    if (this.#id === undefined) return undefined
    const number = this.#last?.toString('latin1').match(NUMBERS)?.at(-1)
    return {
      id: this.#id,
      model: this.facts.model,
      createdS: this.#createdS,
      text: '',
      reasoning: '',
      spliceable: false,
      ...(number !== undefined && { nextEvent: Number(/\d+$/.exec(number)?.[0]) + 1 }),
    }
  }

  /** What is left at the end: an event without its blank line, half an event, or a body that never was a stream. */
  #readRest(rest: Buffer): Handed {
    if (rest.length > 0 && !this.#isStream && !looksLikeEvents(rest.toString())) {
      return this.#fail(undefined, notEvents(rest.toString('utf8', 0, limits.errorBodyBytes)))
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
      if (!looksLikeEvents(text)) return notEvents(text)
      this.#isStream = true
    }
    const event = readWireEvent(text)
    // SDKs throw on data that is not JSON; the rest of the answer may be healthy.
    if (event.type === 'unreadable') return 'hide'
    if (event.type !== 'chunk') return 'pass'
    return this.#judgeEvent(event.json, event.named)
  }

  #judgeEvent(json: JsonObject, named: string): 'pass' | Failure {
    const type = stringOf(json.type) ?? named
    const response = objectOf(json.response)
    if (type === 'error' || named === 'error') return failureOfEvent(json)
    if (type === 'response.failed' || type === 'response.cancelled') return failureOfResponse(response)
    // A relay's own error, in whatever shape it has.
    const failure = json.type === undefined ? readWireError(json) : undefined
    if (failure !== undefined) return failure
    this.#sawEvent = true
    if (isContent(type, json)) this.committed = true
    if (isJsonObject(json.item) && isClientCall(json.item)) this.#sawCall = true
    return response === undefined ? 'pass' : this.#judgeResponse(type, response)
  }

  #judgeResponse(type: string, response: JsonObject): 'pass' | Failure {
    this.#id ??= textOf(response.id)
    this.#createdS ??= numberOf(response.created_at)
    const ends = type === 'response.completed' || type === 'response.incomplete'
    // The event's name says how it ended where the response itself does not.
    const status = response.status ?? type.slice('response.'.length)
    const facts = readResponse(ends ? { ...response, status } : response)
    if (isFailure(facts)) return facts
    Object.assign(this.facts, facts)
    if (ends) this.finished = true
    if (this.facts.finish === 'stop' && this.#sawCall) this.facts.finish = 'tool_calls'
    return 'pass'
  }

  #fail(forward: Buffer | undefined, failure: Failure): Handed {
    this.#failed = true
    this.#events.rest()
    return { forward, failure }
  }
}

/**
 * The first item, or a piece of one: from here the client has an answer. A message that is only announced is none yet; a
 * thought is, because its model is at work, and may be so for long without a word.
 */
function isContent(type: string, { item }: JsonObject): boolean {
  if (type === 'response.output_item.added') return !isJsonObject(item) || item.type !== 'message'
  return type === 'response.output_item.done' || type.endsWith('.delta')
}

/**
 * Every event is one `data:` line that holds an object, named or not, as far as its ends tell. An SDK throws on data
 * that is cut short or no object; whatever looks otherwise is read event by event.
 */
function isWellFramed(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n\n', at)
    if (end < 0 || text.charCodeAt(end - 1) !== CLOSE_BRACE) return false
    const data = text.startsWith('event: ', at) ? text.indexOf('\n', at) + 1 : at
    if (data > end || !text.startsWith('data: {', data)) return false
    at = end + 2
  }
  return true
}

const CLOSE_BRACE = 0x7d
