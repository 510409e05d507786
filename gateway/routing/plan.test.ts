import { describe, expect, it } from 'vitest'
import type { CallerApp } from '../contract/call.ts'
import type { GatewayConfig, RoutingSettings } from '../contract/config.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Health, Plan, Planned, RequestFacts, Target } from '../contract/route.ts'
import { createDirectory } from './directory.ts'
import { plan } from './plan.ts'
import {
  anybody,
  appWith,
  findProvider,
  makeConfig,
  makeFacts,
  makePattern,
  makeRoute,
  makeSnapshot,
  makeTarget,
  plainRouting,
  seeded,
  type TargetState,
} from './test/world.ts'

interface Example {
  readonly config?: Partial<GatewayConfig>
  readonly routing?: Partial<RoutingSettings>
  readonly model?: string
  readonly facts?: Partial<RequestFacts>
  readonly app?: CallerApp
  readonly states?: Readonly<Record<string, TargetState>>
}

function planFor({ config, routing, model = 'm', facts, app = anybody, states }: Example): Planned {
  const full = makeConfig({ ...config, routing: { ...plainRouting, ...routing } })
  return plan({
    facts: makeFacts(model, facts),
    app,
    directory: createDirectory(full, [], findProvider),
    routing: full.routing,
    mode: full.mode,
    snapshot: makeSnapshot(states),
    random: seeded(1),
  })
}

function planned(example: Example): Plan {
  const result = planFor(example)
  if (!('plan' in result)) throw new Error(`expected a plan: ${result.failure.message}`)
  return result.plan
}

function refused(example: Example): Failure {
  const result = planFor(example)
  if (!('failure' in result)) throw new Error(`expected a refusal, got ${ids(result.plan.attempts).join()}`)
  return result.failure
}

function ids(targets: readonly Target[]): readonly string[] {
  return targets.map((target) => target.id)
}

function dropsOf({ dropped }: Plan): readonly string[] {
  return dropped.map(({ target, by }) => `${target} ${by}`)
}

/** A configuration with one route `m`. */
function routeOf(...targets: readonly (Target | string)[]): Partial<GatewayConfig> {
  return { routes: [makeRoute('m', targets)] }
}

const open: Health = { state: 'open', untilMs: 5_000, why: '3 failures in a row' }
const probing: Health = { state: 'half-open', probing: true }
const [local, lan, cloud] = ['ollama/l', makeTarget('box/l', { locality: 'lan' }), 'openai/c'] as const

