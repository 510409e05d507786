import { describe, expect, it } from 'vitest'
import { breakConnection, SSE, toyStream } from './test/mock-upstream.ts'
import { engineFor, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, translated, TWO_RETRIES } from './test/test-engine.ts'

const WORDS = 'The quick brown fox jumps over the lazy dog and rests in the shade of an old oak tree. '.split(/(?<= )/)
const TEXT = WORDS.join('')
const STREAMS = 120

describe(`${STREAMS} concurrent streams whose upstreams die at random bytes`, () => {
  it('end each in the whole answer or in an error that can be seen, with one row each', async () => {
    const random = seeded(20_261_122)
    const whole = Buffer.from(toyStream(WORDS))
    const dying = await upstreamThat((response) => {
      const at = random() < 0.7 ? Math.floor(random() * whole.length) : whole.length
      const by = random() < 0.5 ? 'RST' : 'FIN'
      response.writeHead(200, SSE).write(whole.subarray(0, at >> 1))
      setImmediate(() => {
        response.write(whole.subarray(at >> 1, at))
        if (at === whole.length) response.end()
        else breakConnection(response, by)
      })
    })
    const { engine, rows, bugs } = engineFor()
    const single = targetAt(dying.url, { id: 'single' })
    const others = [targetAt(dying.url, { id: 'a' }), targetAt(dying.url, { id: 'b', provider: 'prefill' })]
    const plans = [[single], [translated(single)], [single, ...others], others]
    const sinks = Array.from({ length: STREAMS }, () => new TestSink())
    await Promise.all(
      sinks.map((sink, i) =>
        engine.execute(callOf({ attempts: plans[i % plans.length] ?? [], retries: TWO_RETRIES }), sink),
      ),
    )
    const readings = sinks.map(outcomeOf)
    expect(readings.filter((outcome) => outcome === 'lie')).toEqual([])
    expect(new Set(readings)).toEqual(new Set(['whole', 'error']))
    expect(rows.length).toBe(STREAMS)
    expect(bugs).toEqual([])
    expect(engine.active).toBe(0)
    for (const id of ['single', 'single#translated', 'a', 'b']) expect(engine.snapshot().inFlight(id)).toBe(0)
  }, 60_000)
})

/** The upstream ignores prefills and begins anew, as some do; that must not show either. */
function outcomeOf(sink: TestSink): 'whole' | 'error' | 'lie' {
  if (sink.status >= 400) return 'error'
  const { text, error, done } = sink.reading
  if (error !== undefined) return done ? 'lie' : 'error'
  // A stream may lose its terminal marker once it has said that it is finished.
  return sink.ended && sink.text.includes('"finish":"stop"') && text === TEXT ? 'whole' : 'lie'
}

/** A linear congruential generator: the same deaths in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
