import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Balance, Target } from '../../contract/route.ts'
import { makeFacts, makeSnapshot, makeTarget, seeded, type TargetState } from '../test/world.ts'
import { strategies } from './strategies.ts'

const balances: readonly Balance[] = ['cost', 'latency', 'least-busy', 'order', 'shuffle', 'usage']

it('knows every balance', () => {
  expect(Object.keys(strategies).sort()).toEqual(balances)
})

interface Case {
  readonly targets: readonly Target[]
  readonly states?: Readonly<Record<string, TargetState>>
  readonly stream?: boolean
  readonly seed?: number
}

function orderBy(balance: Balance, { targets, states = {}, stream = false, seed = 1 }: Case): readonly string[] {
  const view = { facts: makeFacts('m', { stream }), snapshot: makeSnapshot(states), random: seeded(seed) }
  return strategies[balance](targets, view).map((target) => target.id)
}

function shareOf(id: string, balance: Balance, example: Case): number {
  const rounds = Array.from({ length: 4_000 }, (_, seed) => orderBy(balance, { ...example, seed })[0])
  return rounds.filter((first) => first === id).length / rounds.length
}

const optional = (max: number): fc.Arbitrary<number | undefined> => fc.option(fc.nat(max), { nil: undefined })
const anyTargets = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1 }), weight: optional(9), rpm: optional(90), tpm: optional(900) }),
  { selector: ({ id }) => id, maxLength: 12 },
)

describe.each(balances)('%s', (balance) => {
  it('loses and invents nothing, leaves its input alone, and is the same for the same draws', () => {
    fc.assert(
      fc.property(anyTargets, fc.integer(), fc.dictionary(fc.string(), fc.nat(5)), (drafts, seed, busy) => {
        const targets = drafts.map(({ id, ...rest }) => makeTarget(id, rest))
        const before = [...targets]
        const states = Object.fromEntries(Object.entries(busy).map(([id, inFlight]) => [id, { inFlight }]))
        const order = orderBy(balance, { targets, states, seed })
        expect(targets).toEqual(before)
        expect([...order].sort()).toEqual(targets.map(({ id }) => id).sort())
        expect(orderBy(balance, { targets, states, seed })).toEqual(order)
      }),
    )
  })
})

describe('shuffle', () => {
  it.each([
    ['by weight', makeTarget('a/1', { weight: 3 }), makeTarget('b/1', { weight: 1 }), 0.75],
    ['a target without a weight weighs one', makeTarget('a/1', { weight: 3 }), makeTarget('b/1'), 0.75],
    ['whoever states the weight', makeTarget('a/1', { rpm: 10 }), makeTarget('b/1', { weight: 3 }), 0.25],
    ['by rpm before tpm', makeTarget('a/1', { rpm: 90, tpm: 1 }), makeTarget('b/1', { rpm: 10, tpm: 9 }), 0.9],
    ['by tpm', makeTarget('a/1', { tpm: 100 }), makeTarget('b/1', { tpm: 300 }), 0.25],
    ['uniformly', makeTarget('a/1'), makeTarget('b/1'), 0.5],
    ['never first with weight zero', makeTarget('a/1', { weight: 0 }), makeTarget('b/1', { weight: 1 }), 0],
  ])('%s', (_rule, a, b, share) => {
    expect(shareOf('a/1', 'shuffle', { targets: [a, b] })).toBeCloseTo(share, 1)
  })
})

describe('least-busy', () => {
  it('prefers who has the fewest requests in flight', () => {
    const targets = ['a/1', 'b/1', 'c/1'].map((id) => makeTarget(id))
    const states = { 'a/1': { inFlight: 2 }, 'b/1': { inFlight: 0 }, 'c/1': { inFlight: 1 } }
    expect(orderBy('least-busy', { targets, states })).toEqual(['b/1', 'c/1', 'a/1'])
  })

  it('draws among equals', () => {
    expect(shareOf('a/1', 'least-busy', { targets: [makeTarget('a/1'), makeTarget('b/1')] })).toBeCloseTo(0.5, 1)
  })
})

describe('usage', () => {
  it('prefers who served the fewest tokens in this minute', () => {
    const targets = ['a/1', 'b/1', 'c/1'].map((id) => makeTarget(id))
    const states = { 'a/1': { tokens: 20 }, 'b/1': { tokens: 30 }, 'c/1': { tokens: 10 } }
    expect(orderBy('usage', { targets, states })).toEqual(['c/1', 'a/1', 'b/1'])
  })
})

describe('cost', () => {
  it('prefers the cheapest, takes local for free and the unknown last', () => {
    const price = (usd: number): Partial<Target> => ({ price: { inputUsdPerToken: usd, outputUsdPerToken: 4 * usd } })
    const targets = [
      makeTarget('openai/unknown'),
      makeTarget('openai/dear', price(2)),
      makeTarget('openai/cheap', price(1)),
      makeTarget('ollama/own'),
    ]
    expect(orderBy('cost', { targets })).toEqual(['ollama/own', 'openai/cheap', 'openai/dear', 'openai/unknown'])
  })
})

describe('latency', () => {
  const targets = ['a/1', 'b/1', 'c/1'].map((id) => makeTarget(id))
  const quickStart = { latency: { firstTokenMs: 100, perTokenMs: 50 } }
  const quickTokens = { latency: { firstTokenMs: 900, perTokenMs: 5 } }

  it.each([
    ['a stream by its first token', true, ['a/1', 'b/1']],
    ['a whole answer by its end', false, ['b/1', 'a/1']],
  ])('judges %s', (_rule, stream, expected) => {
    const states = { 'a/1': quickStart, 'b/1': quickTokens }
    expect(orderBy('latency', { targets: targets.slice(0, 2), states, stream })).toEqual(expected)
  })

  it('tries what was never measured, but only once at a time', () => {
    const states = { 'a/1': quickStart, 'b/1': {}, 'c/1': { inFlight: 1 } }
    expect(orderBy('latency', { targets, states, stream: true })).toEqual(['b/1', 'a/1', 'c/1'])
  })

  it('shares among those that are nearly as fast as the fastest', () => {
    const near = { latency: { firstTokenMs: 105, perTokenMs: 50 } }
    const far = { latency: { firstTokenMs: 150, perTokenMs: 50 } }
    const example = { targets, states: { 'a/1': quickStart, 'b/1': near, 'c/1': far }, stream: true }
    expect(shareOf('b/1', 'latency', example)).toBeCloseTo(0.5, 1)
    expect(orderBy('latency', example)[2]).toBe('c/1')
  })
})
