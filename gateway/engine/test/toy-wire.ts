import type { ChatRequest } from '../../contract/chat.ts'
import type { ChatDialect, PassingReader, ReplyFacts } from '../../contract/dialect.ts'
import type { Failure, FailureKind } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { HttpHead, Provider, Reader } from '../../contract/provider.ts'
import type { StreamEvent, Usage } from '../../contract/stream-event.ts'

/*
 * A wire as small as one can be, spoken by the toy dialect and the toy providers, so that the engine is tested apart
 * from every real one: {"text"}, {"tool"}, {"finish","in","out"}, {"error"}, and [DONE].
 */

interface ToyEvent {
  readonly text?: string
  readonly tool?: string
  readonly reasoning?: string
  readonly finish?: string
  readonly in?: number
  readonly out?: number
  readonly error?: string
}

function parse(text: string): ToyEvent | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function usageOf(event: ToyEvent): Usage | undefined {
  return event.in === undefined ? undefined : { input: event.in, output: event.out ?? 0 }
}

/** Whole events out of bytes that come in any pieces. */
class Frames {
  #rest = Buffer.alloc(0)

  push(bytes: Uint8Array): string[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const parts: string[] = []
    for (let end = this.#rest.indexOf('\n\n'); end >= 0; end = this.#rest.indexOf('\n\n')) {
      parts.push(this.#rest.subarray(0, end + 2).toString())
      this.#rest = this.#rest.subarray(end + 2)
    }
    return parts
  }

  get rest(): string {
    return this.#rest.toString()
  }
}

function dataOf(frame: string): string {
  return frame.startsWith('data: ') ? frame.slice(6).trim() : ''
}

class ToyPassing implements PassingReader {
  committed = false
  finished = false
  facts: ReplyFacts = {}
  readonly #frames = new Frames()
  #text = ''
  #spliceable = true
  #reasoning = ''

  push(bytes: Uint8Array): { forward: Uint8Array | undefined; failure?: Failure } {
    let forward = ''
    for (const frame of this.#frames.push(bytes)) {
      const event = parse(dataOf(frame))
      if (event?.error !== undefined) return { forward: bytesOf(forward), failure: serverError(event.error) }
      if (event !== undefined) this.#note(event)
      if (dataOf(frame) === '[DONE]') this.finished = true
      forward += frame
    }
    return { forward: bytesOf(forward) }
  }

  end(): { forward: Uint8Array | undefined; failure?: Failure } {
    if (this.finished) return { forward: undefined }
    const kind = this.committed || this.#frames.rest.startsWith('data') ? 'cut' : 'bad-reply'
    return { forward: undefined, failure: { kind, message: 'It ended too early.' } }
  }

  sent(): ReturnType<PassingReader['sent']> {
    return {
      id: 'toy-1',
      model: 'toy',
      createdS: 1,
      text: this.#text,
      reasoning: this.#reasoning,
      spliceable: this.#spliceable,
    }
  }

  #note(event: ToyEvent): void {
    this.#text += event.text ?? ''
    this.#reasoning += event.reasoning ?? ''
    if (event.tool !== undefined) this.#spliceable = false
    if (event.text !== undefined || event.tool !== undefined || event.reasoning !== undefined) this.committed = true
    if (event.finish === undefined) return
    this.finished = true
    const usage = usageOf(event)
    this.facts = { finish: 'stop', ...(usage && { usage }) }
  }
}

function bytesOf(text: string): Uint8Array | undefined {
  return text === '' ? undefined : Buffer.from(text)
}

function serverError(message: string): Failure {
  return { kind: 'server-error', message }
}

class ToyReader implements Reader {
  readonly #frames = new Frames()
  readonly #isJson: boolean
  #ended = false

  constructor(head: HttpHead) {
    this.#isJson = String(head.headers['content-type']).includes('json')
  }

  push(bytes: Uint8Array): readonly StreamEvent[] {
    return this.#frames.push(bytes).flatMap((frame) => this.#events(parse(dataOf(frame))))
  }

  end(): readonly StreamEvent[] {
    const events = this.#isJson ? this.#events(parse(this.#frames.rest)) : []
    if (this.#ended) return events
    return [...events, { type: 'failure', failure: { kind: 'cut', message: 'It ended too early.' } }]
  }

  #events(event: ToyEvent | undefined): StreamEvent[] {
    if (event === undefined) return []
    if (event.error !== undefined) return [{ type: 'failure', failure: serverError(event.error) }]
    const events: StreamEvent[] = []
    if (event.reasoning !== undefined) events.push({ type: 'reasoning-delta', text: event.reasoning })
    if (event.text !== undefined) events.push({ type: 'text-delta', text: event.text })
    if (event.tool !== undefined) events.push({ type: 'tool-call-start', index: 0, id: 'c', name: event.tool })
    const usage = usageOf(event)
    if (usage !== undefined) events.push({ type: 'usage', usage })
    if (event.finish === undefined) return events
    this.#ended = true
    return [...events, { type: 'end', reason: 'stop' }]
  }
}

