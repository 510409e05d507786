import { plainParams, plainTarget } from '../../test/plain-target.ts'
import type { CallerApp } from '../../contract/call.ts'
import type { Random } from '../../contract/clock.ts'
import type { GatewayConfig, PatternRoute, RoutingSettings } from '../../contract/config.ts'
import type { Provider } from '../../contract/provider.ts'
import type { Endpoint } from '../../contract/config.ts'
import type { Health, RequestFacts, Route, Snapshot, Target } from '../../contract/route.ts'
import type { FindProvider } from '../discovered.ts'

/** Builders for the tests of routing: everything plain, so that a test states only what it is about. */

export const plainRouting: RoutingSettings = {
  balance: 'order',
  retries: { count: 2, byKind: {}, minDelayMs: 0 },
  cooldown: { disabled: false, cooldownMs: 5_000, allowedFails: undefined, allowedFailsByKind: {} },
  timeouts: { connectMs: 1, firstTokenMs: 1, betweenTokensMs: 1, totalMs: 1 },
  params: plainParams,
  fallbacks: new Map(),
  defaultFallbacks: [],
  maxFallbacks: 5,
  preCallChecks: false,
  tagFiltering: false,
}

/** `openai/gpt` gives a cloud target, `ollama/llama` one on this device. */
export function makeTarget(id: string, changes: Partial<Target> = {}): Target {
  const [endpoint = '', ...model] = id.split('/')
  const isLocal = endpoint === 'ollama' || endpoint === 'vllm'
  return {
    ...plainTarget,
    id,
    provider: endpoint,
    endpoint,
    model: model.join('/'),
    locality: isLocal ? 'device' : 'cloud',
    baseUrl: isLocal ? `http://127.0.0.1:${endpoint === 'ollama' ? 11_434 : 8_000}` : `https://api.${endpoint}.test/v1`,
    key: undefined,
    ...changes,
  }
}

export function makeRoute(name: string, targets: readonly (Target | string)[], changes: Partial<Route> = {}): Route {
  return {
    name,
    targets: targets.map((target) => (typeof target === 'string' ? makeTarget(target) : target)),
    balance: 'order',
    retries: plainRouting.retries,
    fallbacks: { general: [], contextWindow: [], contentPolicy: [] },
    hidden: false,
    origin: 'config',
    ...changes,
  }
}

export function makePattern(pattern: string, target: Target | string): PatternRoute {
  return { pattern, route: makeRoute(pattern, [target]) }
}

export function makeEndpoint(name: string, changes: Partial<Target> = {}): Endpoint {
  const template = makeTarget(`${name}/`, changes)
  return { name, provider: template.provider, baseUrl: template.baseUrl, locality: template.locality, template }
}

export function makeConfig(changes: Partial<GatewayConfig> = {}): GatewayConfig {
  return {
    mode: 'local-first',
    routes: [],
    patterns: [],
    aliases: [],
    routing: plainRouting,
    endpoints: [],
    server: { port: 4_000, extraHosts: [], origins: [], auth: 'key', staticKeys: [], maxBodyBytes: 1 },
    logs: { keepDays: 1, maxMb: 1, responses: true },
    apps: [],
    discovery: true,
    warnings: [],
    ...changes,
  }
}

export function makeFacts(model: string, changes: Partial<RequestFacts> = {}): RequestFacts {
  return {
    model,
    operation: 'chat',
    stream: false,
    needs: ['chat'],
    promptTokensEstimate: 10,
    maxOutputTokens: undefined,
    tags: [],
    controls: {
      fallbacks: undefined,
      disableFallbacks: false,
      retries: undefined,
      timeoutMs: undefined,
      firstTokenTimeoutMs: undefined,
    },
    ...changes,
  }
}

/** What is known of a target; the rest is quiet. */
export interface TargetState {
  readonly health?: Health
  readonly inFlight?: number
  readonly requests?: number
  readonly tokens?: number
  readonly latency?: { readonly firstTokenMs: number; readonly perTokenMs: number }
}

export function makeSnapshot(states: Readonly<Record<string, TargetState>> = {}): Snapshot {
  return {
    atMs: 1_000,
    health: (id) => states[id]?.health ?? { state: 'closed' },
    inFlight: (id) => states[id]?.inFlight ?? 0,
    usage: (id) => ({ requests: states[id]?.requests ?? 0, tokens: states[id]?.tokens ?? 0 }),
    latency: (id) => states[id]?.latency,
  }
}

export const anybody: CallerApp = { id: 'a', name: 'anybody', models: undefined }

export function appWith(...models: readonly string[]): CallerApp {
  return { id: 'a', name: 'limited', models }
}

const PROVIDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  ollama: 'ollama',
  ollama_chat: 'ollama',
  vllm: 'vllm',
  hosted_vllm: 'vllm',
}

/** A registry of the ids and aliases above; only the id is ever read. */
export const findProvider: FindProvider = (name) => {
  const id = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined
  return id === undefined ? undefined : makeProvider(id)
}

export function makeProvider(id: string, changes: Partial<Provider> = {}): Provider {
  return {
    id,
    aliases: [],
    label: id,
    defaults: { baseUrlEnv: [], keyEnv: [], keyRequired: false, locality: 'device' },
    prefill: false,
    verbatim: {},
    headers: () => ({}),
    failure: () => ({ kind: 'internal', message: 'not used here' }),
    ...changes,
  }
}

/** Random numbers that are the same for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
