import { plainTarget } from '../../test/plain-target.ts'
import type { Call, ReplySink, Work } from '../../contract/call.ts'
import type { Clock } from '../../contract/clock.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { RequestLog } from '../../contract/request-log.ts'
import type { CooldownRules, FallbackGroup, Plan, RequestControls, RetryRules, Target } from '../../contract/route.ts'
import { limits } from '../../contract/limits.ts'
import { createSystemClock } from '../../kit/system-clock.ts'
import type { EngineDeps } from '../deps.ts'
import { createEngine, type Engine } from '../engine.ts'
import { echoProvider, prefillProvider, toyDialect, toyProvider, translatedProvider } from './toy-wire.ts'

const PROVIDERS = [toyProvider, translatedProvider, prefillProvider, echoProvider]

export const NO_COOLDOWN: CooldownRules = {
  disabled: true,
  cooldownMs: 0,
  allowedFails: undefined,
  allowedFailsByKind: {},
}

export const NO_RETRIES: RetryRules = { count: 0, byKind: {}, minDelayMs: 0 }
export const TWO_RETRIES: RetryRules = { count: 2, byKind: {}, minDelayMs: 0 }

export interface TestEngine {
  readonly engine: Engine
  readonly rows: RequestLog[]
  readonly bugs: unknown[]
}

export function testEngine(clock: Clock = createSystemClock(), overrides: Partial<EngineDeps> = {}): TestEngine {
  const rows: RequestLog[] = []
  const bugs: unknown[] = []
  const engine = createEngine({
    signer: { sign: () => Promise.resolve({}) },
    tokens: { countChat: () => Promise.resolve(1), estimateText: (text) => text.length, estimateChat: () => 1 },
    clock,
    random: () => 0,
    findProvider: (id) => PROVIDERS.find((provider) => provider.id === id),
    applyParams: () => ({ edits: {}, dropped: [] }),
    log: { append: (row) => rows.push(row) },
    settings: () => ({
      timeouts: {
        connectMs: limits.connectTimeoutMs,
        firstTokenMs: limits.firstTokenTimeoutMs,
        betweenTokensMs: limits.betweenTokensTimeoutMs,
        totalMs: limits.totalTimeoutMs,
      },
      cooldown: NO_COOLDOWN,
    }),
    userAgent: 'spillway/test',
    report: (bug) => bugs.push(bug),
    ...overrides,
  })
  return { engine, rows, bugs }
}

export function targetAt(baseUrl: string, overrides: Partial<Target> = {}): Target {
  const provider = overrides.provider ?? 'toy'
  return {
    ...plainTarget,
    id: `${provider}@${baseUrl}`,
    provider,
    endpoint: provider,
    model: 'upstream-model',
    locality: 'device',
    baseUrl,
    key: undefined,
    ...overrides,
  }
}

export function translated(target: Target): Target {
  return { ...target, id: `${target.id}#translated`, params: { ...target.params, lane: 'translated' } }
}

export interface PlanInput {
  readonly attempts: readonly Target[]
  readonly retries?: RetryRules
  readonly general?: readonly FallbackGroup[]
  readonly contextWindow?: readonly FallbackGroup[]
  readonly contentPolicy?: readonly FallbackGroup[]
}

export function planOf(input: PlanInput): Plan {
  return {
    route: 'route',
    attempts: input.attempts,
    fallbacks: {
      general: input.general ?? [],
      contextWindow: input.contextWindow ?? [],
      contentPolicy: input.contentPolicy ?? [],
    },
    retries: input.retries ?? NO_RETRIES,
    dropped: [],
    reason: 'only-target',
  }
}

let calls = 0

export interface CallInput extends PlanInput {
  readonly stream?: boolean
  readonly body?: JsonObject
  readonly work?: Work
  readonly controls?: Partial<RequestControls>
  readonly clock?: Clock
  readonly appId?: string
}

export function callOf(input: CallInput): Call {
  const stream = input.stream ?? true
  const json = { model: 'm', stream, ...input.body }
  const clock = input.clock ?? createSystemClock()
  calls++
  return {
    id: `call-${calls}`,
    app: { id: input.appId ?? 'app', name: 'app', models: undefined },
    facts: {
      model: 'm',
      operation: 'chat',
      stream,
      needs: [],
      promptTokensEstimate: 1,
      maxOutputTokens: undefined,
      tags: [],
      controls: {
        fallbacks: undefined,
        disableFallbacks: false,
        retries: undefined,
        timeoutMs: undefined,
        firstTokenTimeoutMs: undefined,
        ...input.controls,
      },
    },
    plan: planOf(input),
    work: input.work ?? {
      operation: 'chat',
      dialect: toyDialect,
      body: { kind: 'json', raw: Buffer.from(JSON.stringify(json)), json },
    },
    client: 'test',
    startedAtMs: clock.nowMs(),
    startedMonotonicMs: clock.monotonicMs(),
  }
}

/** A client that keeps everything; it can be slow, and it can leave. */
export class TestSink implements ReplySink {
  status = 0
  headers: Readonly<Record<string, string>> = {}
  text = ''
  bytes = 0
  ended = false
  destroyed = false
  /** While false, every write is told that the client is slow. */
  reads = true
  keepsText = true
  #gone: (() => void) | undefined
  #drain: (() => void) | undefined
  #written: (() => void)[] = []

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.status !== 0) throw new Error('The head was sent twice.')
    this.status = status
    this.headers = headers
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.status === 0) throw new Error('A write came before the head.')
    if (this.ended) throw new Error('A write came after the end.')
    this.#take(chunk)
    return this.reads
  }

  onDrain(resume: () => void): void {
    this.#drain = resume
  }

  end(chunk?: Uint8Array | string): void {
    if (this.ended) throw new Error('The reply was ended twice.')
    this.ended = true
    if (chunk !== undefined) this.#take(chunk)
  }

  onGone(gone: () => void): void {
    this.#gone = gone
  }

  destroy(): void {
    this.destroyed = true
  }

  leave(): void {
    this.#gone?.()
  }

  readAgain(): void {
    this.reads = true
    const drain = this.#drain
    this.#drain = undefined
    drain?.()
  }

  /** Resolves at the next write. */
  written(): Promise<void> {
    return new Promise((resolve) => this.#written.push(resolve))
  }

  /** What the client makes of it: its text, and whether it was told of an error. */
  get reading(): { text: string; error: string | undefined; done: boolean } {
    const events = this.text.split('\n\n').filter((frame) => frame.startsWith('data: '))
    const parsed = events.filter((frame) => !frame.includes('[DONE]')).map((frame) => readFrame(frame.slice(6)))
    return {
      text: parsed.map((event) => event.text ?? '').join(''),
      error: parsed.find((event) => event.error !== undefined)?.error,
      done: events.some((frame) => frame.includes('[DONE]')),
    }
  }

  #take(chunk: Uint8Array | string): void {
    this.bytes += chunk.length
    if (this.keepsText) this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    for (const resolve of this.#written.splice(0)) resolve()
  }
}

function readFrame(text: string): ToyFrame {
  const value: ToyFrame = JSON.parse(text)
  return value
}

interface ToyFrame {
  readonly text?: string
  readonly error?: string
}
