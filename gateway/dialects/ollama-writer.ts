import type { Collector, StreamWriter, WriterContext } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonArray, JsonObject } from '../contract/json.ts'
import type { EndEvent, ReasoningDelta, StreamEvent, TextDelta } from '../contract/stream-event.ts'
import type { Usage } from '../contract/stream-event.ts'
import { arrayOf, fieldAt, isJsonArray, parseObject } from '../kit/json-fields.ts'
import { ollamaErrorLine } from './ollama-error.ts'
import { NDJSON_CONTENT_TYPE, OllamaLines, type OllamaShape, type Said } from './ollama-lines.ts'
import { OllamaToolCalls } from './ollama-tool-calls.ts'

/** Writes a stream as Ollama does. */
export function createOllamaWriter(context: WriterContext, shape: OllamaShape): StreamWriter {
  const lines = new OllamaLines(context, shape)
  const answer = new OllamaAnswer(context, lines)
  return {
    contentType: NDJSON_CONTENT_TYPE,
    write: (events) =>
      events
        .flatMap((event) => answer.take(event))
        .map((said) => lines.line(said))
        .join(''),
    done: () => lines.last(SILENCE, answer.ending),
    fail: ollamaErrorLine,
    // A comment would be no JSON, which this wire's clients refuse or warn of; an empty piece means nothing to all.
    heartbeat: () => lines.line(SILENCE),
  }
}

/** Collects events into the one object that a client gets that asked for no stream. */
export function createOllamaCollector(context: WriterContext, shape: OllamaShape): Collector {
  const lines = new OllamaLines(context, shape)
  const answer = new OllamaAnswer(context, lines)
  let said: Said = SILENCE
  let failure: Failure | undefined
  return {
    push(events) {
      for (const event of events) {
        if (event.type === 'failure') failure = event.failure
        for (const piece of answer.take(event)) said = joined(said, piece)
      }
    },
    result: (): JsonObject | Failure => failure ?? parseObject(lines.last(said, answer.ending)) ?? {},
  }
}

const SILENCE: Said = { content: '' }

function joined(before: Said, piece: Said): Said {
  const logprobs = [...tokensOf(before.logprobs), ...tokensOf(piece.logprobs)]
  const thinking = (before.thinking ?? '') + (piece.thinking ?? '')
  return {
    content: before.content + piece.content,
    thinking: thinking === '' ? undefined : thinking,
    calls: piece.calls ?? before.calls,
    logprobs: logprobs.length === 0 ? undefined : logprobs,
  }
}

function tokensOf(logprobs: Said['logprobs']): JsonArray {
  return isJsonArray(logprobs) ? logprobs : arrayOf(fieldAt(logprobs, 'content'))
}

/** What an answer's events say, piece by piece. */
class OllamaAnswer {
  readonly #merge: boolean
  readonly #lines: OllamaLines
  readonly #calls = new OllamaToolCalls()
  #spoke = false
  /** Inside a `<think>` tag. */
  #thinking = false
  #reason: EndEvent['reason'] = 'stop'
  #usage: Usage | undefined

  constructor(context: WriterContext, lines: OllamaLines) {
    this.#merge = context.mergeReasoning
    this.#lines = lines
  }

  get ending(): { readonly reason: EndEvent['reason']; readonly usage: Usage | undefined } {
    return { reason: this.#reason, usage: this.#usage }
  }

  take(event: StreamEvent): readonly Said[] {
    // This wire has room for one answer.
    if ('choice' in event && event.choice !== undefined && event.choice > 0) return NOTHING
    switch (event.type) {
      case 'start':
        this.#lines.name(event)
        return NOTHING
      case 'text-delta':
        return this.#text(event)
      case 'reasoning-delta':
        return this.#reasoning(event)
      case 'tool-call-start':
        this.#lines.begin()
        this.#calls.start(event)
        return NOTHING
      case 'tool-call-delta':
        this.#calls.add(event)
        return NOTHING
      case 'usage':
        this.#usage = event.usage
        return NOTHING
      case 'end':
        return this.#end(event)
      case 'failure':
      default:
        return NOTHING
    }
  }

  #text({ text, logprobs }: TextDelta): readonly Said[] {
    const content = this.#closeThinking() + text
    if (content === '' && logprobs === undefined) return NOTHING
    this.#lines.begin()
    this.#spoke = true
    return [{ content, logprobs }]
  }

  #reasoning({ text }: ReasoningDelta): readonly Said[] {
    if (text === '') return NOTHING
    this.#lines.begin()
    if (!this.#merge) return [{ content: '', thinking: text }]
    const content = this.#thinking ? text : `<think>${text}`
    this.#thinking = true
    return [{ content }]
  }

  #closeThinking(): string {
    if (!this.#thinking) return ''
    this.#thinking = false
    return '</think>'
  }

  /** Calls are whole only now. A refusal has no place of its own here: where nothing else was said, it is the answer. */
  #end({ reason, refusal }: EndEvent): readonly Said[] {
    this.#reason = reason
    const content = this.#closeThinking() + (this.#spoke ? '' : (refusal ?? ''))
    const calls = this.#calls.take()
    return content === '' && calls === undefined ? NOTHING : [{ content, calls }]
  }
}

const NOTHING: readonly Said[] = []
