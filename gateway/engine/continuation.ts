import type { SentSoFar } from '../contract/dialect.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { limits } from '../contract/limits.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import type { Continuation } from './doctrine.ts'

/*
 * How an answer that was cut goes on without lying. Only plain text is ever spliced: half a tool call, a thought, or
 * one of several answers cannot be taken up by another model, and JSON that must hold to a schema, or token
 * probabilities, would no longer be what they say. Two ways:
 *
 *  prefill  the target is given the text so far as the beginning of its own answer, and writes on;
 *  replay   the target answers the same request anew. As long as its text repeats what the client has, it is skipped;
 *           from there it goes on. An answer that begins differently is abandoned.
 */

/** Whether this request's answer may be spliced at all; `body` is the client's. */
export function maySplice(body: JsonObject): boolean {
  const { n, logprobs, response_format: format } = body
  if ((typeof n === 'number' && n > 1) || logprobs === true || typeof logprobs === 'number') return false
  return format === undefined || format === null || (isType(format) && format.type === 'text')
}

function isType(format: unknown): format is { readonly type: unknown } {
  return typeof format === 'object' && format !== null && 'type' in format
}

/** Which way is open at this target; undefined: none. */
export function continuationAt(
  sent: SentSoFar | undefined,
  target: Target,
  provider: Provider | undefined,
): Continuation | undefined {
  if (sent === undefined || !sent.spliceable || sent.reasoning !== '' || sent.text === '') return undefined
  if (provider?.chat === undefined) return undefined
  return provider.prefill && !refusedPrefill.has(target) ? 'prefill' : 'replay'
}

/** Targets that once refused to continue a text, although their provider can: they are not bothered again. */
const refusedPrefill = new WeakSet<Target>()

export function rememberRefusal(target: Target): void {
  refusedPrefill.add(target)
}

/** Whether this may be how a target says that it cannot go on from the beginning of an answer. */
export function mayRefusePrefill({ kind }: Failure): boolean {
  return REFUSES_PREFILL.has(kind)
}

const REFUSES_PREFILL: ReadonlySet<Failure['kind']> = new Set([
  'bad-request',
  'unsupported',
  'invalid-request',
  'context-length',
  'content-policy',
  'request-too-large',
])

/** Takes out of a continued answer what the client has already. */
export interface Splice {
  /** The events that are new to the client; undefined when this is no continuation of what it has. */
  skip(events: readonly StreamEvent[]): readonly StreamEvent[] | undefined
}

/** The beginning of a replayed answer, held against what the client has. */
export class Replay implements Splice {
  #left: string

  constructor(sent: string) {
    this.#left = sent
  }

  /** True once everything that the client has was repeated. */
  get caughtUp(): boolean {
    return this.#left === ''
  }

  skip(events: readonly StreamEvent[]): readonly StreamEvent[] | undefined {
    if (this.caughtUp) return events
    const fresh: StreamEvent[] = []
    for (const event of events) {
      const kept = this.#skipOne(event)
      if (kept === 'differs') return undefined
      if (kept !== undefined) fresh.push(kept)
    }
    return fresh
  }

  #skipOne(event: StreamEvent): StreamEvent | 'differs' | undefined {
    if (this.caughtUp) return event
    switch (event.type) {
      case 'text-delta':
        return this.#skipText(event)
      case 'tool-call-start':
      case 'tool-call-delta':
      case 'end':
        return 'differs'
      // The client's answer had no thoughts; those that lead to the same text again add nothing.
      case 'reasoning-delta':
        return undefined
      case 'start':
      case 'usage':
      case 'failure':
        return event
      default:
        return event satisfies never
    }
  }

  #skipText(event: Extract<StreamEvent, { type: 'text-delta' }>): StreamEvent | 'differs' | undefined {
    const { text } = event
    if (this.#left.startsWith(text)) {
      this.#left = this.#left.slice(text.length)
      return undefined
    }
    if (!text.startsWith(this.#left)) return 'differs'
    const rest = text.slice(this.#left.length)
    this.#left = ''
    return { ...event, text: rest }
  }
}

/**
 * Some templates ignore a prefill, and the model begins its answer anew. So the first words are held against the
 * beginning of what the client has: a whole repetition is skipped, one that leaves it half way is no continuation.
 */
export class PrefillGuard implements Splice {
  readonly #sent: string
  /** Undefined once it is decided. */
  #held: string | undefined = ''

  constructor(sent: string) {
    this.#sent = sent
  }

  skip(events: readonly StreamEvent[]): readonly StreamEvent[] | undefined {
    if (this.#held === undefined) return events
    const fresh: StreamEvent[] = []
    for (const event of events) {
      const text = this.#held === undefined ? undefined : this.#decide(event, this.#held)
      if (text === RESTARTED) return undefined
      if (text === undefined) fresh.push(event)
      else if (text !== '') fresh.push({ type: 'text-delta', text })
      if (text !== undefined && event.type !== 'text-delta' && event.type !== 'reasoning-delta') fresh.push(event)
    }
    return fresh
  }

  /** The text that may be told at this event. */
  #decide(event: StreamEvent, held: string): string | typeof RESTARTED {
    if (event.type === 'start' || event.type === 'usage' || event.type === 'reasoning-delta') return ''
    const text = event.type === 'text-delta' ? held + event.text : held
    if (event.type === 'text-delta' && text.length < this.#sent.length && this.#sent.startsWith(text)) {
      this.#held = text
      return ''
    }
    this.#held = undefined
    if (text.startsWith(this.#sent)) return text.slice(this.#sent.length)
    return commonLength(text, this.#sent) >= RESTART_CHARS ? RESTARTED : text
  }
}

const RESTARTED = Symbol('restarted')

/** Two continuations in a row seldom begin with the same letters as the whole answer by chance. */
const RESTART_CHARS = 8

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** What a translated stream has sent, kept only where another target could take it up. */
export class SentText {
  #parts: string[] = []
  #chars: number
  #spliceable = true
  #reasoning = ''
  readonly #reply: Pick<SentSoFar, 'id' | 'model' | 'createdS'>

  constructor(reply: Pick<SentSoFar, 'id' | 'model' | 'createdS'>, before: string) {
    this.#reply = reply
    this.#parts.push(before)
    this.#chars = before.length
  }

  note(event: StreamEvent): void {
    if (event.type === 'text-delta') {
      if (event.choice !== undefined && event.choice !== 0) this.#spliceable = false
      if (this.#chars <= limits.replayBytes) this.#parts.push(event.text)
      this.#chars += event.text.length
    } else if (event.type === 'reasoning-delta') {
      this.#reasoning = 'sent'
    } else if (event.type === 'tool-call-start' || event.type === 'tool-call-delta') {
      this.#spliceable = false
    }
  }

  sent(): SentSoFar | undefined {
    if (this.#chars > limits.replayBytes) return undefined
    const text = this.#parts.join('')
    return { ...this.#reply, text, reasoning: this.#reasoning, spliceable: this.#spliceable }
  }
}