describe('the order of trying', () => {
  it.each<[string, Example, readonly string[], string]>([
    ['one target', { config: routeOf(cloud) }, [cloud], 'only-target'],
    [
      'the mode, where nothing is stated',
      { config: routeOf(cloud, lan, local) },
      [local, 'box/l', cloud],
      'local-first',
    ],
    [
      'the other mode',
      { config: { ...routeOf(local, lan, cloud), mode: 'cloud-first' } },
      [cloud, 'box/l', local],
      'cloud-first',
    ],
    [
      'stated tiers before the mode',
      { config: routeOf(makeTarget(local, { tier: 2 }), cloud) },
      [cloud, local],
      'tier-1',
    ],
    ['the balance inside a tier', { config: routeOf(cloud, 'openai/d') }, [cloud, 'openai/d'], 'order'],
    [
      'a weight in the cloud joins it to the rest',
      { config: routeOf(makeTarget(cloud, { weight: 1 }), local) },
      [cloud, local],
      'order',
    ],
    [
      'a local weight joins device and network',
      { config: routeOf(lan, makeTarget(local, { weight: 1 }), cloud) },
      ['box/l', local, cloud],
      'order',
    ],
    [
      'busy targets after free ones, over all tiers',
      { config: routeOf(makeTarget(local, { maxParallelRequests: 2 }), cloud), states: { [local]: { inFlight: 2 } } },
      [cloud, local],
      'spill:busy',
    ],
    [
      'not busy below the limit',
      { config: routeOf(makeTarget(local, { maxParallelRequests: 2 }), cloud), states: { [local]: { inFlight: 1 } } },
      [local, cloud],
      'local-first',
    ],
    [
      'the next tier when one is down',
      { config: routeOf(local, cloud), states: { [local]: { health: open } } },
      [cloud],
      'spill:down',
    ],
    [
      'the next tier when one is too small',
      { config: routeOf(makeTarget(local, { contextTokens: 10 }), cloud), facts: { promptTokensEstimate: 99 } },
      [cloud],
      'spill:unable',
    ],
    [
      'the next tier when one has used up its minute',
      {
        config: routeOf(makeTarget(local, { rpm: 1 }), cloud),
        routing: { preCallChecks: true },
        states: { [local]: { requests: 1 } },
      },
      [cloud],
      'spill:limits',
    ],
    [
      'a probe where there is nobody else',
      { config: routeOf(local), states: { [local]: { health: probing } } },
      [local],
      'probe',
    ],
    ['the echo by its name', { model: 'spillway/echo' }, ['spillway/echo'], 'builtin'],
  ])('%s', (_rule, example, targets, reason) => {
    const result = planned(example)
    expect([ids(result.attempts), result.reason]).toEqual([targets, reason])
  })

  it('is bounded, and says so', () => {
    const targets = Array.from({ length: limits.maxAttempts + 3 }, (_, index) => `openai/${index}`)
    const result = planned({ config: routeOf(...targets) })
    expect(result.attempts).toHaveLength(limits.maxAttempts)
    expect(result.dropped.map(({ by }) => by)).toEqual(['bound', 'bound', 'bound'])
  })

  it('takes the retries that the request asks for', () => {
    expect(planned({ config: routeOf(cloud), facts: withControls({ retries: 7 }) }).retries.count).toBe(7)
    expect(planned({ config: routeOf(cloud) }).retries.count).toBe(2)
  })
})

describe('what is left out', () => {
  const vision = makeTarget('openai/v', { capabilities: ['chat', 'vision'] })
  it.each<[string, Example, readonly string[]]>([
    ['cloud in local-only', { config: { ...routeOf(local, cloud), mode: 'local-only' } }, ['openai/c mode']],
    [
      'local in cloud-only',
      { config: { ...routeOf(local, lan, cloud), mode: 'cloud-only' } },
      ['ollama/l mode', 'box/l mode'],
    ],
    [
      'an embedding model for a chat',
      { config: routeOf(makeTarget('openai/e', { mode: 'embedding' }), cloud) },
      ['openai/e operation'],
    ],
    [
      'a chat model for embeddings',
      {
        config: routeOf(makeTarget('openai/x', { mode: 'chat' }), cloud),
        facts: { operation: 'embeddings', needs: ['embedding'] },
      },
      ['openai/x operation'],
    ],
    [
      'what is known to lack a capability',
      {
        config: routeOf(makeTarget('openai/b', { capabilities: ['chat'] }), vision, cloud),
        facts: { needs: ['chat', 'vision'] },
      },
      ['openai/b capability'],
    ],
    ['nobody for lack of reasoning', { config: routeOf(vision, cloud), facts: { needs: ['chat', 'reasoning'] } }, []],
    [
      'nobody for calling chat completion',
      { config: routeOf(makeTarget('ollama/b', { capabilities: ['completion'] }), cloud) },
      [],
    ],
    [
      'a context that is surely too small',
      { config: routeOf(makeTarget('openai/s', { contextTokens: 100 }), cloud), facts: { promptTokensEstimate: 201 } },
      ['openai/s context'],
    ],
    [
      'nobody by a rough estimate',
      { config: routeOf(makeTarget('openai/s', { contextTokens: 100 }), cloud), facts: { promptTokensEstimate: 200 } },
      [],
    ],
    [
      'a context that is too small, with pre-call checks',
      {
        config: routeOf(makeTarget('openai/s', { contextTokens: 100 }), cloud),
        facts: { promptTokensEstimate: 101 },
        routing: { preCallChecks: true },
      },
      ['openai/s context'],
    ],
    [
      'nobody for rpm as a weight',
      { config: routeOf(makeTarget('openai/r', { rpm: 1 }), cloud), states: { 'openai/r': { requests: 9 } } },
      [],
    ],
    [
      'a used-up tpm, with pre-call checks',
      {
        config: routeOf(makeTarget('openai/r', { tpm: 100 }), cloud),
        states: { 'openai/r': { tokens: 91 } },
        routing: { preCallChecks: true },
      },
      ['openai/r limits'],
    ],
    [
      'a breaker that is open',
      { config: routeOf('openai/d', cloud), states: { 'openai/d': { health: open } } },
      ['openai/d health'],
    ],
    [
      'who is being probed, while another is there',
      { config: routeOf('openai/d', cloud), states: { 'openai/d': { health: probing } } },
      ['openai/d probe'],
    ],
  ])('%s', (_rule, example, drops) => {
    expect(dropsOf(planned(example))).toEqual(drops)
  })

  it.each<[string, readonly string[], readonly string[]]>([
    ['a tag picks its targets', ['paid'], ['openai/paid']],
    ['any of several tags will do', ['x', 'free'], ['openai/free']],
    ['a tag that nobody has goes to the default', ['other'], ['openai/default']],
    ['no tag goes to the default', [], ['openai/default']],
  ])('tags: %s', (_rule, tags, kept) => {
    const targets = ['paid', 'free', 'default'].map((tag) => makeTarget(`openai/${tag}`, { tags: [tag] }))
    const example = { config: routeOf(...targets, 'openai/none'), facts: { tags } }
    expect(ids(planned({ ...example, routing: { tagFiltering: true } }).attempts)).toEqual(kept)
    expect(planned(example).attempts).toHaveLength(4)
  })
})

