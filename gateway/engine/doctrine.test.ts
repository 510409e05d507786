import { describe, expect, it } from 'vitest'
import { remedyFor, type Failure, type FailureKind } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { FallbackGroup, Plan, RetryRules, Target } from '../contract/route.ts'
import { firstStep, nextStep, UNANSWERED, type Asked, type Step, type View } from './doctrine.ts'
import { NO_RETRIES, planOf, targetAt, TWO_RETRIES } from './test/test-engine.ts'

const target = (id: string, overrides: Partial<Target> = {}): Target => targetAt(`http://${id}`, { id, ...overrides })
const [a, b, c] = [target('a'), target('b'), target('c')]
const cloud = target('cloud', { tier: 2, locality: 'cloud', model: 'cloud-model' })

const view: View = {
  ready: () => true,
  continuation: () => undefined,
  random: () => 0,
  retries: undefined,
  timeLeftMs: () => 60_000,
}

const failed = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({ kind, message: kind, ...more })

/** Walks a plan whose targets fail as told (the last failure for good), and says what was done. */
function walk(
  plan: Plan,
  failures: Readonly<Record<string, Failure | readonly Failure[]>>,
  see: View = view,
): string[] {
  const said: string[] = []
  const asked: Asked[] = []
  let step: Step = firstStep(plan, see)
  while (step.do === 'ask') {
    said.push(`${step.target.id} ${step.why}${step.delayMs > 0 ? ` after ${step.delayMs}` : ''}`)
    const { target: current, group } = step
    const list = [failures[current.id] ?? failed('server-error')].flat()
    const nth = asked.filter((other) => other.target.id === current.id).length
    const failure = list[Math.min(nth, list.length - 1)] ?? failed('server-error')
    asked.push({ target: current, group, failure, committed: false })
    step = nextStep(plan, asked, see)
    if (asked.length > 50) throw new Error('It never ends.')
  }
  return [...said, `gives up: ${step.failure.kind}`]
}

const group = (route: string, attempts: readonly Target[], retries: RetryRules = NO_RETRIES): FallbackGroup => ({
  route,
  attempts,
  retries,
})

