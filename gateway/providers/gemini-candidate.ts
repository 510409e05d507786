import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { StreamEvent, TextDelta } from '../contract/stream-event.ts'
import { arrayOf, objectOf, stringOf, textAt, textOf } from '../kit/json-fields.ts'
import { GeminiCalls } from './gemini-calls.ts'
import { citationsOf } from './gemini-citations.ts'
import { geminiFinish } from './gemini-finish.ts'
import { geminiLogprobs } from './gemini-usage.ts'

/** Where a candidate's events go, and what makes its ids unlike others. */
export interface CandidateContext {
  seed(): string
  readonly out: StreamEvent[]
}

/**
 * One of Google's answers, read part by part. Code that Google ran and what came of it (`executableCode`,
 * `codeExecutionResult`, `toolCall`, `toolResponse`) is its own work and no text of the answer; Google's SDK leaves it
 * out of the text as well. A picture becomes an image in Markdown, because no wire of a client has a place for it.
 */
export class GeminiCandidate {
  readonly index: number
  readonly #calls: GeminiCalls
  /** For the places of citations; not kept beyond what any answer has. */
  #text = ''
  #grounding: JsonValue | undefined
  #citations: JsonValue | undefined
  #finished = false
  #useful = false

  constructor(index: number) {
    this.index = index
    this.#calls = new GeminiCalls(index)
  }

  get finished(): boolean {
    return this.#finished
  }

  /** True once there was text or a call: something that a client can go on with. */
  get useful(): boolean {
    return this.#useful
  }

  get overflowed(): boolean {
    return this.#calls.overflowed
  }

  /** Reads what this candidate says, without its end. */
  read(candidate: JsonObject, context: CandidateContext): void {
    this.#grounding = candidate['groundingMetadata'] ?? this.#grounding
    this.#citations = candidate['citationMetadata'] ?? this.#citations
    const parts = arrayOf(objectOf(candidate['content'])?.['parts'])
    const from = context.out.length
    for (const part of parts) if (isJsonObject(part)) this.#readPart(part, context)
    const logprobs = geminiLogprobs(candidate['logprobsResult'])
    if (logprobs !== undefined) this.#addLogprobs(logprobs, from, context.out)
  }

  /** True when this reason takes back an answer of which nothing has come. */
  isLost(raw: string): boolean {
    return geminiFinish(raw, this.#calls.seen).wentWrong && !this.#useful
  }

  finish(raw: string, message: string | undefined, out: StreamEvent[]): void {
    this.#finished = true
    this.#calls.close(out)
    this.#addCitations(out)
    const { reason } = geminiFinish(raw, this.#calls.seen)
    this.#end(reason, raw, { refusal: reason === 'content_filter' ? message : undefined, out })
  }

  /** The prompt was blocked: there is no answer. */
  block(reason: string, message: string | undefined, out: StreamEvent[]): void {
    this.#finished = true
    this.#end('content_filter', reason, { refusal: message, out })
  }

  #end(
    reason: ReturnType<typeof geminiFinish>['reason'],
    rawReason: string,
    { refusal, out }: { readonly refusal: string | undefined; readonly out: StreamEvent[] },
  ): void {
    out.push({ type: 'end', reason, rawReason, ...(refusal !== undefined && { refusal }), ...this.#choice() })
  }

  #readPart(part: JsonObject, context: CandidateContext): void {
    const { out } = context
    const signature = textOf(part['thoughtSignature'])
    const call = objectOf(part['functionCall'])
    if (call !== undefined) {
      this.#calls.read(call, { seed: context.seed(), signature, out })
      this.#useful ||= this.#calls.seen
      return
    }
    const text = stringOf(part['text'])
    if (text !== undefined) this.#readText(text, part['thought'] === true, { signature, out })
    else this.#readPicture(objectOf(part['inlineData']), part['thought'] === true, out)
  }

  #readText(
    text: string,
    isThought: boolean,
    { signature, out }: { readonly signature: string | undefined; readonly out: StreamEvent[] },
  ): void {
    if (!isThought && text !== '') this.#pushText(text, out)
    const thought = isThought ? text : ''
    if (thought === '' && signature === undefined) return
    const signed = signature === undefined ? {} : { signature, maker: 'google' as const }
    out.push({ type: 'reasoning-delta', text: thought, ...signed, ...this.#choice() })
  }

  #readPicture(data: JsonObject | undefined, isThought: boolean, out: StreamEvent[]): void {
    const type = textAt(data, 'mimeType')
    const base64 = textAt(data, 'data')
    if (isThought || base64 === undefined || type === undefined || !type.startsWith('image/')) return
    this.#pushText(`![image](data:${type};base64,${base64})`, out)
  }

  #pushText(text: string, out: StreamEvent[]): void {
    this.#useful = true
    if (this.#text.length + text.length <= limits.replayBytes) this.#text += text
    out.push({ type: 'text-delta', text, ...this.#choice() })
  }

  #addLogprobs(logprobs: JsonValue, from: number, out: StreamEvent[]): void {
    const at = out.findIndex((event, position) => position >= from && event.type === 'text-delta')
    const event = out[at]
    const text: TextDelta = event?.type === 'text-delta' ? event : { type: 'text-delta', text: '', ...this.#choice() }
    out.splice(at === -1 ? out.length : at, at === -1 ? 0 : 1, { ...text, logprobs })
  }

  #addCitations(out: StreamEvent[]): void {
    if (this.#grounding === undefined && this.#citations === undefined) return
    const told = { groundingMetadata: this.#grounding, citationMetadata: this.#citations }
    const citations = citationsOf(told, this.#text)
    if (citations.length > 0) out.push({ type: 'text-delta', text: '', citations, ...this.#choice() })
  }

  #choice(): { readonly choice?: number } {
    return this.index === 0 ? {} : { choice: this.index }
  }
}
