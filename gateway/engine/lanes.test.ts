import { describe, expect, it } from 'vitest'
import type { EmbeddingsDialect } from '../contract/dialect.ts'
import type { Work } from '../contract/call.ts'
import type { EmbeddingsRequest } from '../contract/chat.ts'
import type { Target } from '../contract/route.ts'
import { answers, refuses, SSE, streams, toyJson, type Script } from './test/mock-upstream.ts'
import { engineFor, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, translated, TWO_RETRIES } from './test/test-engine.ts'
import { toyDialect, toyProvider } from './test/toy-wire.ts'

function withParams(target: Target, params: Partial<Target['params']>): Target {
  return { ...target, params: { ...target.params, ...params } }
}

describe('the verbatim lane', () => {
  it('sends the client its bytes as they came', async () => {
    const odd = '{"text":"hi","finish":"stop",   "unknown":{"kept":[1.0, 2e3]},"in":3,"out":2}'
    const upstream = await upstreamThat((response) => void response.writeHead(200).end(odd))
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url)] }), sink)
    expect(sink.text).toBe(odd)
    expect(sink.headers['content-type']).toBe('application/json')
  })

  it('changes the model, and what rules and the upstream ask for, and nothing else', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine } = engineFor(undefined, {
      applyParams: () => ({ edits: { temperature: 0.5, seed: undefined }, dropped: ['seed'] }),
    })
    const sink = new TestSink()
    const target = withParams(targetAt(upstream.url), {
      extraBody: { num_ctx: 8_192 },
      extraHeaders: { 'X-Team': 'shop' },
    })
    const body = { seed: 1, messages: [{ role: 'user', content: 'hé' }] }
    await engine.execute(callOf({ stream: false, attempts: [target], body }), sink)
    expect(JSON.parse(Buffer.from(upstream.received[0]?.body ?? '', 'latin1').toString())).toEqual({
      model: 'upstream-model',
      stream: false,
      messages: [{ role: 'user', content: 'hé' }],
      temperature: 0.5,
      num_ctx: 8_192,
    })
    expect(upstream.received[0]?.headers['x-team']).toBe('shop')
    expect(sink.headers['x-spillway-dropped-params']).toBe('seed')
  })

  it('tells of what was dropped for the one who answers, not for those who failed before', async () => {
    const broken = await upstreamThat(refuses(500))
    const upstream = await upstreamThat(answers('hi'))
    const { engine } = engineFor(undefined, {
      applyParams: (_, target) => ({ edits: {}, dropped: target.baseUrl === broken.url ? ['seed'] : [] }),
    })
    const sink = new TestSink()
    const attempts = [targetAt(broken.url), targetAt(upstream.url)]
    await engine.execute(callOf({ stream: false, attempts, retries: TWO_RETRIES }), sink)
    expect([sink.text.includes('hi'), sink.headers['x-spillway-dropped-params']]).toEqual([true, undefined])
  })

  it.each([
    [{}, { include_usage: true }],
    [{ stream_options: { include_usage: true } }, { include_usage: true }],
    [{ stream_options: { other: 1 } }, { other: 1, include_usage: true }],
  ])('asks streams for their usage: %j', async (body, expected) => {
    const upstream = await upstreamThat(streams('hi'))
    const { engine } = engineFor()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)], body }), new TestSink())
    expect(JSON.parse(upstream.received[0]?.body ?? '')).toMatchObject({ stream_options: expected })
  })

  it('but not where the upstream refuses to be asked', async () => {
    const upstream = await upstreamThat(streams('hi'))
    const stubborn = { ...toyProvider, unsupportedParams: ['stream_options'] }
    const { engine } = engineFor(undefined, { findProvider: () => stubborn })
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), new TestSink())
    expect(upstream.received[0]?.body).not.toContain('stream_options')
  })
})

describe('the usage of a verbatim stream that tells none', () => {
  const silent = 'data: {"text":"Hello"}\n\ndata: {"finish":"stop"}\n\ndata: [DONE]\n\n'
  const calling = 'data: {"tool":"f"}\n\ndata: {"finish":"stop"}\n\ndata: [DONE]\n\n'

  it.each([
    ['is counted from what was kept', silent, { usage: { input: 1, output: 5 }, usageEstimated: true }],
    ['is not known where that is not all', calling, { usage: undefined, usageEstimated: false }],
  ])('%s', async (_name, body, expected) => {
    const upstream = await upstreamThat((response) => void response.writeHead(200, SSE).end(body))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    expect(sink.text).toBe(body)
    expect(rows[0]).toMatchObject({ outcome: 'ok', lane: 'verbatim', ...expected })
  })
})

