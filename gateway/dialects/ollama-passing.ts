import type { PassingContext, PassingReader, ReplyFacts, SentSoFar } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { parseObject, textOf, type Draft } from '../kit/json-fields.ts'
import { NDJSON_CONTENT_TYPE } from './ollama-lines.ts'
import { readLastLine, saidIn } from './ollama-reply.ts'
import { badReply, CUT, EMPTY_STREAM, notJson } from './openai-bad-reply.ts'
import { readWireError } from './openai-wire-error.ts'
import { joined } from './whole-events.ts'

type Passed = ReturnType<PassingReader['push']>

const NOTHING: Passed = { forward: undefined }
const LINE_END = 0x0a
const NEWLINE = Buffer.of(LINE_END)
/** A line that must be read although the answer has begun: its end, an error, a tool call. Text cannot imitate a bare key. */
const SUSPECT = /"error"|"done"\s*:\s*true|"tool_calls"/

/** Watches a verbatim stream of `/api/chat` or `/api/generate`: one object on each line, the last one with `done`. */
export function createOllamaPassing(context: PassingContext): PassingReader {
  return new OllamaPassing(context)
}

class OllamaPassing implements PassingReader {
  readonly contentType = NDJSON_CONTENT_TYPE
  committed = false
  finished = false
  readonly facts: Draft<ReplyFacts> = {}
  #called = false
  #sawLine = false
  #failed = false
  #unreadable = ''
  #carry: Buffer[] = []
  #carryBytes = 0
  #kept: Buffer[] | undefined
  #keptBytes = 0

  constructor(context: PassingContext) {
    this.#kept = context.keepSent === false ? undefined : []
  }

  get done(): boolean {
    return this.finished
  }

  push(bytes: Uint8Array): Passed {
    if (this.#failed) return NOTHING
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const end = chunk.lastIndexOf(LINE_END) + 1
    if (end === 0) return this.#hold(chunk)
    const isWhole = this.#carryBytes === 0 && end === chunk.length
    const whole = isWhole ? chunk : Buffer.concat([...this.#carry, chunk.subarray(0, end)])
    this.#carry = []
    this.#carryBytes = 0
    const tooLong = end === chunk.length ? undefined : this.#hold(chunk.subarray(end)).failure
    const passed = this.#readLines(whole)
    if (passed.failure !== undefined) return passed
    if (tooLong !== undefined) return { forward: passed.forward, failure: tooLong }
    return passed.forward === chunk ? { forward: bytes } : passed
  }

  /** A line that is no answer would be one to these clients. */
  heartbeat(): string {
    return ''
  }

  end(): Passed {
    if (this.#failed) return NOTHING
    const rest = Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    const passed = rest.length === 0 ? NOTHING : this.#readLines(rest)
    if (passed.failure !== undefined || this.finished) return passed
    this.#failed = true
    // What we say of it must not run into a line that has come without its end.
    const forward = passed.forward === undefined ? undefined : Buffer.concat([passed.forward, NEWLINE])
    return { forward, failure: this.#sawLine ? CUT : this.#noStream() }
  }

  sent(): SentSoFar | undefined {
    if (this.#kept === undefined) return undefined
    const sent: Draft<SentSoFar> = {
      id: undefined,
      model: this.facts.model,
      createdS: undefined,
      text: '',
      reasoning: '',
      spliceable: true,
    }
    for (const line of Buffer.concat(this.#kept).toString('utf8').split('\n')) {
      const json = parseObject(line)
      if (json === undefined) continue
      const { text, thinking, called } = saidIn(json)
      sent.text += text
      sent.reasoning += thinking
      sent.model ??= textOf(json['model'])
      sent.createdS ??= secondsOf(textOf(json['created_at']))
      if (called) sent.spliceable = false
    }
    return sent
  }

  #hold(bytes: Buffer): Passed {
    if (bytes.length > 0) this.#carry.push(Buffer.from(bytes))
    this.#carryBytes += bytes.length
    if (this.#carryBytes <= limits.streamLineBytes) return NOTHING
    this.#failed = true
    this.#carry = []
    return { forward: undefined, failure: badReply('The upstream sent one line that is larger than any answer.') }
  }

  /** Line by line; the same buffer comes back where nothing has to be held back. */
  #readLines(whole: Buffer): Passed {
    const runs: Buffer[] = []
    let held = false
    for (let at = 0; at < whole.length;) {
      const newline = whole.indexOf(LINE_END, at)
      const end = newline < 0 ? whole.length : newline + 1
      const line = whole.subarray(at, end)
      const verdict = this.#judge(line)
      if (typeof verdict === 'object') {
        this.#failed = true
        return { forward: this.#keep(joined(runs)), failure: verdict }
      }
      if (verdict === 'pass') runs.push(line)
      else held = true
      at = end
    }
    return { forward: this.#keep(held ? joined(runs) : whole) }
  }

  #judge(line: Buffer): 'pass' | 'hide' | Failure {
    // Nothing belongs to an answer that has ended, and the clients have stopped to read.
    if (this.finished) return 'hide'
    const text = line.toString('utf8').trim()
    // What was cut inside a line may end with the brace of something smaller.
    const isWhole = line.at(-1) === LINE_END
    if (this.committed && isWhole && text.startsWith('{') && text.endsWith('}') && !SUSPECT.test(text)) return 'pass'
    const json = parseObject(text)
    if (json === undefined) {
      // Strict clients break off at a line that is no JSON, in the middle of an answer that may be healthy.
      if (this.#unreadable.length < limits.quotedReplyChars) this.#unreadable += text
      return 'hide'
    }
    const failure = readWireError(json)
    if (failure !== undefined) return failure
    this.#sawLine = true
    const { text: words, thinking, called } = saidIn(json)
    if (called) this.#called = true
    if (words !== '' || thinking !== '' || called) this.committed = true
    const model = textOf(json['model'])
    if (model !== undefined) this.facts.model = model
    return json['done'] === true ? this.#finish(readLastLine(json, this.#called)) : 'pass'
  }

  #finish(facts: Draft<ReplyFacts> | Failure): 'pass' | Failure {
    if (isFailure(facts)) return facts
    Object.assign(this.facts, facts)
    this.finished = true
    return 'pass'
  }

  #noStream(): Failure {
    return this.#unreadable === '' ? EMPTY_STREAM : notJson(this.#unreadable)
  }

  #keep(bytes: Buffer | undefined): Buffer | undefined {
    if (this.#kept === undefined || bytes === undefined) return bytes
    this.#keptBytes += bytes.length
    if (this.#keptBytes > limits.replayBytes) this.#kept = undefined
    else this.#kept.push(bytes)
    return bytes
  }
}

/** Seconds since the epoch of an RFC 3339 time. */
function secondsOf(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000)
}
