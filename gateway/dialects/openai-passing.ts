import type { PassingContext, PassingReader, ReplyFacts, SentSoFar } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { FinishReason } from '../contract/stream-event.ts'
import { nextEventEnd } from './event-bytes.ts'
import { parseObject, textOf, type Draft } from '../kit/json-fields.ts'
import { CUT, EMPTY_STREAM, GAVE_UP, notEvents } from './openai-bad-reply.ts'
import { PlainEvents } from './openai-passing-plain.ts'
import { readSent } from './openai-sent.ts'
import { writeUsage } from './openai-usage.ts'
import { readWireError } from './openai-wire-error.ts'
import { readFinish } from '../wire/finish-reason.ts'
import { statedUsage } from '../wire/openai-usage.ts'
import { choicesOf, contentOf, looksLikeEvents, readWireEvent, type WireEvent } from './openai-wire.ts'
import { joined, readLastEvent, WholeEvents, type Handed } from './whole-events.ts'

type Passed = ReturnType<PassingReader['push']>

const NOTHING: Handed = { forward: undefined }

/** Watches a verbatim chat or completions stream; both wires differ only inside their choices. */
export function createPassing(context: PassingContext): PassingReader {
  return new Passing(context)
}

/**
 * Until the first content every event is parsed. From then on a chunk costs one copy to a Latin-1 string and one
 * search of it, a sixth of what parsing costs; after the first finish reason events are few and parsed again.
 *
 * An incomplete event is always kept until its end arrives: no client can use half an event, and half an error
 * that was already sent could not be taken back.
 */
class Passing implements PassingReader {
  committed = false
  readonly facts: Draft<ReplyFacts> = {}
  readonly #hideUsage: boolean
  /** The client waits for a usage chunk that has not passed. */
  #owesUsage: boolean
  /** What the chunks are called, for a chunk of our own. */
  #frame: JsonObject = {}
  #isStream = false
  #sawChunk = false
  #sawFinish = false
  #sawDone = false
  #failed = false
  /** Choices that spoke after another one had finished; undefined: none ever did. */
  #open: Set<number> | undefined
  readonly #events = new WholeEvents()
  #kept: Uint8Array[] | undefined
  #keptBytes = 0

  constructor(context: PassingContext) {
    this.#hideUsage = context.hideUsage
    this.#owesUsage = context.fillUsage === true
    this.#kept = context.keepSent === false ? undefined : []
  }

  get done(): boolean {
    return this.#sawDone
  }

  get finished(): boolean {
    return this.#sawDone || (this.#sawFinish && (this.#open?.size ?? 0) === 0)
  }