describe('the translated lane', () => {
  it('collects one JSON', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const target = { ...translated(targetAt(upstream.url)), price: { inputUsdPerToken: 1e-6, outputUsdPerToken: 2e-6 } }
    const outcome = await engine.execute(callOf({ stream: false, attempts: [target] }), sink)
    expect(JSON.parse(sink.text)).toEqual({ text: 'hi', finish: 'stop', translated: true })
    expect(sink.headers['x-spillway-cost-usd']).toBe('0.000007')
    expect(outcome.costUsd).toBeCloseTo(7e-6)
    expect(rows[0]).toMatchObject({ lane: 'translated', usage: { input: 3, output: 2 }, finish: 'stop' })
  })

  it('merges the extra body last', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine } = engineFor()
    const target = withParams(translated(targetAt(upstream.url)), { lane: 'translated', extraBody: { model: 'other' } })
    await engine.execute(callOf({ stream: false, attempts: [target] }), new TestSink())
    expect(JSON.parse(upstream.received[0]?.body ?? '')).toMatchObject({ model: 'other' })
  })
})

describe('the built-in model', () => {
  it.each([true, false])('answers without any upstream (stream %s)', async (stream) => {
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const target = targetAt('', { provider: 'echo', locality: 'builtin' })
    expect(await engine.execute(callOf({ stream, attempts: [target] }), sink)).toMatchObject({ outcome: 'ok' })
    if (stream) expect(sink.reading).toEqual({ text: 'echo', error: undefined, done: true })
    else expect(JSON.parse(sink.text)).toMatchObject({ text: 'echo' })
    expect(rows[0]).toMatchObject({ lane: 'builtin', locality: 'builtin' })
  })
})