describe('before the first content', () => {
  it.each<[string, Plan, Record<string, Failure | readonly Failure[]>, string[]]>([
    [
      'one target is asked again after growing pauses',
      planOf({ attempts: [a], retries: TWO_RETRIES }),
      {},
      ['a primary', 'a retry after 500', 'a retry after 1000', 'gives up: server-error'],
    ],
    [
      'a fresh target costs no pause, and is better than one that failed',
      planOf({ attempts: [a, b], retries: TWO_RETRIES }),
      {},
      ['a primary', 'b next', 'a retry after 500', 'gives up: server-error'],
    ],
    [
      'retries count over the whole group',
      planOf({ attempts: [a, b, c], retries: { count: 1, byKind: {}, minDelayMs: 0 } }),
      {},
      ['a primary', 'b next', 'gives up: server-error'],
    ],
    [
      'a later tier has retries of its own, and needs none to be entered',
      planOf({ attempts: [a, cloud], retries: NO_RETRIES }),
      {},
      ['a primary', 'cloud next-tier', 'gives up: server-error'],
    ],
    [
      'retries by kind win over the count',
      planOf({ attempts: [a], retries: { count: 2, byKind: { 'rate-limited': 1 }, minDelayMs: 0 } }),
      { a: failed('rate-limited') },
      ['a primary', 'a retry after 500', 'gives up: rate-limited'],
    ],
    [
      "the target's own retries win over both",
      planOf({ attempts: [target('a', { retries: 0 })], retries: TWO_RETRIES }),
      {},
      ['a primary', 'gives up: server-error'],
    ],
    [
      'Retry-After is waited for',
      planOf({ attempts: [a], retries: { ...TWO_RETRIES, count: 1 } }),
      { a: failed('rate-limited', { retryAfterMs: 9_000 }) },
      ['a primary', 'a retry after 9000', 'gives up: rate-limited'],
    ],
    [
      'a longer one than ten seconds is passed on',
      planOf({ attempts: [a], retries: TWO_RETRIES }),
      { a: failed('rate-limited', { retryAfterMs: 11_000 }) },
      ['a primary', 'gives up: rate-limited'],
    ],
    [
      'the shortest pause of the route holds',
      planOf({ attempts: [a], retries: { count: 1, byKind: {}, minDelayMs: 3_000 } }),
      {},
      ['a primary', 'a retry after 3000', 'gives up: server-error'],
    ],
    [
      'a target whose failure would repeat is never asked again',
      planOf({ attempts: [a, b], retries: TWO_RETRIES }),
      { a: failed('unauthorized-upstream'), b: failed('model-missing') },
      ['a primary', 'b next', 'gives up: model-missing'],
    ],
    [
      'a bad request ends the walk',
      planOf({ attempts: [a, b], retries: TWO_RETRIES, general: [group('g', [c])] }),
      { a: failed('bad-request') },
      ['a primary', 'gives up: bad-request'],
    ],
    [
      'a target that cannot serve the request uses nothing up',
      planOf({ attempts: [a, b], retries: NO_RETRIES }),
      { a: failed('unsupported') },
      ['a primary', 'b next', 'gives up: server-error'],
    ],
    [
      'each fallback group has retries of its own, after those of the route',
      planOf({
        attempts: [a],
        retries: { ...TWO_RETRIES, count: 1 },
        general: [group('g', [b], TWO_RETRIES), group('h', [c])],
      }),
      {},
      [
        'a primary',
        'a retry after 500',
        'b fallback',
        'b retry after 500',
        'b retry after 1000',
        'c fallback',
        'gives up: server-error',
      ],
    ],
    [
      'a silent target is not asked again while another is there',
      planOf({ attempts: [a], retries: TWO_RETRIES, general: [group('g', [b])] }),
      { a: failed('unreachable'), b: failed('connect-timeout') },
      ['a primary', 'b fallback', 'gives up: connect-timeout'],
    ],
    [
      'but it is when there is none',
      planOf({ attempts: [a], retries: TWO_RETRIES }),
      { a: failed('unreachable') },
      ['a primary', 'a retry after 500', 'a retry after 1000', 'gives up: unreachable'],
    ],
    [
      'a first token that is too slow moves on, and never comes back',
      planOf({ attempts: [a, b], retries: TWO_RETRIES }),
      { a: failed('first-token-timeout'), b: failed('first-token-timeout') },
      ['a primary', 'b next', 'gives up: first-token-timeout'],
    ],
    [
      'a context that is too long goes to the groups for it, at once',
      planOf({
        attempts: [a, cloud],
        retries: TWO_RETRIES,
        general: [group('g', [c])],
        contextWindow: [group('long', [target('long', { model: 'long-model' })])],
      }),
      { a: failed('context-length'), long: failed('context-length') },
      ['a primary', 'long fallback:context-window', 'gives up: context-length'],
    ],
    [
      'without such groups to another model, never to the same one',
      planOf({
        attempts: [a, b, cloud],
        retries: TWO_RETRIES,
        general: [group('g', [c, target('d', { model: 'd' })])],
      }),
      { a: failed('content-policy'), cloud: failed('content-policy'), d: failed('content-policy') },
      ['a primary', 'cloud next-tier', 'd fallback', 'gives up: content-policy'],
    ],
    [
      'a connection that died unanswered is tried anew at once',
      planOf({ attempts: [a], retries: { ...TWO_RETRIES, count: 1 } }),
      { a: failed('cut', { code: UNANSWERED }) },
      ['a primary', 'a retry', 'gives up: cut'],
    ],
    [
      'but not with a cloud, which may have done the work',
      planOf({ attempts: [cloud], retries: TWO_RETRIES }),
      { cloud: failed('cut', { code: UNANSWERED }) },
      ['cloud primary', 'gives up: cut'],
    ],
    ['an empty plan gives up', planOf({ attempts: [] }), {}, ['gives up: no-target']],
  ])('%s', (_name, plan, failures, expected) => {
    expect(walk(plan, failures)).toEqual(expected)
  })

  it('a busy target is passed over while another is there', () => {
    const busy: View = { ...view, ready: (candidate) => candidate.id !== 'a' }
    const plan = planOf({ attempts: [a, b], retries: TWO_RETRIES })
    expect(walk(plan, {}, busy)).toEqual(['b spill:busy', 'a next', 'b retry after 500', 'gives up: server-error'])
    expect(firstStep(planOf({ attempts: [a] }), busy)).toMatchObject({ do: 'ask', target: a })
  })

  it('no pause goes past the deadline', () => {
    const plan = planOf({ attempts: [a], retries: TWO_RETRIES })
    expect(walk(plan, {}, { ...view, timeLeftMs: () => 700 })).toEqual([
      'a primary',
      'a retry after 500',
      'gives up: server-error',
    ])
  })

  it('pauses have jitter and a limit', () => {
    const plan = planOf({ attempts: [a], retries: { count: 7, byKind: {}, minDelayMs: 0 } })
    const delays = walk(plan, {}, { ...view, random: () => 0.5 }).flatMap((line) => /after (.+)/.exec(line)?.[1] ?? [])
    expect(delays).toEqual(['875', '1375', '2375', '4375', '8375', '8375', '8375'])
  })

  it('ends, whatever fails, within the limit', () => {
    const plan = planOf({ attempts: [a, b], retries: { count: 99, byKind: {}, minDelayMs: 0 } })
    expect(walk(plan, {}).length).toBe(limits.maxAttempts + 1)
    for (const kind of Object.keys(remedyFor) as FailureKind[]) walk(plan, { a: failed(kind), b: failed(kind) })
  })

  it('tells whom it had asked before', () => {
    const plan = planOf({ attempts: [a, b], retries: { ...TWO_RETRIES, count: 1 } })
    const asked = [
      { target: a, group: plan, failure: failed('unreachable'), committed: false },
      { target: b, group: plan, failure: failed('server-error'), committed: false },
    ]
    const step = nextStep(plan, asked, view)
    expect(step).toMatchObject({ failure: { message: 'server-error Asked before: a (unreachable).' } })
  })
})

