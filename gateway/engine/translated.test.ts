import { describe, expect, it } from 'vitest'
import type { Work } from '../contract/call.ts'
import type { EmbeddingsRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { CountDialect, EmbeddingsDialect } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Provider, Translation } from '../contract/provider.ts'
import type { SignableRequest, Signer } from '../contract/signer.ts'
import type { ChatRequest } from '../contract/chat.ts'
import type { EngineDeps } from './deps.ts'
import { answers, toyJson } from './test/mock-upstream.ts'
import { engineFor, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink, type TestEngine } from './test/test-engine.ts'
import { toyDialect, translatedProvider } from './test/toy-wire.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const SEED: Conversion = { field: 'seed', did: 'dropped', why: 'is not known there', matters: false }
const AUDIO: Conversion = { field: 'messages[0].content[1]', did: 'dropped', why: 'is sound', matters: true }

/** A provider that cannot carry these things over. */
function losing(conversions: readonly Conversion[]): Provider {
  const { chat } = translatedProvider
  if (chat === undefined) throw new Error('The toy provider chats.')
  const losingChat: Translation<ChatRequest> = {
    ...chat,
    request: (request, target, options) => {
      const http = chat.request(request, target, options)
      return 'kind' in http ? http : { ...http, conversions }
    },
  }
  return { ...translatedProvider, id: 'losing', label: 'Losing', chat: losingChat }
}

function engineWith(provider: Provider, overrides: Partial<EngineDeps> = {}): TestEngine {
  return engineFor(undefined, { findProvider: (id) => (id === provider.id ? provider : undefined), ...overrides })
}

describe('what cannot be carried over', () => {
  it('goes on where it is a hint, and is told in a header and on the row', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine, rows } = engineWith(losing([SEED]))
    const sink = new TestSink()
    const target = targetAt(upstream.url, { provider: 'losing' })
    await engine.execute(callOf({ stream: false, attempts: [target] }), sink)
    expect([sink.status, sink.headers['x-spillway-conversions']]).toEqual([200, 'seed (dropped)'])
    expect(rows[0]?.conversions).toEqual([SEED])
  })

  it('is refused by its name where it matters, and the upstream is never asked', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine, rows } = engineWith(losing([SEED, AUDIO]))
    const sink = new TestSink()
    const target = targetAt(upstream.url, { provider: 'losing' })
    await engine.execute(callOf({ stream: false, attempts: [target] }), sink)
    expect(sink.status).toBe(400)
    expect(sink.text).toContain('messages[0].content[1] is sound')
    expect(upstream.received).toHaveLength(0)
    expect(rows[0]).toMatchObject({ failure: 'unsupported', conversions: [] })
  })

  it.each([
    ['the configuration', true, {}],
    ['the request', false, { drop_params: true }],
  ])('is dropped all the same where %s says so', async (_who, dropUnsupported, body) => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine, rows } = engineWith(losing([AUDIO]))
    const sink = new TestSink()
    const plain = targetAt(upstream.url, { provider: 'losing' })
    const target = { ...plain, params: { ...plain.params, dropUnsupported } }
    await engine.execute(callOf({ stream: false, attempts: [target], body }), sink)
    expect([sink.status, rows[0]?.conversions]).toEqual([200, [AUDIO]])
  })
})

