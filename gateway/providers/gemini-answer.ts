import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { StreamEvent, Usage } from '../contract/stream-event.ts'
import { arrayOf, numberOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { hasError } from '../wire/upstream-error.ts'
import { GeminiCandidate } from './gemini-candidate.ts'
import { geminiUsage } from './gemini-usage.ts'
import { badReply, cutReply, failureInReply, type Upstream } from './upstream-failure.ts'

/**
 * The meaning of Google's `GenerateContentResponse`, whole or in the chunks of a stream, which have the same shape. One
 * instance per reply. Usage comes with every chunk and counts along: the last one before an end is handed out.
 */
export class GeminiAnswer {
  readonly #upstream: Upstream
  readonly #candidates: GeminiCandidate[] = []
  #started = false
  #failed = false
  #responseId = ''
  #usage: Usage | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** True once anything of an answer was read. */
  get started(): boolean {
    return this.#started
  }

  /** True when a failure was handed out: nothing may follow it. */
  get failed(): boolean {
    return this.#failed
  }

  read(chunk: JsonObject, out: StreamEvent[]): void {
    if (this.#failed) return
    if (hasError(chunk)) {
      this.fail(chunk, out)
      return
    }
    if (!this.#started && !this.#start(chunk, out)) return
    const metadata = objectOf(chunk['usageMetadata'])
    this.#usage = (metadata && geminiUsage(metadata)) ?? this.#usage
    const candidates = arrayOf(chunk['candidates'])
    for (const [position, candidate] of candidates.entries()) {
      if (isJsonObject(candidate) && !this.#failed) this.#readCandidate(candidate, position, { chunk, out })
    }
    if (candidates.length === 0) this.#readBlock(chunk, out)
    if (this.#isFinished() && !this.#failed) this.#flushUsage(out)
  }

  /** Ends the reply with the error that this object holds; Google may say so even after a finish reason. */
  fail(envelope: JsonValue | undefined, out: StreamEvent[]): void {
    if (!this.#failed) this.#fail(failureInReply(this.#upstream, envelope), out)
  }

  /** The reply is over. `whole`: it was one complete object, so that a missing finish reason is forgiven. */
  end(whole: boolean, out: StreamEvent[]): void {
    if (this.#failed) return
    const open = this.#candidates.filter((candidate) => !candidate.finished)
    if (whole && this.#candidates.some((candidate) => candidate.useful)) {
      this.#flushUsage(out)
      for (const candidate of open) candidate.finish('STOP', undefined, out)
      return
    }
    if (open.length === 0 && this.#candidates.length > 0) this.#flushUsage(out)
    else this.#fail(whole ? badReply(this.#upstream, '{') : cutReply(this.#upstream), out)
  }

  #start(chunk: JsonObject, out: StreamEvent[]): boolean {
    const known = ['candidates', 'promptFeedback', 'usageMetadata', 'modelVersion'].some((key) => key in chunk)
    if (!known) return false
    this.#started = true
    this.#responseId = stringOf(chunk['responseId']) ?? ''
    const start = { type: 'start' as const, model: stringOf(chunk['modelVersion']) ?? '' }
    out.push(this.#responseId === '' ? start : { ...start, upstreamId: this.#responseId })
    return true
  }

  #readCandidate(
    value: JsonObject,
    position: number,
    { chunk, out }: { readonly chunk: JsonObject; readonly out: StreamEvent[] },
  ): void {
    const candidate = this.#candidate(numberOf(value['index']) ?? position)
    if (candidate.finished) return
    // An answer without an id is told from others by what it says and what it cost.
    candidate.read(value, { seed: () => this.#responseId || JSON.stringify(chunk), out })
    if (candidate.overflowed) {
      this.#fail(badReply(this.#upstream, 'a function call that is larger than it may be'), out)
      return
    }
    const raw = textOf(value['finishReason'])
    if (raw === undefined || raw === 'FINISH_REASON_UNSPECIFIED') return
    this.#flushUsage(out)
    const message = textOf(value['finishMessage'])
    if (candidate.isLost(raw) && this.#candidates.length === 1) this.#fail(this.#lost(raw, message), out)
    else candidate.finish(raw, message, out)
  }

  /** A prompt that was blocked has no candidates, only the reason. */
  #readBlock(chunk: JsonObject, out: StreamEvent[]): void {
    const feedback = objectOf(chunk['promptFeedback'])
    const reason = textOf(feedback?.['blockReason'])
    if (reason === undefined || reason === 'BLOCK_REASON_UNSPECIFIED') return
    const candidate = this.#candidate(0)
    if (candidate.finished) return
    this.#flushUsage(out)
    candidate.block(reason, textOf(feedback?.['blockReasonMessage']), out)
  }

  #lost(raw: string, message: string | undefined): ReturnType<typeof badReply> {
    const said = message === undefined ? '' : `: ${message.slice(0, limits.quotedReplyChars).replace(/[.!?]+$/, '')}`
    return {
      kind: 'server-error',
      status: 502,
      code: raw.toLowerCase(),
      message: `${this.#upstream.label} gave up the answer (${raw})${said}. Try again, or simplify the tools of the request.`,
    }
  }

  #fail(failure: ReturnType<typeof badReply>, out: StreamEvent[]): void {
    this.#flushUsage(out)
    this.#failed = true
    out.push({ type: 'failure', failure })
  }

  #flushUsage(out: StreamEvent[]): void {
    if (this.#usage === undefined) return
    out.push({ type: 'usage', usage: this.#usage })
    this.#usage = undefined
  }

  #isFinished(): boolean {
    return this.#candidates.length > 0 && this.#candidates.every((candidate) => candidate.finished)
  }

  #candidate(index: number): GeminiCandidate {
    const known = this.#candidates.find((candidate) => candidate.index === index)
    if (known !== undefined) return known
    const candidate = new GeminiCandidate(index)
    this.#candidates.push(candidate)
    return candidate
  }
}