describe('bytes that nobody reads', () => {
  const AUDIO = Buffer.from([0, 255, 10, 13, 128, 7])
  const sound: Script = (response) => void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(AUDIO)

  function passthrough(route: 'audio/speech' | 'audio/transcriptions', body: AnyBody): Work {
    return { operation: 'passthrough', dialect: toyDialect, route, body }
  }
  type AnyBody = Extract<Work, { operation: 'passthrough' }>['body']

  it('pass through, with the model replaced', async () => {
    const upstream = await upstreamThat(sound)
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const json = { model: 'm', input: 'hi' }
    const work = passthrough('audio/speech', { kind: 'json', raw: Buffer.from(JSON.stringify(json)), json })
    await engine.execute(callOf({ stream: false, work, attempts: [targetAt(upstream.url)] }), sink)
    expect([sink.status, sink.headers['content-type'], sink.bytes]).toEqual([200, 'audio/mpeg', AUDIO.length])
    expect(upstream.received[0]).toMatchObject({ path: '/speech', body: '{"model":"upstream-model","input":"hi"}' })
    expect(rows[0]).toMatchObject({ operation: 'audio/speech', lane: 'verbatim', outcome: 'ok' })
  })

  it('forms keep their files', async () => {
    const upstream = await upstreamThat(answers('heard'))
    const { engine } = engineFor()
    const raw = Buffer.concat([Buffer.from('--b\r\nmodel\r\n\r\nwhisper\r\n--b\r\n'), AUDIO, Buffer.from('\r\n--b--')])
    const start = raw.indexOf('whisper')
    const work = passthrough('audio/transcriptions', {
      kind: 'multipart',
      raw,
      contentType: 'multipart/form-data; boundary=b',
      modelSpan: { start, end: start + 'whisper'.length },
    })
    await engine.execute(callOf({ stream: false, work, attempts: [targetAt(upstream.url)] }), new TestSink())
    const { body, headers } = upstream.received[0] ?? {}
    expect(body).toBe(raw.toString('latin1').replace('whisper', 'upstream-model'))
    expect(headers?.['content-type']).toBe('multipart/form-data; boundary=b')
  })

  it.each<[string, Script]>([
    ['503', refuses(503)],
    ['nothing', (response) => void response.writeHead(200).end()],
    ['a web page', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
  ])('move on before the first byte: %s', async (_name, script) => {
    const [bad, good] = [await upstreamThat(script), await upstreamThat(sound)]
    const { engine } = engineFor()
    const sink = new TestSink()
    const json = { model: 'm' }
    const work = passthrough('audio/speech', { kind: 'json', raw: Buffer.from('{"model":"m"}'), json })
    const attempts = [targetAt(bad.url), targetAt(good.url)]
    await engine.execute(callOf({ stream: false, work, attempts, retries: TWO_RETRIES }), sink)
    expect([sink.status, sink.bytes]).toEqual([200, AUDIO.length])
  })

  it('break off where they cannot be finished', async () => {
    const upstream = await upstreamThat((response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' }).write(AUDIO)
      setTimeout(() => response.socket?.resetAndDestroy(), 5)
    })
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    const work = passthrough('audio/speech', { kind: 'json', raw: Buffer.from('{}'), json: {} })
    await engine.execute(callOf({ stream: false, work, attempts: [targetAt(upstream.url)] }), sink)
    expect([sink.destroyed, sink.ended, rows[0]?.outcome]).toEqual([true, false, 'truncated'])
  })

  it('a target without the route is no target for them', async () => {
    const { engine } = engineFor()
    const sink = new TestSink()
    const work = passthrough('audio/speech', { kind: 'json', raw: Buffer.from('{}'), json: {} })
    const target = targetAt('http://127.0.0.1:9', { provider: 'translated' })
    await engine.execute(callOf({ stream: false, work, attempts: [target] }), sink)
    expect(sink.text).toContain('does not serve audio/speech')
  })
})

describe('embeddings', () => {
  const dialect: EmbeddingsDialect = {
    id: 'toy',
    verbatimRoute: 'embeddings',
    inspect: () => ({ kind: 'internal', message: 'not used' }),
    parse: () => EMBED,
    write: (reply) => ({ vectors: reply.vectors.map((vector) => [...vector]) }),
    readReply: () => ({ usage: { input: 4, output: 0 } }),
    error: toyDialect.error,
  }
  const EMBED: EmbeddingsRequest = {
    model: 'm',
    inputs: ['a'],
    dimensions: undefined,
    encoding: 'float',
    user: undefined,
    extra: {},
  }
  const provider = {
    ...toyProvider,
    embeddings: {
      request: () => ({ method: 'POST' as const, path: '/embed', headers: {}, body: '{}' }),
      reply: () => ({ model: 'm', vectors: [[1, 2]], inputTokens: 4 }),
    },
  }
  const work: Work = { operation: 'embeddings', dialect, body: { kind: 'json', raw: Buffer.from('{}'), json: {} } }

  it.each([
    ['translated', provider, '{"vectors":[[1,2]]}', '/embed'],
    ['verbatim', { ...provider, verbatim: { embeddings: '/embeddings' } }, toyJson('x'), '/embeddings'],
  ] as const)('%s', async (lane, served, reply, path) => {
    const upstream = await upstreamThat(answers('x'))
    const { engine, rows } = engineFor(undefined, { findProvider: () => served })
    const sink = new TestSink()
    await engine.execute(callOf({ stream: false, work, attempts: [targetAt(upstream.url)] }), sink)
    expect([sink.text, upstream.received[0]?.path]).toEqual([reply, path])
    expect(rows[0]).toMatchObject({ lane, usage: { input: 4, output: 0 }, operation: 'embeddings' })
  })
})

describe('headers', () => {
  it('pass by an allow-list, both ways', async () => {
    const upstream = await upstreamThat((response) => {
      response.writeHead(200, {
        ...SSE,
        'x-ratelimit-remaining-requests': '59',
        'openai-processing-ms': '12',
        'x-request-id': 'req_1',
        'set-cookie': 'a=b',
        'access-control-allow-origin': '*',
        server: 'nginx',
      })
      response.end('data: {"text":"hi","finish":"stop"}\n\n')
    })
    const { engine } = engineFor()
    const sink = new TestSink()
    const target = targetAt(`${upstream.url}/v1?api-version=1`, { id: 'gpü\r\nx-evil: 1' })
    await engine.execute(callOf({ attempts: [target] }), sink)
    const { 'x-spillway-request-id': id, 'x-litellm-call-id': callId, ...headers } = sink.headers
    expect(id).toBe(callId)
    expect(headers).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-ratelimit-remaining-requests': '59',
      'openai-processing-ms': '12',
      'llm_provider-x-request-id': 'req_1',
      'x-spillway-reason': 'only-target',
      'x-spillway-attempts': '1',
      'x-spillway-target': 'gpü??x-evil: 1',
      'x-spillway-locality': 'device',
      'x-litellm-model-group': 'route',
      'x-litellm-model-id': 'gpü??x-evil: 1',
      'x-litellm-model-api-base': `${upstream.url}/v1`,
      'x-litellm-attempted-retries': '0',
      'x-litellm-attempted-fallbacks': '0',
    })
    expect(upstream.received[0]?.path).toBe('/v1/chat?api-version=1')
    expect(Object.keys(upstream.received[0]?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ])
  })
})