describe('requests that are signed', () => {
  const provider: Provider = {
    ...translatedProvider,
    id: 'signed',
    signing: () => ({ kind: 'aws-sigv4', service: 'bedrock', region: 'eu-west-1' }),
  }

  it('carry a signature over exactly what goes out', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const signed: SignableRequest[] = []
    const signer: Signer = {
      sign: async (request) => {
        signed.push(request)
        return { authorization: 'AWS4 abc', 'x-amz-date': 'now' }
      },
    }
    const { engine } = engineWith(provider, { signer })
    const sink = new TestSink()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url, { provider: 'signed' })] }), sink)
    const [received] = upstream.received
    expect([sink.status, received?.headers['authorization'], received?.headers['x-amz-date']]).toEqual([
      200,
      'AWS4 abc',
      'now',
    ])
    expect(signed[0]?.url).toBe(upstream.url + (received?.path ?? ''))
    expect(String(signed[0]?.body)).toBe(received?.body)
    expect(signed[0]?.headers['content-type']).toBe(received?.headers['content-type'])
  })

  it('are not sent without credentials, and the client hears what to do', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const noCredentials: Failure = { kind: 'unauthorized-upstream', message: 'Run `aws sso login`.' }
    const { engine, rows } = engineWith(provider, { signer: { sign: async () => noCredentials } })
    const sink = new TestSink()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url, { provider: 'signed' })] }), sink)
    expect(sink.text).toContain('aws sso login')
    expect([upstream.received.length, rows[0]?.failure]).toEqual([0, 'unauthorized-upstream'])
  })

  it('that cannot be signed for a bug end at once, and the bug is told', async () => {
    const bugs: unknown[] = []
    const signer: Signer = { sign: () => Promise.reject(new Error('a bug')) }
    const { engine, rows } = engineWith(provider, { signer, report: (bug) => bugs.push(bug) })
    const sink = new TestSink()
    await engine.execute(
      callOf({ stream: false, attempts: [targetAt('http://127.0.0.1:9', { provider: 'signed' })] }),
      sink,
    )
    expect([sink.status, rows[0]?.failure, bugs]).toEqual([500, 'internal', [new Error('a bug')]])
  })

  it('are never sent when the client leaves while they wait for credentials', async () => {
    const upstream = await upstreamThat(answers('hi'))
    let give: (headers: Record<string, string>) => void = () => undefined
    const signer: Signer = { sign: () => new Promise((resolve) => (give = resolve)) }
    const { engine, rows } = engineWith(provider, { signer })
    const sink = new TestSink()
    const call = callOf({ stream: false, attempts: [targetAt(upstream.url, { provider: 'signed' })] })
    const outcome = engine.execute(call, sink)
    sink.leave()
    expect(await outcome).toMatchObject({ status: 499 })
    give({ authorization: 'late' })
    await new Promise((resolve) => setImmediate(resolve))
    expect([upstream.received.length, rows[0]?.outcome]).toEqual([0, 'cancelled'])
  })
})

describe('usage that nobody told', () => {
  it('is counted, and the row says so', async () => {
    const upstream = await upstreamThat(
      (response) => void response.writeHead(200, JSON_TYPE).end('{"text":"four","finish":"stop"}'),
    )
    const { engine, rows } = engineWith({ ...translatedProvider, id: 'silent' })
    const target = targetAt(upstream.url, { provider: 'silent' })
    await engine.execute(callOf({ stream: false, attempts: [target] }), new TestSink())
    expect(rows[0]).toMatchObject({ usage: { input: 1, output: 4 }, usageEstimated: true })
  })

  it('is counted by its beginning where the answer is long', async () => {
    const text = 'x'.repeat(limits.usageSampleChars * 3)
    const upstream = await upstreamThat((response) => {
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ text, finish: 'stop' }))
    })
    const { engine, rows } = engineWith({ ...translatedProvider, id: 'silent' })
    const target = targetAt(upstream.url, { provider: 'silent' })
    await engine.execute(callOf({ stream: false, attempts: [target] }), new TestSink())
    expect(rows[0]?.usage?.output).toBe(text.length)
  })

  it('is taken as it was told otherwise', async () => {
    const upstream = await upstreamThat((response) => void response.writeHead(200, JSON_TYPE).end(toyJson('hi')))
    const { engine, rows } = engineWith({ ...translatedProvider, id: 'telling' })
    const target = targetAt(upstream.url, { provider: 'telling' })
    await engine.execute(callOf({ stream: false, attempts: [target] }), new TestSink())
    expect(rows[0]?.usageEstimated).toBe(false)
  })
})

