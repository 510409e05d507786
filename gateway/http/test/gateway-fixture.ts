import type { Call, ReplySink } from '../../contract/call.ts'
import type { GatewayConfig, ServerSettings } from '../../contract/config.ts'
import type { ChatDialect, CompletionsDialect, EmbeddingsDialect, ErrorDialect } from '../../contract/dialect.ts'
import type { Failure } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import { limits } from '../../contract/limits.ts'
import type { Plan, RequestFacts } from '../../contract/route.ts'
import { createSystemClock } from '../../kit/system-clock.ts'
import type { RefusedEvent } from '../guard/refusal.ts'
import { createGatewayServer, type GatewayServer, type ServerTuning } from '../server.ts'
import type { AppRecord, EarlyRequest, FailedRequest, ServerDeps } from '../server-deps.ts'

/** A key that is valid in every test, and its app. */
export const KEY = 'sk-sw-test-key'
export const APP: AppRecord = { id: 'app-1', name: 'tests', models: undefined, origins: ['http://localhost:3000'] }
/** A second app without origins, limited to local models. */
export const OTHER_KEY = 'sk-sw-other-key'
export const OTHER_APP: AppRecord = { id: 'app-2', name: 'other', models: ['local/*'], origins: [] }

export interface Fixture {
  readonly port: number
  readonly server: GatewayServer
  /** Calls that reached the engine: what every refusal must leave empty. */
  readonly calls: Call[]
  readonly refused: RefusedEvent[]
  readonly failed: FailedRequest[]
  /** Those that were answered without any model. */
  readonly answered: EarlyRequest[]
  readonly bugs: unknown[]
  /** Presented keys that were looked up. */
  readonly lookedUp: string[]
  readonly settled: number[]
  readonly released: { count: number }
}

export interface FixtureOptions {
  readonly server?: Partial<ServerSettings>
  readonly deps?: Partial<ServerDeps>
  readonly tuning?: Partial<ServerTuning>
  /** The engine; without one every call is answered `{"ok":true}`. */
  readonly engine?: (
    call: Call,
    sink: ReplySink,
  ) => Promise<{ status: number; usage?: { input: number; output: number } }>
}

/** A gateway on a free port whose engine, keys and models are stand-ins that count. */
export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = emptyRecord()
  const server = createGatewayServer({ ...fakeDeps(fixture, options), ...options.deps }, options.tuning)
  const listening = await server.listen(0)
  if (!listening.ok) throw new Error(listening.message)
  return { ...fixture, server, port: listening.port }
}

/** Dependencies alone, for tests that make their own server. */
export function standInDeps(): ServerDeps {
  return fakeDeps(emptyRecord(), {})
}

function emptyRecord(): Omit<Fixture, 'port' | 'server'> {
  return {
    calls: [],
    refused: [],
    failed: [],
    answered: [],
    bugs: [],
    lookedUp: [],
    settled: [],
    released: { count: 0 },
  }
}

function fakeDeps(fixture: Omit<Fixture, 'port' | 'server'>, options: FixtureOptions): ServerDeps {
  let ids = 0
  const config = fakeConfig(options.server)
  const engine = options.engine ?? answerOk
  return {
    clock: createSystemClock(),
    newId: () => `req-${++ids}`,
    version: '0.0.0-test',
    config: () => config,
    plan: (facts) => ({ plan: planFor(facts) }),
    execute: (call, sink) => {
      fixture.calls.push(call)
      return engine(call, sink)
    },
    resolveKey: (presented) => {
      fixture.lookedUp.push(presented)
      if (presented === KEY) return APP
      return presented === OTHER_KEY ? OTHER_APP : undefined
    },
    admit: () => ({
      settle: (tokens) => void fixture.settled.push(tokens),
      release: () => void fixture.released.count++,
    }),
    limitHeaders: () => ({ 'x-ratelimit-limit-requests': '60' }),
    badKeys: { countBadKey: () => undefined },
    listModels: (app) => MODELS.filter(({ id }) => app.models === undefined || id.startsWith('local/')),
    modelInfo: () => [{ model_name: 'gpt-4o' }],
    suggestModel: (name) => (name.startsWith('gpt') ? 'gpt-4o' : undefined),
    describeModel: () => undefined,
    ready: () => true,
    dialects: fakeDialects,
    responses: noResponses,
    readControls: () => ({ controls: NO_CONTROLS, tags: [] }),
    onRefused: (event) => void fixture.refused.push(event),
    onFailed: (event) => void fixture.failed.push(event),
    onAnswered: (event) => void fixture.answered.push(event),
    onBug: (error) => void fixture.bugs.push(error),
  }
}

const MODELS = [
  { id: 'gpt-4o', createdS: 1_700_000_000, ownedBy: 'openai' },
  { id: 'local/org/qwen', createdS: 1_700_000_000, ownedBy: 'ollama' },
]