describe('a refusal', () => {
  it.each<[string, Example, Partial<Failure>]>([
    [
      'an unknown name',
      { config: routeOf(cloud), model: 'mm' },
      { kind: 'unknown-model', status: 404, code: 'model_not_found' },
    ],
    [
      'everything down',
      {
        config: routeOf(cloud, local),
        states: { [cloud]: { health: open }, [local]: { health: { ...open, untilMs: 3_500 } } },
      },
      { kind: 'no-target', status: 503, retryAfterMs: 2_500 },
    ],
    [
      'everything used up',
      {
        config: routeOf(makeTarget(cloud, { rpm: 1 })),
        routing: { preCallChecks: true },
        states: { [cloud]: { requests: 1 } },
      },
      { kind: 'no-target', status: 429, retryAfterMs: 60_000 },
    ],
    [
      'nothing large enough',
      { config: routeOf(makeTarget(cloud, { contextTokens: 1 })) },
      { kind: 'context-length', status: 400, code: 'context_length_exceeded' },
    ],
    [
      'nothing able',
      { config: routeOf(makeTarget(cloud, { capabilities: [] })) },
      { kind: 'unsupported', status: 400 },
    ],
    [
      'nothing in this mode',
      { config: { ...routeOf(cloud), mode: 'local-only' } },
      { kind: 'no-target', status: 403, code: 'forbidden_by_mode' },
    ],
    [
      'no tag',
      { config: routeOf(makeTarget(cloud, { tags: ['a'] })), routing: { tagFiltering: true }, facts: { tags: ['b'] } },
      { kind: 'no-target', status: 403, code: 'no_target_for_tags' },
    ],
    ['not allowed', { config: routeOf(cloud), app: appWith('other') }, { kind: 'model-not-allowed', status: 403 }],
    ['an empty route', { config: routeOf() }, { kind: 'no-target', status: 503 }],
  ])('%s', (_rule, example, failure) => {
    expect(refused(example)).toMatchObject(failure)
  })

  it('lists every target with why, and says what to do', () => {
    const { message } = refused({
      config: { ...routeOf(local, cloud), mode: 'local-only' },
      states: { [local]: { health: open } },
    })
    expect(message).toBe(
      "No target of 'm' can serve this request: ollama/l: it is left alone for 4.0 s more after failures: 3 failures in a row; openai/c: the mode is local-only and this runs in the cloud. Try again after the cooldown, look at the target itself, or add a fallback to the route.",
    )
  })

  it('suggests the name that was probably meant', () => {
    expect(refused({ config: { routes: [makeRoute('coder', [cloud])] }, model: 'codr' }).message).toContain("'coder'")
  })
})

