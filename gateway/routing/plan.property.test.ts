import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayConfig, RoutingSettings } from '../contract/config.ts'
import type { Dropped, FallbackGroup, Health, Planned, RequestFacts, Target } from '../contract/route.ts'
import { mayUse } from './allow-list.ts'
import { createDirectory } from './directory.ts'
import { plan } from './plan.ts'
import { reasons, rules } from './reasons.ts'
import {
  appWith,
  findProvider,
  makeConfig,
  makeFacts,
  makeRoute,
  makeSnapshot,
  makeTarget,
  plainRouting,
  seeded,
  type TargetState,
} from './test/world.ts'

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined })

const anyHealth = fc.oneof<fc.Arbitrary<Health>[]>(
  fc.constant({ state: 'closed' }),
  fc.record({ state: fc.constant('half-open' as const), probing: fc.boolean() }),
  fc.record({ state: fc.constant('open' as const), untilMs: fc.nat(9_000), why: fc.constant('failures') }),
)
const anyDraft = fc.record({
  endpoint: fc.constantFrom('openai', 'ollama', 'box'),
  locality: fc.constantFrom('device' as const, 'lan' as const, 'cloud' as const),
  tier: fc.integer({ min: 1, max: 2 }),
  weight: maybe(fc.nat(3)),
  rpm: maybe(fc.nat(3)),
  maxParallelRequests: maybe(fc.nat(2)),
  contextTokens: maybe(fc.nat(40)),
  capabilities: maybe(fc.subarray(['chat' as const, 'tools' as const])),
  mode: maybe(fc.constantFrom('chat', 'embedding')),
  tags: fc.subarray(['a', 'default']),
  state: fc.record({ health: anyHealth, inFlight: fc.nat(3), requests: fc.nat(4), tokens: fc.nat(99) }),
})
const anyWorld = fc.record({
  mode: fc.constantFrom<GatewayConfig['mode'][]>('local-first', 'local-only', 'cloud-first', 'cloud-only'),
  balance: fc.constantFrom(
    'shuffle' as const,
    'least-busy' as const,
    'latency' as const,
    'usage' as const,
    'cost' as const,
  ),
  drafts: fc.array(fc.array(anyDraft, { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  fallbacks: fc.array(fc.constantFrom('r0', 'r1', 'r2', 'spillway/echo', 'gone'), { maxLength: 4 }),
  allowed: fc.subarray(['r0', 'r1', 'openai/*', '*']),
  preCallChecks: fc.boolean(),
  tagFiltering: fc.boolean(),
  tags: fc.subarray(['a', 'b']),
  seed: fc.integer(),
})

type Drafted = typeof anyWorld extends fc.Arbitrary<infer World> ? World : never

function buildWorld(drafted: Drafted): {
  readonly run: () => Planned
  readonly targets: readonly (readonly Target[])[]
} {
  const states: Record<string, TargetState> = {}
  const routes = drafted.drafts.map((drafts, route) =>
    makeRoute(
      `r${route}`,
      drafts.map(({ state, ...changes }, index) => {
        const id = `t${route}-${index}`
        states[id] = state
        return makeTarget(id, { ...changes, model: id })
      }),
      { balance: drafted.balance },
    ),
  )
  const routing: RoutingSettings = {
    ...plainRouting,
    preCallChecks: drafted.preCallChecks,
    tagFiltering: drafted.tagFiltering,
    fallbacks: new Map([['r0', { general: drafted.fallbacks, contextWindow: [], contentPolicy: [] }]]),
  }
  const directory = createDirectory(makeConfig({ mode: drafted.mode, routes, routing }), [], findProvider)
  const facts: RequestFacts = makeFacts('r0', {
    needs: ['chat', 'tools'],
    promptTokensEstimate: 20,
    tags: drafted.tags,
  })
  const run = (): Planned =>
    plan({
      facts,
      app: appWith(...drafted.allowed),
      directory,
      routing,
      mode: drafted.mode,
      snapshot: makeSnapshot(states),
      random: seeded(drafted.seed),
    })
  return { run, targets: routes.map((route) => route.targets) }
}

describe('a plan over any world', () => {
  it('keeps or drops every target of the route exactly once, and invents none', () => {
    fc.assert(
      fc.property(anyWorld, (drafted) => {
        const { run, targets } = buildWorld(drafted)
        const result = run()
        const attempts = 'plan' in result && result.plan.route === 'r0' ? result.plan.attempts : []
        const dropped = droppedOf(result).map(({ target }) => target)
        const own = (targets[0] ?? []).map(({ id }) => id)
        const seen = [...attempts.map(({ id }) => id), ...dropped.filter((id) => own.includes(id))]
        expect([...seen].sort()).toEqual([...own].sort())
        const all = new Set(targets.flat())
        expect(
          everyGroup(result)
            .flatMap(({ attempts: tried }) => tried)
            .every((target) => all.has(target)),
        ).toBe(true)
      }),
    )
  })

  it('is the same for the same world and the same draws', () => {
    fc.assert(
      fc.property(anyWorld, (drafted) => {
        const { run } = buildWorld(drafted)
        expect(run()).toEqual(run())
      }),
    )
  })

  it('never reaches what the mode or the key forbids, on any hop', () => {
    fc.assert(
      fc.property(anyWorld, (drafted) => {
        const app = appWith(...drafted.allowed)
        const allowed: Readonly<Record<GatewayConfig['mode'], (target: Target) => boolean>> = {
          'local-first': () => true,
          'cloud-first': () => true,
          'local-only': ({ locality }) => locality !== 'cloud',
          'cloud-only': ({ locality }) => locality === 'cloud',
        }
        for (const { route, attempts } of everyGroup(buildWorld(drafted).run())) {
          const wrong = attempts.filter(
            (target) =>
              !allowed[drafted.mode](target) ||
              !mayUse(app, { names: [route], route: { name: route, origin: 'config' }, target }),
          )
          expect(wrong).toEqual([])
        }
      }),
    )
  })

  it('speaks only words that are in the tables, and every refusal is a sentence', () => {
    fc.assert(
      fc.property(anyWorld, (drafted) => {
        const result = buildWorld(drafted).run()
        const said = 'plan' in result ? reasons[knownReason(result.plan.reason)] : result.failure.message.at(-1)
        expect(said).toMatch('plan' in result ? /./ : /\./)
        for (const { by, why } of droppedOf(result)) {
          expect(Object.keys(rules)).toContain(by)
          expect(why).not.toBe('')
        }
      }),
    )
  })
})

/** Fails the test where a reason is not in the table. */
function knownReason(word: string): keyof typeof reasons {
  if (!isReason(word)) throw new Error(`'${word}' is not in the table of reasons`)
  return word
}

function isReason(word: string): word is keyof typeof reasons {
  return Object.hasOwn(reasons, word)
}

function droppedOf(result: Planned): readonly Dropped[] {
  return 'plan' in result ? result.plan.dropped : result.dropped
}

function everyGroup(result: Planned): readonly Pick<FallbackGroup, 'route' | 'attempts'>[] {
  return 'plan' in result ? [result.plan, ...Object.values(result.plan.fallbacks).flat()] : []
}