const NO_CONTROLS = {
  fallbacks: undefined,
  disableFallbacks: false,
  retries: undefined,
  timeoutMs: undefined,
  firstTokenTimeoutMs: undefined,
}

function answerOk(_: Call, sink: ReplySink): Promise<{ status: number }> {
  sink.head(200, { 'content-type': 'application/json' })
  sink.end('{"ok":true}')
  return Promise.resolve({ status: 200 })
}

/** The configuration that a first start without any file gives, except for what a test changes. */
export function fakeConfig(server: Partial<ServerSettings> = {}): GatewayConfig {
  return {
    mode: 'local-first',
    routes: [],
    patterns: [],
    aliases: [],
    routing: {
      balance: 'shuffle',
      retries: { count: 2, byKind: {}, minDelayMs: 0 },
      cooldown: { disabled: false, cooldownMs: 5000, allowedFails: undefined, allowedFailsByKind: {} },
      timeouts: { connectMs: 1, firstTokenMs: 1, betweenTokensMs: 1, totalMs: 1 },
      params: NO_PARAMS,
      fallbacks: new Map(),
      defaultFallbacks: [],
      maxFallbacks: 5,
      preCallChecks: false,
      tagFiltering: false,
    },
    endpoints: [],
    server: {
      port: 0,
      extraHosts: ['host.docker.internal'],
      origins: ['app://obsidian.md'],
      auth: 'key',
      staticKeys: [],
      maxBodyBytes: limits.requestBodyBytes,
      ...server,
    },
    logs: { keepDays: 1, maxMb: 1, responses: true },
    apps: [
      {
        name: 'tests',
        models: undefined,
        origins: APP.origins,
        rpm: undefined,
        tpm: undefined,
        maxParallelRequests: undefined,
      },
    ],
    discovery: false,
    warnings: [],
  }
}

const NO_PARAMS = {
  defaults: {},
  dropUnsupported: false,
  drop: [],
  allow: [],
  extraHeaders: {},
  extraBody: {},
  mergeReasoning: false,
  lane: 'auto',
} as const

function planFor(facts: RequestFacts): Plan {
  return {
    route: facts.model,
    attempts: [],
    fallbacks: { general: [], contextWindow: [], contentPolicy: [] },
    retries: { count: 0, byKind: {}, minDelayMs: 0 },
    dropped: [],
    reason: 'only-target',
  }
}

const errors: ErrorDialect = {
  error: (failure) => ({
    status: failure.status ?? 500,
    headers: failure.retryAfterMs === undefined ? {} : { 'retry-after-ms': String(failure.retryAfterMs) },
    body: {
      error: {
        message: failure.message,
        type: 'invalid_request_error',
        param: failure.param ?? null,
        code: failure.code ?? failure.kind,
      },
    },
  }),
}

function inspect(operation: 'chat' | 'completions' | 'embeddings') {
  return (body: JsonObject): Omit<RequestFacts, 'controls' | 'tags'> | Failure => {
    const { model } = body
    if (typeof model !== 'string' || model === '') {
      return { kind: 'invalid-request', status: 400, message: "'model' is missing.", param: 'model' }
    }
    return {
      model,
      operation,
      stream: body['stream'] === true,
      needs: [],
      promptTokensEstimate: 1,
      maxOutputTokens: undefined,
    }
  }
}

function unused(): never {
  throw new Error('The HTTP floor must not call this part of a dialect.')
}

const streaming = {
  idPrefix: 'reply-',
  ...errors,
  parse: unused,
  writer: unused,
  collector: unused,
  passing: unused,
  readReply: unused,
}

const chat: ChatDialect = { ...streaming, id: 'chat', verbatimRoute: 'chat/completions', inspect: inspect('chat') }
const completions: CompletionsDialect = {
  ...streaming,
  id: 'completions',
  verbatimRoute: 'completions',
  inspect: inspect('completions'),
}
const embeddings: EmbeddingsDialect = {
  ...errors,
  id: 'embeddings',
  verbatimRoute: 'embeddings',
  inspect: inspect('embeddings'),
  parse: unused,
  write: unused,
  readReply: unused,
}

const noResponses: ServerDeps['responses'] = {
  store: { save: async () => undefined, load: async () => undefined, remove: async () => false },
  isKept: () => false,
  history: { expandPrevious: unused, expandReferences: unused, storedItems: unused },
}

const fakeDialects: ServerDeps['dialects'] = {
  byRoute: {
    'chat/completions': { operation: 'chat', dialect: chat },
    completions: { operation: 'completions', dialect: completions },
    embeddings: { operation: 'embeddings', dialect: embeddings },
  },
  errors,
  answerAtOnce: {},
}
