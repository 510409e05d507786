import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../contract/stream-event.ts'
import { maySplice, PrefillGuard, Replay } from './continuation.ts'
import { diesAfter, refuses, SSE, streams, toyEvent, type Script } from './test/mock-upstream.ts'
import { engineFor, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, translated, TWO_RETRIES } from './test/test-engine.ts'

const HALF = toyEvent({ text: 'The quick ' }) + toyEvent({ text: 'brown ' })

describe('a stream that is cut after its first content', () => {
  it.each(['auto', 'translated'])('goes on at a target that repeats its beginning (%s lane)', async (lane) => {
    const first = await upstreamThat(diesAfter(`${HALF}data: {"te`))
    const second = await upstreamThat(streams('The qui', 'ck brown fox ', 'jumps'))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const start = targetAt(first.url)
    const attempts = [lane === 'auto' ? start : translated(start), targetAt(second.url)]
    const outcome = await engine.execute(callOf({ attempts, retries: TWO_RETRIES }), sink)
    expect(sink.reading).toEqual({ text: 'The quick brown fox jumps', error: undefined, done: true })
    expect(sink.text).toContain(`: spillway continued on ${attempts[1]?.id}`)
    expect(outcome).toMatchObject({ outcome: 'ok', targetId: attempts[1]?.id })
    expect(rows[0]?.attempts.map((attempt) => attempt.why)).toEqual(['primary', 'continue:replay'])
  })

  it('goes on at a target that takes a prefill, which is given the text so far', async () => {
    const first = await upstreamThat(diesAfter(HALF, 'FIN'))
    const second = await upstreamThat(streams('fox ', 'jumps'))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const attempts = [targetAt(first.url), targetAt(second.url, { provider: 'prefill' })]
    await engine.execute(callOf({ attempts }), sink)
    expect(sink.reading).toEqual({ text: 'The quick brown fox jumps', error: undefined, done: true })
    expect(JSON.parse(second.received[0]?.body ?? '')).toMatchObject({ prefill: 'The quick brown ' })
    expect(sink.text).toContain('"id":"toy-1"')
    expect(rows[0]).toMatchObject({ target: attempts[1]?.id, lane: 'translated' })
  })

  it('never shows that a target refused the prefill, and does not ask it so again', async () => {
    const first = await upstreamThat(diesAfter(HALF))
    const refusing = await upstreamThat(refuses(400, 'Cannot have a prefill'))
    const { engine, rows } = engineFor()
    const attempts = [targetAt(first.url), targetAt(refusing.url, { provider: 'prefill' })]
    const sink = new TestSink()
    await engine.execute(callOf({ attempts }), sink)
    expect(sink.reading.error).toContain('ended its answer in the middle')
    expect(sink.text).not.toContain('prefill')
    expect(rows[0]).toMatchObject({ outcome: 'truncated', failure: 'cut', target: attempts[0]?.id })
    refusing.script = streams('The quick brown fox')
    const again = new TestSink()
    await engine.execute(callOf({ attempts }), again)
    expect(again.reading).toEqual({ text: 'The quick brown fox', error: undefined, done: true })
    expect(rows[1]?.attempts[1]?.why).toBe('continue:replay')
  })

  it('ends in an error when the next target answers differently', async () => {
    const [first, second] = [await upstreamThat(diesAfter(HALF)), await upstreamThat(streams('A slow cat'))]
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(first.url), targetAt(second.url)] }), sink)
    expect(sink.reading.text).toBe('The quick brown ')
    expect(sink.reading.error).toContain('ended its answer in the middle')
    expect(sink.reading.done).toBe(false)
    expect(rows[0]).toMatchObject({ outcome: 'truncated', status: 200 })
  })

  it('is not given to the same target again', async () => {
    const upstream = await upstreamThat(diesAfter(HALF))
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)], retries: TWO_RETRIES }), sink)
    expect(upstream.received.length).toBe(1)
    expect(sink.reading.error).toContain('ended its answer in the middle')
  })

  it.each<[string, Script, object]>([
    ['half a tool call', diesAfter(toyEvent({ text: 'a' }) + toyEvent({ tool: 'f' })), {}],
    ['thoughts', diesAfter(toyEvent({ reasoning: 'hm' }) + toyEvent({ text: 'a' })), {}],
    ['several answers', diesAfter(HALF), { n: 2 }],
    ['JSON to a schema', diesAfter(HALF), { response_format: { type: 'json_schema' } }],
  ])('is never spliced where that could not be honest: %s', async (_name, script, body) => {
    const [first, second] = [await upstreamThat(script), await upstreamThat(streams('a', 'b'))]
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(first.url), targetAt(second.url)], body: { ...body } }), sink)
    expect(second.received.length).toBe(0)
    expect(sink.reading.error).toContain('ended its answer in the middle')
    expect(sink.reading.done).toBe(false)
  })

  it('goes on more than once', async () => {
    const first = await upstreamThat(diesAfter(toyEvent({ text: 'one ' })))
    const second = await upstreamThat(diesAfter(toyEvent({ text: 'two ' })))
    const third = await upstreamThat(streams('one two three'))
    const { engine } = engineFor()
    const sink = new TestSink()
    const attempts = [targetAt(first.url), targetAt(second.url, { provider: 'prefill' }), targetAt(third.url)]
    await engine.execute(callOf({ attempts }), sink)
    expect(sink.reading).toEqual({ text: 'one two three', error: undefined, done: true })
  })

  it('an error inside the stream counts as a failure, and is never handed on', async () => {
    const first = await upstreamThat((response) => {
      response.writeHead(200, SSE).write(HALF)
      setTimeout(() => response.end(toyEvent({ error: 'CUDA out of memory' })), 5)
    })
    const second = await upstreamThat(streams('The quick brown fox'))
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(first.url), targetAt(second.url)] }), sink)
    expect(sink.reading).toEqual({ text: 'The quick brown fox', error: undefined, done: true })
  })
})

