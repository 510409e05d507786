import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { HttpHead, Reader } from '../contract/provider.ts'
import type { StreamEvent, Usage } from '../contract/stream-event.ts'
import type { EventStreamMessage } from '../kit/event-stream.ts'
import { parseJson, textAt } from '../kit/json-fields.ts'
import { AnthropicEvents } from './anthropic-events.ts'
import { ConverseAnswer, type AnswerContext } from './bedrock-answer.ts'
import { frameReader, noAnswer, type FrameSink } from './bedrock-frames.ts'
import { asOpenAi, nativeOf, wireOf, type Native } from './bedrock-native.ts'
import { TextAnswer } from './bedrock-text-answer.ts'
import { headerUsage } from './bedrock-usage.ts'
import { bodyReader, wholeReader } from './body-reader.ts'
import { openAiReader } from './openai-reader.ts'
import { badReply } from './upstream-failure.ts'

/**
 * Reads one successful reply of Converse or of `invoke`, streamed or whole. Behind `invoke` each model answers in a wire of
 * its own, which is told by its form, because a profile's ARN does not say whose model is behind it.
 */
export function bedrockReader(head: HttpHead, context: AnswerContext): Reader {
  return bodyReader(
    () => wholeReader(context.upstream, (text) => readWhole(head, context, text)),
    () => frameReader(context.upstream, new Sink(context)),
  )
}

function readWhole(head: HttpHead, context: AnswerContext, text: string): readonly StreamEvent[] {
  const json = parseJson(text)
  const out: StreamEvent[] = []
  const wire = isJsonObject(json) ? wireOf(json) : undefined
  if (!isJsonObject(json) || wire === undefined) {
    return [{ type: 'failure', failure: noAnswer(context.upstream, text) }]
  }
  const counted = headerUsage(head)
  if (wire === 'openai') {
    const reader = openAiReader(context.upstream)
    return named([...reader.push(Buffer.from(JSON.stringify(asOpenAi(json, counted)))), ...reader.end()], context)
  }
  if (wire === 'anthropic') new AnthropicEvents(context.upstream).readWhole(json, out)
  else if (wire === 'converse') new ConverseAnswer(context).readWhole(json, out)
  else readText(json, context, out)
  return named(counted === undefined || hasUsage(out) ? out : withUsage(out, counted), context)
}

function readText(json: JsonObject, context: AnswerContext, out: StreamEvent[]): void {
  const answer = new TextAnswer(context.upstream)
  answer.read(json, out)
  answer.finish(true, out)
}

function hasUsage(events: readonly StreamEvent[]): boolean {
  // A guardrail that steps in leaves half of the counts out.
  return events.some((event) => event.type === 'usage' && (event.usage.output > 0 || event.usage.input === 0))
}

function withUsage(events: readonly StreamEvent[], usage: Usage): readonly StreamEvent[] {
  return events.at(-1)?.type === 'end' ? [...events, { type: 'usage', usage }] : events
}

/**
 * The messages of a stream: Converse's events, each under its own name, or `chunk` with the model's own event in base64.
 */
class Sink implements FrameSink {
  readonly #context: AnswerContext
  #native: Native | undefined
  #strange = ''

  constructor(context: AnswerContext) {
    this.#context = context
  }

  get failed(): boolean {
    return this.#native?.failed ?? false
  }

  read({ headers, payload }: EventStreamMessage, out: StreamEvent[]): void {
    const text = Buffer.from(payload).toString('utf8')
    const json = parseJson(text)
    const name = headers.get(':event-type') ?? ''
    const bytes = name === 'chunk' ? textAt(json, 'bytes') : undefined
    if (bytes !== undefined) this.#readNative(Buffer.from(bytes, 'base64').toString('utf8'), out)
    else if (isJsonObject(json)) this.#tell({ [name]: json }, text, out)
  }

  end(out: StreamEvent[]): void {
    const native = this.#native
    if (native === undefined) {
      out.push({ type: 'failure', failure: badReply(this.#context.upstream, this.#strange) })
      return
    }
    const events: StreamEvent[] = []
    native.end(events)
    out.push(...named(events, this.#context))
  }

  #readNative(text: string, out: StreamEvent[]): void {
    const json = parseJson(text)
    if (isJsonObject(json)) this.#tell(json, text, out)
  }

  #tell(json: JsonObject, text: string, out: StreamEvent[]): void {
    const wire = this.#native === undefined ? wireOf(json) : undefined
    if (wire !== undefined) this.#native = nativeOf(wire, this.#context)
    if (this.#native === undefined) this.#strange ||= text
    if (this.#native === undefined || this.#native.failed) return
    const events: StreamEvent[] = []
    this.#native.read(json, events)
    for (const event of named(events, this.#context)) out.push(event)
  }
}

/** Gives tools the names that the client knows. */
function named(events: readonly StreamEvent[], { toolNames }: AnswerContext): readonly StreamEvent[] {
  if (toolNames.size === 0) return events
  return events.map((event) =>
    event.type === 'tool-call-start' ? { ...event, name: toolNames.get(event.name) ?? event.name } : event,
  )
}
