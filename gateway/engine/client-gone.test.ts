import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../kit/fake-clock.ts'
import { refuses, SSE, silentAfter, streams, toyEvent } from './test/mock-upstream.ts'
import { engineFor, settle, until, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, translated, TWO_RETRIES } from './test/test-engine.ts'

const GONE = { status: 499, outcome: 'cancelled' }

describe('a client that leaves ends what is done for it', () => {
  it.each([
    { lane: 'auto', stream: true, begun: false },
    { lane: 'auto', stream: true, begun: true },
    { lane: 'translated', stream: true, begun: true },
    { lane: 'translated', stream: false, begun: false },
    { lane: 'auto', stream: false, begun: false },
  ])('while the upstream works: $lane lane, stream $stream, begun $begun', async ({ lane, stream, begun }) => {
    const upstream = await upstreamThat(silentAfter(begun ? toyEvent({ text: 'Hel' }) : undefined))
    const { engine, rows } = engineFor()
    const target = lane === 'auto' ? targetAt(upstream.url) : translated(targetAt(upstream.url))
    const sink = new TestSink()
    const [arrived, abandoned, written] = [upstream.arrived(), upstream.abandoned(), sink.written()]
    const outcome = engine.execute(callOf({ stream, attempts: [target] }), sink)
    await arrived
    if (begun) await written
    sink.leave()
    await abandoned
    expect(await outcome).toMatchObject(GONE)
    expect(rows.map((row) => [row.outcome, row.failure])).toEqual([['cancelled', 'client-gone']])
    expect(engine.snapshot().inFlight(target.id)).toBe(0)
  })

  it('while it connects: the request is never sent', async () => {
    const upstream = await upstreamThat(streams('fine'))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    // No connection can stand before the event loop turns.
    const outcome = engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    sink.leave()
    expect(await outcome).toMatchObject(GONE)
    await until(() => upstream.sockets === 1)
    await settle(200)
    expect([upstream.received.length, rows.length]).toEqual([0, 1])
  })

  it('while it waits for the next attempt', async () => {
    const clock = createFakeClock()
    const upstream = await upstreamThat(refuses(503))
    const { engine } = engineFor(clock)
    const sink = new TestSink()
    const call = callOf({ attempts: [targetAt(upstream.url)], retries: TWO_RETRIES, clock })
    const outcome = engine.execute(call, sink)
    await until(() => upstream.received.length === 1)
    await settle()
    sink.leave()
    expect(await outcome).toMatchObject(GONE)
    await clock.advance(60_000)
    expect([upstream.received.length, clock.pending]).toEqual([1, 0])
  })

  it('while it waits for a place at a full target', async () => {
    const upstream = await upstreamThat(silentAfter(undefined))
    const { engine, rows } = engineFor()
    const target = targetAt(upstream.url, { maxParallelRequests: 1 })
    const [first, second, third] = [new TestSink(), new TestSink(), new TestSink()]
    const outcomes = [first, second, third].map((sink) => engine.execute(callOf({ attempts: [target] }), sink))
    await until(() => upstream.received.length === 1)
    second.leave()
    expect(await outcomes[1]).toMatchObject(GONE)
    upstream.script = streams('fine')
    first.leave()
    await Promise.all(outcomes)
    expect(third.reading.text).toBe('fine')
    expect([rows.length, upstream.received.length]).toEqual([3, 2])
  })
})

describe('back-pressure', () => {
  it.each(['auto', 'translated'])('a client that does not read stops the upstream (%s lane)', async (lane) => {
    const event = toyEvent({ text: 'x'.repeat(8_000) })
    let sent = 0
    const upstream = await upstreamThat((response) => {
      response.writeHead(200, SSE)
      const pump = (): void => {
        while (sent < 50_000_000) {
          sent += event.length
          if (!response.write(event)) return void response.once('drain', pump)
        }
        response.end(toyEvent({ finish: 'stop' }))
      }
      pump()
    })
    const { engine } = engineFor()
    const sink = new TestSink()
    sink.reads = false
    sink.keepsText = false
    const target = lane === 'auto' ? targetAt(upstream.url) : translated(targetAt(upstream.url))
    const outcome = engine.execute(callOf({ attempts: [target] }), sink)
    await sink.written()
    await settle(2_000)
    const whileStalled = sink.bytes
    expect(whileStalled).toBeLessThan(300_000)
    expect(sent).toBeLessThan(20_000_000)
    sink.readAgain()
    expect(await outcome).toMatchObject({ outcome: 'ok' })
    expect(sink.bytes).toBeGreaterThan(50_000_000)
  })

  it('a client that never reads again is given up, and so is the upstream', async () => {
    const clock = createFakeClock()
    const upstream = await upstreamThat(silentAfter(toyEvent({ text: 'Hel' })))
    const { engine } = engineFor(clock)
    const sink = new TestSink()
    sink.reads = false
    const abandoned = upstream.abandoned()
    const outcome = engine.execute(callOf({ attempts: [targetAt(upstream.url)], clock }), sink)
    await sink.written()
    await clock.advance(61_000)
    await abandoned
    expect(await outcome).toMatchObject(GONE)
    expect([sink.destroyed, clock.pending]).toEqual([true, 0])
  })
})
