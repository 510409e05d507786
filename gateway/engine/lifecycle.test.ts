import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createSlots } from './slots.ts'
import { silentAfter, streams, toyEvent } from './test/mock-upstream.ts'
import { engineFor, until, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, TWO_RETRIES } from './test/test-engine.ts'
import { toyDialect, toyProvider } from './test/toy-wire.ts'

describe('shutting down', () => {
  it('refuses new calls and lets running ones finish', async () => {
    const upstream = await upstreamThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(toyEvent({ text: 'Hel' }))
      setTimeout(() => response.end(toyEvent({ text: 'lo' }) + toyEvent({ finish: 'stop' })), 20)
    })
    const { engine, rows } = engineFor()
    const [running, late] = [new TestSink(), new TestSink()]
    const outcome = engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), running)
    await running.written()
    const drained = engine.drain(limits.drainMs)
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), late)
    expect([late.status, JSON.parse(late.text)]).toMatchObject([503, { kind: 'shutting-down' }])
    await drained
    expect(await outcome).toMatchObject({ outcome: 'ok' })
    expect([running.reading.text, rows.length, engine.active]).toEqual(['Hello', 2, 0])
  })

  it('ends what does not finish, with an error that can be seen', async () => {
    const upstream = await upstreamThat(silentAfter(toyEvent({ text: 'Hel' })))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const outcome = engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    await sink.written()
    await engine.drain(10)
    expect(await outcome).toMatchObject({ outcome: 'truncated' })
    expect(sink.reading.error).toContain('shutting down')
    expect(rows[0]?.failure).toBe('shutting-down')
  })
})

describe('a key that is revoked', () => {
  it('ends its running calls and nobody else', async () => {
    const upstream = await upstreamThat(silentAfter(toyEvent({ text: 'Hel' })))
    const { engine } = engineFor()
    const [mine, other] = [new TestSink(), new TestSink()]
    const outcome = engine.execute(callOf({ attempts: [targetAt(upstream.url)], appId: 'revoked' }), mine)
    const others = engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), other)
    await Promise.all([mine.written(), other.written()])
    engine.cancelApp('revoked')
    await outcome
    expect(mine.reading.error).toContain('revoked')
    expect(engine.active).toBe(1)
    other.leave()
    await others
  })
})

describe('a bug', () => {
  it.each([
    ['in a provider', { findProvider: () => ({ ...toyProvider, headers: () => raise() }) }, {}],
    [
      'in a lane, while bytes arrive',
      {},
      { passing: () => ({ ...toyDialect.passing({ hideUsage: false }), push: raise }) },
    ],
  ])('%s is a 500 without details, one row, and a report', async (_name, overrides, dialect) => {
    const upstream = await upstreamThat(streams('hi'))
    const { engine, rows, bugs } = engineFor(undefined, overrides)
    const sink = new TestSink()
    const call = callOf({ attempts: [targetAt(upstream.url, { maxParallelRequests: 1 })], retries: TWO_RETRIES })
    const work = { ...call.work, dialect: { ...toyDialect, ...dialect } } as typeof call.work // Only the dialect differs.
    await engine.execute({ ...call, work }, sink)
    expect(sink.text).toContain('"kind":"internal"')
    expect(sink.text).not.toContain('secret detail')
    expect(rows.map((row) => row.failure)).toEqual(['internal'])
    expect(String(bugs[0])).toContain('secret detail')
    expect(engine.snapshot().inFlight(call.plan.attempts[0]?.id ?? '')).toBe(0)
    const next = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url, { maxParallelRequests: 1 })] }), next)
    expect(next.status).not.toBe(0)
  })

  it('in the error writer still ends the client and writes the row', async () => {
    const { engine, rows, bugs } = engineFor()
    const sink = new TestSink()
    const call = callOf({ attempts: [targetAt('http://127.0.0.1:9')] })
    const work = { ...call.work, dialect: { ...toyDialect, error: raise } } as typeof call.work // Only the dialect differs.
    await engine.execute({ ...call, work }, sink)
    expect([sink.destroyed, rows.length, bugs.length]).toEqual([true, 1, 1])
  })

  function raise(): never {
    throw new Error('secret detail')
  }
})

describe('parallel limits', () => {
  it('a full target is passed over while another is there', async () => {
    const [small, big] = [await upstreamThat(silentAfter(undefined)), await upstreamThat(streams('fine'))]
    const { engine } = engineFor()
    const attempts = [targetAt(small.url, { maxParallelRequests: 1 }), targetAt(big.url)]
    const [first, second] = [new TestSink(), new TestSink()]
    const waiting = engine.execute(callOf({ attempts }), first)
    await until(() => small.received.length === 1)
    await engine.execute(callOf({ attempts }), second)
    expect(second.headers).toMatchObject({ 'x-spillway-target': attempts[1]?.id, 'x-spillway-reason': 'spill:busy' })
    first.leave()
    await waiting
  })

  it('places go to those who wait, in the order of arrival', () => {
    const slots = createSlots()
    const target = targetAt('http://x', { maxParallelRequests: 1 })
    const order: number[] = []
    expect(slots.tryTake(target)).toBe(true)
    expect(slots.tryTake(target)).toBe(false)
    for (const n of [1, 2, 3]) slots.wait(target, () => order.push(n))
    slots.release(target)
    expect(order).toEqual([1])
    expect(slots.tryTake(target)).toBe(false)
    slots.release(target)
    slots.release(target)
    slots.release(target)
    expect(order).toEqual([1, 2, 3])
    expect(slots.tryTake(target)).toBe(true)
  })

  it('a queue that is full says so', () => {
    const slots = createSlots()
    const target = targetAt('http://x', { maxParallelRequests: 1 })
    slots.tryTake(target)
    for (let i = 0; i < limits.queueLength; i++) slots.wait(target, () => undefined)
    expect(slots.wait(target, () => undefined)).toMatchObject({ kind: 'queue-full' })
  })
})