export const toyDialect: ChatDialect = {
  id: 'toy',
  verbatimRoute: 'chat/completions',
  idPrefix: 'chatcmpl-',
  continues: true,
  inspect: () => ({
    model: 'm',
    operation: 'chat',
    stream: false,
    needs: [],
    promptTokensEstimate: 1,
    maxOutputTokens: undefined,
  }),
  parse: (body) => ({ ...NO_REQUEST, extra: body }),
  writer: (context) => ({
    contentType: 'text/event-stream',
    write: (events) =>
      events
        .map((event) => {
          if (event.type === 'text-delta') return framed({ text: event.text })
          if (event.type === 'reasoning-delta') return framed({ reasoning: event.text })
          if (event.type === 'tool-call-start') return framed({ tool: event.name })
          if (event.type === 'end')
            return framed({ finish: event.reason, ...(context.continued && { id: context.id }) })
          return ''
        })
        .join(''),
    done: () => 'data: [DONE]\n\n',
    fail: (failure) => framed({ error: failure.message, kind: failure.kind }),
  }),
  collector: () => {
    let text = ''
    let failure: Failure | undefined
    return {
      push: (events) => {
        for (const event of events) {
          if (event.type === 'text-delta') text += event.text
          if (event.type === 'failure') failure = event.failure
        }
      },
      result: () => failure ?? { text, finish: 'stop', translated: true },
    }
  },
  passing: () => new ToyPassing(),
  readReply: (body) => {
    const event = parse(body)
    if (event?.error !== undefined) return serverError(event.error)
    if (event?.text === undefined) return { kind: 'bad-reply', message: `It is no answer: ${body.slice(0, 20)}` }
    const usage = usageOf(event)
    return { finish: 'stop', ...(usage && { usage }) }
  },
  error: (failure) => ({
    status: failure.status ?? STATUS[failure.kind] ?? 502,
    headers:
      failure.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(failure.retryAfterMs / 1_000)) },
    body: { error: failure.message, kind: failure.kind },
  }),
}

const NO_REQUEST: ChatRequest = {
  model: 'm',
  messages: [],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  sampling: {},
  format: undefined,
  reasoning: undefined,
  user: undefined,
  prefill: undefined,
  extra: {},
}

const STATUS: Readonly<Partial<Record<FailureKind, number>>> = { 'total-timeout': 504, 'queue-full': 503 }

function framed(event: JsonObject): string {
  return `data: ${JSON.stringify(event)}\n\n`
}

const KINDS: Readonly<Record<number, FailureKind>> = {
  400: 'bad-request',
  401: 'unauthorized-upstream',
  404: 'model-missing',
  408: 'upstream-timeout',
  413: 'context-length',
  429: 'rate-limited',
  503: 'overloaded',
}

/** Serves the toy wire verbatim, and translated where the lane is forced. */
export const toyProvider: Provider = {
  id: 'toy',
  aliases: [],
  label: 'Toy',
  defaults: { baseUrlEnv: [], keyEnv: [], keyRequired: false, locality: 'device' },
  normaliseBaseUrl: (given) => given,
  prefill: false,
  verbatim: { 'chat/completions': '/chat', 'audio/speech': '/speech', 'audio/transcriptions': '/hear' },
  headers: () => ({ authorization: 'Bearer upstream-key' }),
  chat: {
    request: (request, target, { stream }) => ({
      method: 'POST',
      path: '/translated',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: target.model,
        stream,
        ...(request.prefill !== undefined && { prefill: request.prefill }),
      }),
    }),
    reader: (head) => new ToyReader(head),
  },
  failure: (head, body) => {
    const after = Number(head.headers['retry-after'])
    return {
      kind: KINDS[head.status] ?? 'server-error',
      message: parse(body)?.error ?? 'error',
      status: head.status,
      ...(after > 0 && { retryAfterMs: after * 1_000 }),
    }
  },
}

/** Has no verbatim routes at all. */
export const translatedProvider: Provider = { ...toyProvider, id: 'translated', label: 'Translated', verbatim: {} }

/** Can go on from the beginning of an answer. */
export const prefillProvider: Provider = { ...toyProvider, id: 'prefill', label: 'Prefill', prefill: true }

export const echoProvider: Provider = {
  ...toyProvider,
  id: 'echo',
  label: 'Echo',
  respond: () => [
    { type: 'start', model: 'echo' },
    { type: 'text-delta', text: 'echo' },
    { type: 'end', reason: 'stop' },
  ],
}
