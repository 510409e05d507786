import { describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../kit/fake-clock.ts'
import { limits } from '../contract/limits.ts'
import { SSE, silentAfter, streams, toyEvent, type MockUpstream, type Script } from './test/mock-upstream.ts'
import { engineFor, settle, until, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, TWO_RETRIES } from './test/test-engine.ts'
import { attemptLimitMs, timeoutsFor } from './timeouts.ts'

interface Running {
  readonly clock: FakeClock
  readonly upstream: MockUpstream
  readonly sink: TestSink
  readonly outcome: Promise<unknown>
  readonly kinds: () => readonly (string | undefined)[]
}

/** Starts a stream from an upstream that answers with this script, and waits until the request is there. */
async function running(script: Script, controls = {}, more: readonly MockUpstream[] = []): Promise<Running> {
  const clock = createFakeClock()
  const upstream = await upstreamThat(script)
  const { engine, rows } = engineFor(clock)
  const sink = new TestSink()
  const attempts = [upstream, ...more].map((item) => targetAt(item.url, { locality: 'cloud' }))
  const outcome = engine.execute(callOf({ attempts, retries: TWO_RETRIES, controls, clock }), sink)
  await until(() => upstream.received.length === 1)
  await settle()
  return { clock, upstream, sink, outcome, kinds: () => rows[0]?.attempts.map((attempt) => attempt.failure) ?? [] }
}

describe('the clocks of an attempt', () => {
  it.each([undefined, ': comment\n\n'])('no first token: moves on (after %j)', async (beginning) => {
    const next = await upstreamThat(streams('fine'))
    const { clock, sink, outcome, kinds } = await running(silentAfter(beginning), {}, [next])
    await clock.advance(limits.firstTokenTimeoutMs)
    await outcome
    expect(sink.reading.text).toBe('fine')
    expect(kinds()).toEqual(['first-token-timeout', undefined])
    expect(clock.pending).toBe(0)
  })

  it('comments of the upstream, and our own, do not stand for a token', async () => {
    const { clock, sink, outcome, kinds } = await running((response) => {
      response.writeHead(200, SSE).write(': processing\n\n')
    })
    await clock.advance(limits.heartbeatMs * 2)
    expect(sink.status).toBe(200)
    expect(sink.text).toBe(': keep-alive\n\n'.repeat(2))
    await clock.advance(limits.firstTokenTimeoutMs - limits.heartbeatMs * 2)
    await outcome
    expect(kinds()).toEqual(['first-token-timeout'])
    expect(sink.reading.error).toContain('no first token')
    expect(sink.reading.done).toBe(false)
  })

  it('after heartbeats another target may still serve', async () => {
    const next = await upstreamThat(streams('fine'))
    const { clock, sink, outcome } = await running(silentAfter(': x\n\n'), {}, [next])
    await clock.advance(limits.heartbeatMs)
    await clock.advance(limits.firstTokenTimeoutMs)
    await outcome
    expect(sink.reading).toEqual({ text: 'fine', error: undefined, done: true })
  })

  it('silence between two tokens: ends in an error, never in a clean end', async () => {
    const { clock, sink, outcome, kinds } = await running(silentAfter(toyEvent({ text: 'Hel' })))
    await until(() => sink.bytes > 0)
    await clock.advance(limits.betweenTokensTimeoutMs)
    await outcome
    expect(kinds()).toEqual(['stalled'])
    expect(sink.reading).toMatchObject({ text: 'Hel', done: false })
    expect(sink.reading.error).toContain('fell silent')
    expect(clock.pending).toBe(0)
  })

  it('the deadline of the request ends everything', async () => {
    const { clock, sink, outcome, upstream } = await running(silentAfter(undefined), { timeoutMs: 3_000 })
    const abandoned = upstream.abandoned()
    await clock.advance(3_000)
    await abandoned
    await outcome
    expect(sink.status).toBe(504)
    expect(clock.pending).toBe(0)
  })
})

describe('timeoutsFor', () => {
  const settings = {
    connectMs: 1,
    firstTokenMs: limits.firstTokenTimeoutMs,
    betweenTokensMs: 3,
    totalMs: 4,
  }
  const controls = {
    fallbacks: undefined,
    disableFallbacks: false,
    retries: undefined,
    timeoutMs: undefined,
    firstTokenTimeoutMs: undefined,
  }

  it.each([
    ['a runner may load its model first', targetAt('http://x'), settings, controls, limits.firstTokenTimeoutLocalMs],
    ['a cloud may not', targetAt('http://x', { locality: 'cloud' }), settings, controls, limits.firstTokenTimeoutMs],
    ['a chosen time holds for all', targetAt('http://x'), { ...settings, firstTokenMs: 7 }, controls, 7],
    ['the target knows better', targetAt('http://x', { timeouts: { firstTokenMs: 8 } }), settings, controls, 8],
    ['the client best', targetAt('http://x'), settings, { ...controls, firstTokenTimeoutMs: 9 }, 9],
  ] as const)('first token: %s', (_name, target, configured, wished, expected) => {
    expect(timeoutsFor(target, configured, wished).firstTokenMs).toBe(expected)
  })
})

describe('the time that a whole answer may take', () => {
  it.each([
    { totalMs: undefined, answerMs: undefined, streams: false, limitMs: undefined },
    { totalMs: 9, answerMs: undefined, streams: false, limitMs: 9 },
    { totalMs: 9, answerMs: 5, streams: false, limitMs: 5 },
    { totalMs: 4, answerMs: 5, streams: false, limitMs: 4 },
    { totalMs: undefined, answerMs: 5, streams: false, limitMs: 5 },
    { totalMs: undefined, answerMs: 5, streams: true, limitMs: undefined },
  ])(
    '$totalMs in all, $answerMs unstreamed, streams $streams: $limitMs',
    ({ totalMs, answerMs, streams: s, limitMs }) => {
      const clocks = { connectMs: 1, firstTokenMs: 1, betweenTokensMs: 1 }
      expect(attemptLimitMs({ ...clocks, totalMs, answerMs }, s)).toBe(limitMs)
    },
  )
})
