import type { Opaque } from '../contract/chat.ts'
import type { WriterContext } from '../contract/dialect.ts'
import { isJsonObject } from '../contract/json.ts'
import type { FinishReason, StartEvent, Usage } from '../contract/stream-event.ts'
import { isJsonArray } from '../kit/json-fields.ts'

/** The content type of every stream on Ollama's wire: one JSON object on each line. */
export const NDJSON_CONTENT_TYPE = 'application/x-ndjson'

/** What one line, or a whole reply, says. */
export interface Said {
  readonly content: string
  readonly thinking?: string | undefined
  /** `tool_calls` as JSON text. */
  readonly calls?: string | undefined
  readonly logprobs?: Opaque | undefined
}

/** Where `/api/chat` and `/api/generate` differ: how what is said is written, as members of the line's object. */
export type OllamaShape = (said: Said) => string

/** `/api/chat`: everything in one message. */
export const chatShape: OllamaShape = (said) =>
  `"message":{"role":"assistant","content":${JSON.stringify(said.content)}${beside(said)}}`

/** `/api/generate`: the same at the top level. */
export const generateShape: OllamaShape = (said) => `"response":${JSON.stringify(said.content)}${beside(said)}`

function beside({ thinking, calls }: Said): string {
  const thought = thinking === undefined ? '' : `,"thinking":${JSON.stringify(thinking)}`
  return calls === undefined ? thought : `${thought},"tool_calls":${calls}`
}

/** What ended an answer. */
export interface Ending {
  readonly reason: FinishReason
  readonly usage: Usage | undefined
}

/** The lines of one answer, and its times. */
export class OllamaLines {
  readonly #context: WriterContext
  readonly #shape: OllamaShape
  #head: string
  #firstMs: number | undefined

  constructor(context: WriterContext, shape: OllamaShape) {
    this.#context = context
    this.#shape = shape
    this.#head = headOf(context.model, context.createdS)
  }

  /** The upstream's own name for the model. */
  name({ model }: StartEvent): void {
    if (model !== '') this.#head = headOf(model, this.#context.createdS)
  }

  /** The first word, thought or call has come: what was before it is told as the time of reading the prompt. */
  begin(): void {
    this.#firstMs ??= this.#context.elapsedMs()
  }

  line(said: Said): string {
    return `${this.#head}${this.#shape(said)},"done":false${logprobsOf(said.logprobs)}}\n`
  }

  /** The last line, or the whole reply: only this one has `done`, the reason and the metrics. */
  last(said: Said, ending: Ending): string {
    const done = `"done":true,"done_reason":"${doneReason(ending.reason)}"`
    return `${this.#head}${this.#shape(said)},${done},${this.#metrics(ending.usage)}${logprobsOf(said.logprobs)}}\n`
  }

  /**
   * Nanoseconds, and never 0, because clients divide by them. Nothing is known here of the time in which a model was
   * loaded. Counts that nobody told are left out, as Ollama does.
   */
  #metrics(usage: Usage | undefined): string {
    const totalMs = this.#context.elapsedMs()
    const load = 1
    const prompt = nanoseconds(this.#firstMs ?? totalMs)
    const evaluation = nanoseconds(totalMs - (this.#firstMs ?? totalMs))
    const counts =
      usage === undefined ? ['', ''] : [`"prompt_eval_count":${usage.input},`, `"eval_count":${usage.output},`]
    return (
      `"total_duration":${load + prompt + evaluation},"load_duration":${load},` +
      `${counts[0]}"prompt_eval_duration":${prompt},${counts[1]}"eval_duration":${evaluation}`
    )
  }
}

function headOf(model: string, createdS: number): string {
  return `{"model":${JSON.stringify(model)},"created_at":"${new Date(createdS * 1_000).toISOString()}",`
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000

function nanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * NANOSECONDS_PER_MILLISECOND))
}

/**
 * Ollama knows `stop` and `length`, and says `stop` after tool calls. An answer that a filter took away is neither, so
 * it is called what it is: clients show the word, or ignore it.
 */
function doneReason(reason: FinishReason): string {
  return reason === 'length' || reason === 'content_filter' ? reason : 'stop'
}

/** A list of tokens; events carry it bare or, as OpenAI has it, under `content`. */
function logprobsOf(logprobs: Opaque | undefined): string {
  const list = isJsonObject(logprobs) ? logprobs['content'] : logprobs
  return isJsonArray(list) ? `,"logprobs":${JSON.stringify(list)}` : ''
}