describe('embeddings of an upstream that takes few inputs at once', () => {
  const provider: Provider = {
    ...translatedProvider,
    id: 'few',
    embeddings: {
      maxInputs: () => 2,
      request: (request) => ({ method: 'POST', path: '/embed', headers: {}, body: JSON.stringify(request.inputs) }),
      reply: (body) => {
        const inputs: string[] = JSON.parse(body)
        if (inputs.includes('bad')) return { kind: 'bad-request', message: 'One of them is bad.' }
        return { model: 'm', vectors: inputs.map((input) => [Number(input)]), inputTokens: inputs.length }
      },
    },
  }
  const dialect: EmbeddingsDialect = {
    id: 'e',
    verbatimRoute: 'embeddings',
    error: toyDialect.error,
    inspect: () => NO_FACTS,
    parse: (body): EmbeddingsRequest => ({
      model: 'm',
      inputs: (body['input'] ?? []) as string[], // the tests give strings
      dimensions: undefined,
      encoding: 'float',
      user: undefined,
      extra: {},
    }),
    write: (reply) => ({ vectors: reply.vectors.map((vector) => [...vector]), tokens: reply.inputTokens ?? null }),
    readReply: () => ({}),
  }

  function embedding(input: readonly string[]): Work {
    const json: JsonObject = { input: [...input] }
    return { operation: 'embeddings', dialect, body: { kind: 'json', raw: Buffer.from(JSON.stringify(json)), json } }
  }

  it('are asked for in pieces and put together in order', async () => {
    const upstream = await upstreamThat((response, { body }) => void response.writeHead(200).end(body))
    const { engine, rows } = engineWith(provider)
    const sink = new TestSink()
    const target = targetAt(upstream.url, { provider: 'few' })
    await engine.execute(
      callOf({ stream: false, attempts: [target], work: embedding(['1', '2', '3', '4', '5']) }),
      sink,
    )
    expect(upstream.received.map(({ body }) => body)).toEqual(['["1","2"]', '["3","4"]', '["5"]'])
    expect(JSON.parse(sink.text)).toEqual({ vectors: [[1], [2], [3], [4], [5]], tokens: 5 })
    expect(rows[0]).toMatchObject({ usage: { input: 5, output: 0 }, status: 200 })
    expect(rows[0]?.attempts).toHaveLength(1)
  })

  it('fail as a whole when one piece does', async () => {
    const upstream = await upstreamThat((response, { body }) => void response.writeHead(200).end(body))
    const { engine } = engineWith(provider)
    const sink = new TestSink()
    const target = targetAt(upstream.url, { provider: 'few' })
    await engine.execute(callOf({ stream: false, attempts: [target], work: embedding(['1', '2', 'bad', '4']) }), sink)
    expect(sink.text).toContain('One of them is bad')
    expect(upstream.received).toHaveLength(2)
  })
})

describe('the tokens of a request', () => {
  const dialect: CountDialect = {
    id: 'c',
    verbatimRoute: 'messages/count_tokens',
    error: toyDialect.error,
    inspect: () => NO_FACTS,
    parse: (body) => toyDialect.parse(body),
    write: (inputTokens) => ({ input_tokens: inputTokens }),
  }
  const json: JsonObject = { model: 'm' }
  const work: Work = { operation: 'count', dialect, body: { kind: 'json', raw: Buffer.from('{"model":"m"}'), json } }

  it('are counted by an upstream of the same wire', async () => {
    const upstream = await upstreamThat((response) => void response.writeHead(200).end('{"input_tokens":42}'))
    const { engine } = engineWith({
      ...translatedProvider,
      id: 'counting',
      verbatim: { 'messages/count_tokens': '/count' },
    })
    const sink = new TestSink()
    const target = targetAt(upstream.url, { provider: 'counting' })
    const clientHeaders = { 'anthropic-beta': 'x' }
    await engine.execute({ ...callOf({ stream: false, attempts: [target], work }), clientHeaders }, sink)
    expect(sink.text).toBe('{"input_tokens":42}')
    expect(upstream.received[0]).toMatchObject({ path: '/count', headers: { 'anthropic-beta': 'x' } })
    expect(JSON.parse(upstream.received[0]?.body ?? '')).toEqual({ model: 'upstream-model' })
  })

  it("are counted by another upstream's own route", async () => {
    const upstream = await upstreamThat((response) => void response.writeHead(200).end('7'))
    const { engine } = engineWith({
      ...translatedProvider,
      id: 'counting',
      tokenCount: {
        request: () => ({ method: 'POST', path: '/tokens', headers: {}, body: '{}' }),
        reply: (body) => Number(body),
      },
    })
    const sink = new TestSink()
    const target = targetAt(upstream.url, { provider: 'counting' })
    await engine.execute(callOf({ stream: false, attempts: [target], work }), sink)
    expect([sink.text, upstream.received[0]?.path]).toEqual(['{"input_tokens":7}', '/tokens'])
  })

  const cannot: Failure = { kind: 'unsupported', message: 'It counts only the tokens of other models.' }
  it.each<Partial<Provider>>([{}, { tokenCount: { request: () => cannot, reply: () => 0 } }])(
    'are counted here where nobody can be asked (%j)',
    async (parts) => {
      const { engine, rows } = engineWith({ ...translatedProvider, ...parts, id: 'mute' })
      const sink = new TestSink()
      const target = targetAt('http://127.0.0.1:9', { provider: 'mute' })
      await engine.execute(callOf({ stream: false, attempts: [target], work }), sink)
      expect([sink.status, sink.text]).toEqual([200, '{"input_tokens":1}'])
      expect(rows[0]).toMatchObject({ operation: 'messages/count_tokens', outcome: 'ok', lane: 'builtin' })
    },
  )
})

const NO_FACTS = {
  model: 'm',
  operation: 'embeddings',
  stream: false,
  needs: [],
  promptTokensEstimate: 1,
  maxOutputTokens: undefined,
} as const