describe('fallbacks', () => {
  const routes = [
    makeRoute('m', [cloud]),
    makeRoute('a', ['openai/a']),
    makeRoute('b', ['openai/b']),
    makeRoute('local', [local]),
  ]
  const general = (...names: readonly string[]): RoutingSettings['fallbacks'] =>
    new Map([['m', { general: names, contextWindow: [], contentPolicy: [] }]])
  const routesOf = (example: Example): readonly string[] =>
    planned({ ...example, config: { routes, ...example.config } }).fallbacks.general.map(({ route }) => route)

  it.each<[string, Example, readonly string[]]>([
    ['in their order', { routing: { fallbacks: general('b', 'a') } }, ['b', 'a']],
    ['not the route itself, and none twice', { routing: { fallbacks: general('m', 'a', 'a') } }, ['a']],
    ['a target by its id', { routing: { fallbacks: general('openai/b') } }, ['b']],
    ['default ones, where it has none of its own', { routing: { defaultFallbacks: ['a'] } }, ['a']],
    ['its own before default ones', { routing: { fallbacks: general('b'), defaultFallbacks: ['a'] } }, ['b']],
    [
      'those for every route',
      { routing: { fallbacks: new Map([['*', { general: ['a'], contextWindow: [], contentPolicy: [] }]]) } },
      ['a'],
    ],
    [
      'what the request asks for before all',
      { routing: { fallbacks: general('b') }, facts: withControls({ fallbacks: ['a'] }) },
      ['a'],
    ],
    [
      'none, where the request says so',
      { routing: { fallbacks: general('b') }, facts: withControls({ disableFallbacks: true }) },
      [],
    ],
    ['no more than the limit', { routing: { fallbacks: general('a', 'b', 'local'), maxFallbacks: 2 } }, ['a', 'b']],
    ['only such as the key may use', { app: appWith('m', 'b'), routing: { fallbacks: general('a', 'b') } }, ['b']],
    [
      'only such as the mode allows',
      { config: { mode: 'cloud-only' }, routing: { fallbacks: general('local', 'b') } },
      ['b'],
    ],
    ['never the echo', { routing: { fallbacks: general('spillway/echo', 'b') } }, ['b']],
    ['never the echo by request', { facts: withControls({ fallbacks: ['spillway/echo'] }) }, []],
    ['not what does not exist', { routing: { fallbacks: general('gone', 'b') } }, ['b']],
  ])('%s', (_rule, example, expected) => {
    expect(routesOf(example)).toEqual(expected)
  })

  it('for a name behind a provider go by the exact name, then the name without its provider', () => {
    const patterns = [makePattern('openai/*', 'openai/*')]
    const fallbacks = new Map([['gpt-x', { general: ['a'], contextWindow: [], contentPolicy: [] }]])
    expect(routesOf({ config: { patterns }, routing: { fallbacks }, model: 'openai/gpt-x' })).toEqual(['a'])
  })

  it('for a prompt that is too long are the general ones until any route has some of that kind', () => {
    const kinds = (fallbacks: RoutingSettings['fallbacks']): readonly (readonly string[])[] => {
      const { contextWindow, contentPolicy } = planned({ config: { routes }, routing: { fallbacks } }).fallbacks
      return [contextWindow, contentPolicy].map((groups) => groups.map(({ route }) => route))
    }
    expect(kinds(general('a'))).toEqual([['a'], ['a']])
    const longer = { general: [], contextWindow: ['b'], contentPolicy: [] }
    expect(kinds(new Map([...general('a'), ['other', longer]]))).toEqual([[], ['a']])
    expect(kinds(new Map([['m', { general: ['a'], contextWindow: ['b'], contentPolicy: [] }]]))).toEqual([['b'], ['a']])
  })

  it('take the place of a route that has nothing to try', () => {
    const result = planned({
      config: { routes },
      routing: { fallbacks: general('a', 'b') },
      states: { [cloud]: { health: open } },
    })
    expect([result.route, ids(result.attempts), result.reason]).toEqual(['a', ['openai/a'], 'fallback:general'])
    expect(result.fallbacks.general.map(({ route }) => route)).toEqual(['b'])
    expect(dropsOf(result)).toEqual(['openai/c health'])
  })

  it('for long prompts take the place of a route that is too small', () => {
    const small = [makeRoute('m', [makeTarget(cloud, { contextTokens: 1 })]), ...routes.slice(1)]
    const fallbacks = new Map([['m', { general: ['a'], contextWindow: ['b'], contentPolicy: [] }]])
    const result = planned({ config: { routes: small }, routing: { fallbacks } })
    expect([result.route, result.reason]).toEqual(['b', 'fallback:context-window'])
  })

  it('never help a key around its allow-list', () => {
    const example = { config: { routes }, app: appWith('a'), routing: { fallbacks: general('a') } }
    expect(refused(example).kind).toBe('model-not-allowed')
  })

  it('by default serve a name that nothing has, as LiteLLM does', () => {
    const example = { config: { routes }, model: 'gpt-unheard-of', routing: { defaultFallbacks: ['a'] } }
    expect(planned(example)).toMatchObject({ route: 'a', reason: 'default-fallback' })
    expect(refused({ ...example, facts: withControls({ disableFallbacks: true }) }).kind).toBe('unknown-model')
    expect(refused({ ...example, app: appWith('b') }).kind).toBe('unknown-model')
    expect(refused({ ...example, routing: { defaultFallbacks: ['spillway/echo'] } }).kind).toBe('unknown-model')
  })
})

