import { describe, expect, it } from 'vitest'
import type { FailureKind } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { CooldownRules, Target } from '../contract/route.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { createHealthBook, type AttemptResult } from './health.ts'
import { targetAt } from './test/test-engine.ts'

const RULES: CooldownRules = { disabled: false, cooldownMs: 5_000, allowedFails: undefined, allowedFailsByKind: {} }
const target = targetAt('http://x', { id: 't' })

function bookWith(rules: Partial<CooldownRules> = {}) {
  const clock = createFakeClock()
  const book = createHealthBook(clock, () => ({ ...RULES, ...rules }))
  const result = (failure: FailureKind | undefined, retryAfterMs?: number): AttemptResult => ({
    failure: failure && { kind: failure, message: 'broken', ...(retryAfterMs !== undefined && { retryAfterMs }) },
    usage: undefined,
    firstTokenMs: undefined,
    durationMs: 1,
  })
  const ask = (
    kind: FailureKind | undefined,
    options: { alone?: boolean; of?: Target; retryAfterMs?: number } = {},
  ) => {
    const asked = options.of ?? target
    book.started(asked)
    book.finished(asked, result(kind, options.retryAfterMs), { alone: options.alone ?? false })
    return book.snapshot.health(asked.id)
  }
  return { clock, book, ask, result }
}

describe('cooldown', () => {
  it.each<[FailureKind, boolean]>([
    ['rate-limited', true],
    ['unauthorized-upstream', true],
    ['model-missing', true],
    ['unreachable', true],
    ['server-error', false],
    ['cut', false],
    ['bad-request', false],
    ['context-length', false],
    ['client-gone', false],
  ])('%s in a group cools down at once: %s', (kind, cools) => {
    expect(bookWith().ask(kind).state).toBe(cools ? 'open' : 'closed')
  })

  it('server errors in a row do, and bad requests never', () => {
    const { ask } = bookWith()
    expect([ask('server-error').state, ask('overloaded').state, ask('server-error').state]).toEqual([
      'closed',
      'closed',
      'open',
    ])
    const other = bookWith()
    for (let i = 0; i < 20; i++) expect(other.ask('bad-request').state).toBe('closed')
  })

  it('half of the requests of a minute do, even when others succeed in between', () => {
    const { ask } = bookWith()
    const states = ['cut', undefined, 'cut', 'cut', undefined, 'cut', 'cut'] as const
    expect(states.map((kind) => ask(kind).state).at(-1)).toBe('open')
  })

  it('the only target of a group is left in until it is broken several times in a row', () => {
    const { ask } = bookWith()
    for (const kind of ['rate-limited', 'unauthorized-upstream', 'model-missing'] as const) {
      expect(ask(kind, { alone: true }).state).toBe('closed')
    }
    const states = Array.from({ length: limits.breakerFailures }, () => ask('unreachable', { alone: true }).state)
    expect(states.at(-2)).toBe('closed')
    expect(states.at(-1)).toBe('open')
  })

  it.each<[string, Partial<Target>, number | undefined, number]>([
    ["the target's own", { cooldownMs: 7_000 }, 3_000, 7_000],
    ['then Retry-After', {}, 3_000, 3_000],
    ['then the rule', {}, undefined, 5_000],
  ])('lasts as long as %s says', (_name, own, retryAfterMs, expected) => {
    const { ask } = bookWith()
    const health = ask('rate-limited', {
      of: { ...target, ...own },
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
    expect(health).toMatchObject({ state: 'open', untilMs: expected, why: 'broken' })
  })

  it('allows as many failures of a minute as it is told, by kind or over all', () => {
    const all = bookWith({ allowedFails: 2 })
    expect([all.ask('rate-limited').state, all.ask('cut').state, all.ask('bad-reply').state]).toEqual([
      'closed',
      'closed',
      'open',
    ])
    const byKind = bookWith({ allowedFailsByKind: { 'rate-limited': 1 } })
    expect([byKind.ask('rate-limited').state, byKind.ask('rate-limited').state]).toEqual(['closed', 'open'])
  })

  it('can be turned off, for all or for one', () => {
    expect(bookWith({ disabled: true }).ask('rate-limited').state).toBe('closed')
    expect(bookWith().ask('rate-limited', { of: { ...target, cooldownMs: 0 } }).state).toBe('closed')
  })

  it('then lets one request try; its failure lengthens the pause, its success ends it', async () => {
    const { clock, book, ask, result } = bookWith()
    ask('rate-limited')
    expect(book.ready(target)).toBe(false)
    await clock.advance(5_000)
    expect(book.snapshot.health('t')).toEqual({ state: 'half-open', probing: false })
    expect(book.ready(target)).toBe(true)
    book.started(target)
    expect(book.ready(target)).toBe(false)
    book.finished(target, result('server-error'), { alone: false })
    expect(book.snapshot.health('t')).toMatchObject({ state: 'open', untilMs: 15_000 })
    await clock.advance(10_000)
    expect(ask(undefined)).toEqual({ state: 'closed' })
  })

  it('a probe that its client gave up leaves the way open for the next', async () => {
    const { clock, book, ask } = bookWith()
    ask('rate-limited')
    await clock.advance(5_000)
    expect(ask('client-gone')).toEqual({ state: 'half-open', probing: false })
    expect(book.ready(target)).toBe(true)
  })
})

describe('the live view', () => {
  it('counts what is under way, and what the running minute has seen', async () => {
    const { clock, book, result } = bookWith()
    book.started(target)
    book.started(target)
    expect(book.snapshot.inFlight('t')).toBe(2)
    book.finished(target, { ...result(undefined), usage: { input: 10, output: 5 } }, { alone: true })
    expect(book.snapshot.usage('t')).toEqual({ requests: 2, tokens: 15 })
    await clock.advance(60_000)
    expect(book.snapshot.usage('t')).toEqual({ requests: 0, tokens: 0 })
    expect(book.snapshot.inFlight('t')).toBe(1)
  })

  it('a target at its parallel limit is not ready', () => {
    const { book } = bookWith()
    const small = { ...target, maxParallelRequests: 1 }
    expect(book.ready(small)).toBe(true)
    book.started(small)
    expect(book.ready(small)).toBe(false)
  })

  it('knows the median latency of recent answers', () => {
    const { book, result } = bookWith()
    expect(book.snapshot.latency('t')).toBeUndefined()
    for (const firstTokenMs of [100, 5_000, 200]) {
      book.started(target)
      const durationMs = firstTokenMs + 100
      const usage = { input: 1, output: 10 }
      book.finished(target, { ...result(undefined), usage, firstTokenMs, durationMs }, { alone: true })
    }
    expect(book.snapshot.latency('t')).toEqual({ firstTokenMs: 200, perTokenMs: 10 })
  })

  it('forgets idle targets beyond its limit, never one that is under way', () => {
    const { book, ask } = bookWith()
    book.started(target)
    for (let i = 0; i < limits.trackedTargets + 10; i++) ask(undefined, { of: { ...target, id: `w${i}` } })
    expect(book.snapshot.inFlight('t')).toBe(1)
    expect(book.snapshot.usage('w0').requests).toBe(0)
  })
})
