import { describe, expect, it } from 'vitest'
import type { FailureKind } from '../contract/failure.ts'
import { answers, diesAfter, DONE, inTurn, refuses, SSE, streams, toyEvent, type Script } from './test/mock-upstream.ts'
import { engineFor, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, translated, TWO_RETRIES } from './test/test-engine.ts'

function replies(body: string, contentType = 'application/json'): Script {
  return (response) => void response.writeHead(200, { 'content-type': contentType }).end(body)
}

const redirects: Script = (response) => void response.writeHead(302, { location: 'http://example.com/' }).end()

/** Whatever an upstream does before the first content, the client never learns of it when another target is there. */
describe('a failure before the first content moves on unseen', () => {
  const STREAM_FAILURES: readonly (readonly [string, Script, FailureKind])[] = [
    ['503', refuses(503), 'overloaded'],
    ['429', refuses(429), 'rate-limited'],
    ['401', refuses(401), 'unauthorized-upstream'],
    ['404', refuses(404), 'model-missing'],
    ['a redirect', redirects, 'bad-reply'],
    ['a reset before any byte', (response) => void response.socket?.resetAndDestroy(), 'cut'],
    ['a reset after the head', diesAfter(': hello\n\n'), 'cut'],
    ['an end in the middle of the first event', diesAfter('data: {"te', 'FIN'), 'cut'],
    ['an error event', replies(toyEvent({ error: 'out of memory' }), SSE['content-type']), 'server-error'],
  ]
  const cases = ['auto', 'translated'].flatMap((lane) =>
    STREAM_FAILURES.map(([name, script, kind]) => ({ lane, name, script, kind })),
  )

  it.each(cases)('stream, $lane lane: $name', async ({ lane, script, kind }) => {
    const [bad, good] = [await upstreamThat(script), await upstreamThat(streams('fine'))]
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const inLane = (url: string) => (lane === 'auto' ? targetAt(url) : translated(targetAt(url)))
    const call = callOf({ attempts: [inLane(bad.url), inLane(good.url)], retries: TWO_RETRIES })
    await engine.execute(call, sink)
    expect(sink.reading).toEqual({ text: 'fine', error: undefined, done: true })
    expect(sink.headers['x-spillway-target']).toBe(call.plan.attempts[1]?.id)
    expect(sink.headers['x-spillway-attempts']).toBe('2')
    expect(rows.map((row) => [row.outcome, row.attempts.map((attempt) => attempt.failure)])).toEqual([
      ['ok', [kind, undefined]],
    ])
  })

  it.each<[string, Script]>([
    ['HTML', replies('<html>', 'text/html')],
    ['half a JSON', replies('{"text": "hal')],
    ['nothing', replies('')],
    ['an error inside a 200', replies('{"error": "no"}')],
    ['a body that breaks off', diesAfter('{"text"')],
    ['500', refuses(500)],
  ])('JSON: %s', async (_name, script) => {
    const [bad, good] = [await upstreamThat(script), await upstreamThat(answers('fine'))]
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const attempts = [targetAt(bad.url), targetAt(good.url)]
    await engine.execute(callOf({ stream: false, attempts, retries: TWO_RETRIES }), sink)
    expect(sink.status).toBe(200)
    expect(JSON.parse(sink.text)).toMatchObject({ text: 'fine' })
    expect(rows.length).toBe(1)
  })
})

describe('when no target is left', () => {
  it('the client is told in its dialect, with what the upstream asked it to wait', async () => {
    const upstream = await upstreamThat(refuses(429, 'slow down', { 'retry-after': '120' }))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const outcome = await engine.execute(callOf({ attempts: [targetAt(upstream.url)], retries: TWO_RETRIES }), sink)
    expect([outcome.status, sink.status, sink.headers['retry-after']]).toEqual([429, 429, '120'])
    expect(upstream.received.length).toBe(1)
    expect(rows[0]).toMatchObject({ outcome: 'error', failure: 'rate-limited', status: 429, target: undefined })
  })

  it('a bad request is not sent to anybody else', async () => {
    const [first, second] = [await upstreamThat(refuses(400, 'bad')), await upstreamThat(streams('fine'))]
    const { engine } = engineFor()
    const sink = new TestSink()
    const attempts = [targetAt(first.url), targetAt(second.url)]
    await engine.execute(callOf({ attempts, retries: TWO_RETRIES }), sink)
    expect([sink.status, second.received.length]).toEqual([400, 0])
  })

  it('a runner that is off is named, with the way to start it', async () => {
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt('http://127.0.0.1:9')] }), sink)
    expect(JSON.parse(sink.text)).toMatchObject({ kind: 'unreachable' })
    expect(sink.text).toContain('Nothing listens at http://127.0.0.1:9. Start Toy')
    expect(rows[0]?.attempts[0]?.failure).toBe('unreachable')
  })

  it('a key that the upstream quotes does not pass', async () => {
    const upstream = await upstreamThat(refuses(401, 'Incorrect API key provided: sk-abcdefghijklmnop'))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    expect(sink.text + JSON.stringify(rows)).not.toContain('abcdefghijklmnop')
  })
})

describe('the same target again', () => {
  it('after a reset of a kept connection, at once', async () => {
    const dies: Script = (response) => void response.socket?.resetAndDestroy()
    const upstream = await upstreamThat(inTurn(dies, streams('fine')))
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)], retries: TWO_RETRIES }), sink)
    expect(sink.reading.text).toBe('fine')
    expect(sink.headers['x-litellm-attempted-retries']).toBe('1')
  })

  it('but not a cloud, which may have done the work', async () => {
    const upstream = await upstreamThat((response) => void response.socket?.resetAndDestroy())
    const { engine } = engineFor()
    const sink = new TestSink()
    const target = targetAt(upstream.url, { locality: 'cloud' })
    await engine.execute(callOf({ attempts: [target], retries: TWO_RETRIES }), sink)
    expect(upstream.received.length).toBe(1)
    expect(sink.text).toContain('may have been processed')
  })
})

describe('a stream that is complete', () => {
  it('ends although its body does not', async () => {
    const upstream = await upstreamThat((response) => {
      response.writeHead(200, SSE).write(toyEvent({ text: 'fine' }) + toyEvent({ finish: 'stop', in: 1, out: 1 }))
    })
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const gone = upstream.abandoned()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    await gone
    expect(rows[0]).toMatchObject({ outcome: 'ok', finish: 'stop', usage: { input: 1, output: 1 } })
  })

  it('is not spoiled by a reset after its end', async () => {
    const upstream = await upstreamThat(diesAfter(toyEvent({ text: 'fine' }) + toyEvent({ finish: 'stop' }) + DONE))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    expect(sink.reading).toEqual({ text: 'fine', error: undefined, done: true })
    expect(rows[0]?.outcome).toBe('ok')
  })
})