describe('maySplice', () => {
  it.each([
    [{}, true],
    [{ n: 1, response_format: { type: 'text' }, logprobs: false }, true],
    [{ n: 2 }, false],
    [{ logprobs: true }, false],
    [{ response_format: { type: 'json_object' } }, false],
  ])('%j: %s', (body, expected) => {
    expect(maySplice(body)).toBe(expected)
  })
})

describe('Replay', () => {
  const text = (value: string): StreamEvent => ({ type: 'text-delta', text: value })

  it('skips what the client has, to the letter', () => {
    const replay = new Replay('Hello wörld')
    expect(replay.skip([text('Hel'), text('lo ')])).toEqual([])
    expect(replay.skip([text('wörld, again')])).toEqual([text(', again')])
    expect(replay.skip([text('!')])).toEqual([text('!')])
  })

  it.each([
    ['another text', [text('Help')]],
    ['a tool call', [{ type: 'tool-call-start', index: 0, id: 'c', name: 'f' }]],
    ['an end before the cut', [text('Hel'), { type: 'end', reason: 'stop' }]],
  ] satisfies [string, StreamEvent[]][])('gives up at %s', (_name, events) => {
    expect(new Replay('Hello').skip(events)).toBeUndefined()
  })
})

describe('PrefillGuard', () => {
  const text = (value: string): StreamEvent => ({ type: 'text-delta', text: value })
  const told = (sent: string, ...pieces: string[]): string | undefined => {
    const guard = new PrefillGuard(sent)
    let all = ''
    for (const event of [...pieces.map(text), { type: 'end', reason: 'stop' } as const]) {
      const fresh = guard.skip([event])
      if (fresh === undefined) return undefined
      all += fresh.map((item) => (item.type === 'text-delta' ? item.text : '')).join('')
    }
    return all
  }

  it.each<[string, string[], string | undefined]>([
    ['a continuation', ['brown ', 'fox'], 'brown fox'],
    ['one that begins like the answer', ['The ', 'end'], 'The end'],
    ['an answer that begins anew', ['The ', 'quick brown ', 'fox'], 'brown fox'],
    ['one that begins anew and then differs', ['The quic', 'h fox'], undefined],
    ['one that begins anew and stops', ['The quick'], undefined],
    ['nothing more to say', [], ''],
  ])('%s', (_name, pieces, expected) => {
    expect(told('The quick ', ...pieces)).toBe(expected)
  })
})
