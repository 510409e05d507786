import type { PassingContext, PassingReader, ReplyFacts, SentSoFar } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { FinishReason } from '../contract/stream-event.ts'
import { endsEvent, lastEventEnd, nextEventEnd } from './event-bytes.ts'
import { textOf, type Draft } from '../kit/json-fields.ts'
import { badReply, CUT, EMPTY_STREAM, GAVE_UP, notEvents } from './openai-bad-reply.ts'
import { readSent } from './openai-sent.ts'
import { writeUsage } from './openai-usage.ts'
import { readWireError } from './openai-wire-error.ts'
import { readFinish } from '../wire/finish-reason.ts'
import { statedUsage } from '../wire/openai-usage.ts'
import { choicesOf, contentOf, looksLikeEvents, readWireEvent } from './openai-wire.ts'

type Passed = ReturnType<PassingReader['push']>

/**
 * Every event that may need reading holds one of these: errors, the terminal marker, a finish reason that is not
 * null, and usage that is not null. Quotes inside JSON strings are escaped, so text cannot imitate a key;
 * the bare words in prose cost one needless parse and nothing else. Needles that begin with
 * different letters let the regular expression engine skip ahead: `"usage"` with its quote is twice as slow.
 */
const SUSPECT = /error|DONE\]|_reason"\s*:\s*"|usage"\s*:\s*\{/

const NOTHING: Passed = { forward: undefined }

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
  /** Choices that spoke after another one had finished. */
  readonly #open = new Set<number>()
  /** The beginning of an event whose end has not arrived. */
  #carry: Buffer[] = []
  #carryBytes = 0
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
    return this.#sawDone || (this.#sawFinish && this.#open.size === 0)
  }

  push(bytes: Uint8Array): Passed {
    if (this.#failed) return NOTHING
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const whole = this.#carryBytes === 0 && endsEvent(chunk) ? chunk : this.#takeWhole(chunk)
    if (whole === undefined) return this.#tooLong() ?? NOTHING
    const passed = this.#isPlain(whole) ? undefined : this.#readEvents(whole)
    const forward = passed === undefined ? whole : passed.forward
    if (forward !== undefined) this.#keep(forward)
    if (forward === chunk) return { forward: bytes }
    return passed ?? { forward }
  }

  end(): Passed {
    if (this.#failed) return NOTHING
    const rest = Buffer.concat(this.#carry)
    this.#carry = []
    const passed = this.#readRest(rest)
    if (passed.forward !== undefined) this.#keep(passed.forward)
    if (passed.failure !== undefined) return passed
    if (this.finished)
      return this.#owesUsage ? { forward: joined([...present(passed.forward), this.#owedUsage()]) } : passed
    this.#failed = true
    return { forward: passed.forward, failure: this.#sawChunk ? CUT : EMPTY_STREAM }
  }

  sent(): SentSoFar | undefined {
    return this.#kept === undefined ? undefined : readSent(Buffer.concat(this.#kept).toString())
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
      return this.#fail(undefined, notEvents(rest.toString('utf8', 0, limits.errorBodyBytes)))
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
      if (verdict === 'hide' || verdict === 'done') {
        runs.push(whole.subarray(runStart, at))
        runStart = verdict === 'hide' ? end : at
        if (verdict === 'done') runs.push(this.#owedUsage())
      }
      at = end
    }
    if (runs.every((run) => run.length === 0) && runStart === 0) return { forward: whole }
    return { forward: joined([...runs, whole.subarray(runStart)]) }
  }

  /** Nothing but more of the same answer. */
  #isPlain(bytes: Buffer): boolean {
    if (!this.committed || this.#sawFinish) return false
    const text = bytes.toString('latin1')
    return !SUSPECT.test(text) && isWellFramed(text)
  }

  #judge(bytes: Buffer): 'pass' | 'hide' | 'done' | Failure {
    if (this.#isPlain(bytes)) return 'pass'
    const text = bytes.toString()
    if (!this.#isStream) {
      if (!looksLikeEvents(text)) return notEvents(text)
      this.#isStream = true
    }
    const event = readWireEvent(text)
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
      this.#open.delete(index)
    } else if (speaks && this.#sawFinish) {
      this.#open.add(index)
    }
  }

  #fail(forward: Buffer | undefined, failure: Failure): Passed {
    this.#failed = true
    this.#carry = []
    return { forward, failure }
  }

  #keep(bytes: Uint8Array): void {
    if (this.#kept === undefined) return
    this.#keptBytes += bytes.length
    if (this.#keptBytes > limits.replayBytes) this.#kept = undefined
    else this.#kept.push(bytes)
  }
}

function present(bytes: Uint8Array | undefined): Buffer[] {
  return bytes === undefined ? [] : [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]
}

/**
 * Every event is one `data:` line that holds an object, as far as its ends tell. An SDK throws on data that is cut short
 * or no object, in the middle of an answer that may be healthy; whatever looks otherwise is read event by event.
 */
function isWellFramed(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n\n', at)
    if (end < 0 || text.charCodeAt(end - 1) !== CLOSE_BRACE || !text.startsWith('data: {', at)) return false
    at = end + 2
  }
  return true
}

const CLOSE_BRACE = 0x7d

function joined(runs: readonly Buffer[]): Buffer | undefined {
  const filled = runs.filter((run) => run.length > 0)
  return filled.length > 1 ? Buffer.concat(filled) : filled[0]
}