describe('after the first content', () => {
  const continues: View = { ...view, continuation: (candidate) => (candidate.id === 'b' ? 'prefill' : 'replay') }
  const cut = (cutTarget: Target, kind: FailureKind = 'cut'): Asked => ({
    target: cutTarget,
    group: PLAN,
    failure: failed(kind),
    committed: true,
  })
  const PLAN = planOf({ attempts: [a, b, c], retries: NO_RETRIES, general: [group('g', [cloud])] })

  it.each<[string, readonly Asked[], string]>([
    ['goes on at the next target', [cut(a)], 'b continue:prefill'],
    ['and the next', [cut(a), cut(b, 'prefill-refused')], 'c continue:replay'],
    ['and the fallbacks', [cut(a), cut(b), cut(c)], 'cloud continue:replay'],
    ['until none is left', [cut(a), cut(b), cut(c), cut(cloud, 'prefill-refused')], 'gives up: cut'],
    ['but not after a refusal of content', [cut(a, 'content-policy')], 'gives up: content-policy'],
    ['nor after the deadline of nobody else', [cut(a, 'bad-request')], 'gives up: bad-request'],
  ])('%s', (_name, asked, expected) => {
    const step = nextStep(PLAN, asked, continues)
    expect(step.do === 'ask' ? `${step.target.id} ${step.why}` : `gives up: ${step.failure.kind}`).toBe(expected)
  })

  it('gives up where nobody can go on', () => {
    expect(nextStep(PLAN, [cut(a)], view)).toMatchObject({ do: 'give-up', failure: { kind: 'cut' } })
  })
})