  push(bytes: Uint8Array): Passed {
    if (this.#failed) return NOTHING
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const whole = this.#events.take(chunk)
    if (whole === undefined) {
      const { tooLong } = this.#events
      return tooLong === undefined ? NOTHING : this.#fail(undefined, tooLong)
    }
    const passed = this.#readEvents(whole)
    if (passed.forward !== undefined) this.#keep(passed.forward)
    return passed.forward === chunk ? { forward: bytes } : passed
  }

  end(): Passed {
    if (this.#failed) return NOTHING
    const passed = this.#readRest(this.#events.rest())
    if (passed.forward !== undefined) this.#keep(passed.forward)
    if (passed.failure !== undefined) return passed
    if (this.finished) return this.#owesUsage ? this.#withOwedUsage(passed.forward) : passed
    this.#failed = true
    return { forward: passed.forward, failure: this.#sawChunk ? CUT : EMPTY_STREAM }
  }

  sent(): SentSoFar | undefined {
    return this.#kept === undefined ? undefined : readSent(Buffer.concat(this.#kept).toString())
  }

  /** What is left at the end: an event without its blank line, half an event, or a body that never was a stream. */
  #readRest(rest: Buffer): Handed {
    if (rest.length > 0 && !this.#isStream && !looksLikeEvents(rest.toString())) {
      return this.#fail(undefined, notEvents(rest.toString('utf8', 0, limits.errorBodyBytes)))
    }
    return readLastEvent(rest, (last) => this.#readEvents(last))
  }

  /** Reads event by event; gives the same buffer back where nothing has to be held back. */
  #readEvents(whole: Buffer): Handed {
    const runs: Buffer[] = []
    let runStart = 0
    let plain: PlainEvents | undefined
    for (let at = 0; at < whole.length;) {
      if (this.committed && !this.#sawFinish) {
        plain ??= new PlainEvents(whole)
        at = plain.endFrom(at)
        if (at === whole.length) break
      }
      const end = nextEventEnd(whole, at)
      const verdict = this.#judge(whole.subarray(at, end))
      if (typeof verdict === 'object') return this.#fail(joined([...runs, whole.subarray(runStart, at)]), verdict)
      if (verdict === 'hide' || verdict === 'done') {
        runs.push(whole.subarray(runStart, at))
        runStart = verdict === 'hide' ? end : at
        if (verdict === 'done') runs.push(this.#owedUsage())
      }
      at = end
    }
    if (runStart === 0 && runs.every((run) => run.length === 0)) return { forward: whole }
    return { forward: joined([...runs, whole.subarray(runStart)]) }
  }

  #judge(bytes: Buffer): 'pass' | 'hide' | 'done' | Failure {
    const text = bytes.toString()
    if (!this.#isStream) {
      if (!looksLikeEvents(text)) return notEvents(text)
      this.#isStream = true
    }
    const event = readEvent(text)
    if (event.type === 'nothing') return 'pass'
    // SDKs throw on data that is not JSON; the rest of the answer may be healthy.
    if (event.type === 'unreadable') return 'hide'
    if (event.type === 'done') return this.#judgeDone()
    this.#readFacts(event.json)
    return readWireError(event.json, event.named === 'error') ?? this.#judgeChunk(event.json)
  }

  #judgeDone(): 'pass' | 'done' | Failure {
    if (!this.#sawChunk) return EMPTY_STREAM
    this.#sawDone = true
    return this.#owesUsage && this.facts.usage !== undefined ? 'done' : 'pass'
  }

  #withOwedUsage(last: Buffer | undefined): Handed {
    const usage = this.#owedUsage()
    return { forward: joined(last === undefined ? [usage] : [last, usage]) }
  }

  /** The usage chunk as OpenAI sends it, from what the upstream told elsewhere. */
  #owedUsage(): Buffer {
    const usage = this.facts.usage
    this.#owesUsage = false
    if (usage === undefined) return Buffer.alloc(0)
    return Buffer.from(`data: ${JSON.stringify({ ...this.#frame, choices: [], usage: writeUsage(usage) })}\n\n`)
  }

  #judgeChunk(json: JsonObject): 'pass' | 'hide' | Failure {
    const choices = choicesOf(json)
    if (choices.length === 0) {
      if (isJsonObject(json.usage)) this.#owesUsage = false
      return isJsonObject(json.usage) && this.#hideUsage ? 'hide' : 'pass'
    }
    this.#sawChunk = true
    for (const choice of choices) {
      const finish = readFinish(choice.finish_reason)
      if (finish === 'failed') return GAVE_UP
      this.#readChoice(choice, finish)
    }
    return 'pass'
  }

  #readFacts(json: JsonObject): void {
    const usage = statedUsage(json)
    if (usage !== undefined) this.facts.usage = usage
    const model = textOf(json.model)
    if (model !== undefined) this.facts.model = model
    const { id, object, created } = json
    if (this.#owesUsage) this.#frame = { id, object, created, model: json.model }
  }

  #readChoice(choice: JsonObject, finish: FinishReason | undefined): void {
    const { index, text, reasoning, other } = contentOf(choice)
    const speaks = text !== '' || reasoning !== '' || other
    if (speaks) this.committed = true
    if (finish !== undefined) {
      this.#sawFinish = true
      this.facts.finish = finish
      this.#open?.delete(index)
    } else if (speaks && this.#sawFinish) {
      this.#open = (this.#open ?? new Set()).add(index)
    }
  }

  #fail(forward: Buffer | undefined, failure: Failure): Handed {
    this.#failed = true
    this.#events.rest()
    return { forward, failure }
  }

  #keep(bytes: Uint8Array): void {
    if (this.#kept === undefined) return
    this.#keptBytes += bytes.length
    if (this.#keptBytes > limits.replayBytes) this.#kept = undefined
    else this.#kept.push(bytes)
  }
}

/** One line of data, as nearly every server writes an event, is read without being taken apart. */
function readEvent(text: string): WireEvent {
  const isOneLine = text.startsWith('data: {') && text.indexOf('\n') === text.length - 2 && !text.includes('\r')
  const json = isOneLine ? parseObject(text.slice('data: '.length, -2)) : undefined
  return json === undefined ? readWireEvent(text) : { type: 'chunk', json, named: '' }
}