describe('an allow-list holds on every hop', () => {
  const config: Partial<GatewayConfig> = {
    routes: [makeRoute('mixed', [local, cloud]), makeRoute('ollama-like', [cloud])],
    aliases: [{ name: 'ollama/alias', model: 'ollama-like', hidden: true }],
    patterns: [makePattern('*', 'openai/*')],
    endpoints: [],
  }
  it.each([
    ['the cloud target of a route that is not named', 'mixed', ['ollama/l']],
    ['an alias that looks local', 'ollama/alias', undefined],
    ['an invented name that falls through to the cloud', 'ollama/not-there', undefined],
    ['another case', 'Ollama/l', undefined],
    ['blanks and a tag', ' ollama/l ', ['ollama/l']],
    ['a tag that makes it another model', 'ollama/l:latest', undefined],
  ])('%s', (_trick, model, expected) => {
    const fallbacks = withControls({ fallbacks: ['ollama-like', 'openai/other'] })
    const result = planFor({ config, model, app: appWith('ollama/*'), facts: fallbacks })
    expect('plan' in result ? ids(result.plan.attempts) : undefined).toEqual(expected)
    expect('plan' in result ? result.plan.fallbacks.general : []).toEqual([])
  })

  it.each([
    ['the route by name, with all its targets', ['mixed'], ['ollama/l', 'openai/c']],
    ['the route with blanks', [' mixed '], ['ollama/l', 'openai/c']],
    ['by provider', ['openai/*'], ['openai/c']],
    ['everything', ['*'], ['ollama/l', 'openai/c']],
    ['nothing', [], undefined],
  ])('permits %s', (_rule, models, expected) => {
    const result = planFor({ config, model: 'mixed', app: appWith(...models) })
    expect('plan' in result ? ids(result.plan.attempts) : undefined).toEqual(expected)
  })

  it.each([
    ['mixed', 'mixed:latest'],
    ['tagged:latest', 'tagged'],
  ])('%s does not permit %s, which falls through to the cloud', (entry, model) => {
    expect(refused({ config, model, app: appWith(entry) }).kind).toBe('model-not-allowed')
  })

  it('permits a name that the list itself states, though it is an alias', () => {
    const aliased = planFor({ config, model: 'ollama/alias', app: appWith('ollama/alias') })
    expect('plan' in aliased).toBe(true)
  })
})

function withControls(controls: Partial<RequestFacts['controls']>): Partial<RequestFacts> {
  return { controls: { ...makeFacts('m').controls, ...controls } }
}
