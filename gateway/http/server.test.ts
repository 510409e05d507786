import { createServer } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReplySink } from '../contract/call.ts'
import { createRouteTable } from './route-table.ts'
import { createGatewayServer } from './server.ts'
import { KEY, standInDeps, startFixture, type Fixture } from './test/gateway-fixture.ts'
import { openAiError, openSocket, sendRaw } from './test/raw-client.ts'

let gateway: Fixture
let base: string
const AUTH = { authorization: `Bearer ${KEY}` }

beforeAll(async () => {
  gateway = await startFixture()
  base = `http://127.0.0.1:${gateway.port}`
})

afterAll(() => gateway.server.close(0))

function post(path: string, body: unknown, at = base): Promise<Response> {
  return fetch(at + path, {
    method: 'POST',
    headers: { ...AUTH, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

describe('routes on which models answer', () => {
  it.each([
    ['/v1/chat/completions', 'chat', 'm'],
    ['/chat/completions', 'chat', 'm'],
    ['/openai/v1/chat/completions', 'chat', 'm'],
    ['/engines/gpt-4/chat/completions', 'chat', 'gpt-4'],
    ['/v1/engines/gpt-4/completions', 'completions', 'gpt-4'],
    ['/openai/deployments/my%2Fmodel/embeddings?api-version=2024-10-21', 'embeddings', 'my/model'],
    ['/v1/images/generations', 'passthrough', 'm'],
    ['/v2/rerank', 'passthrough', 'm'],
  ])('%s: %s for %s', async (path, operation, model) => {
    const before = gateway.calls.length
    const response = await post(path, { model: 'm', input: 'x' })
    expect(response.status).toBe(200)
    const call = gateway.calls[before]
    expect(call).toMatchObject({ app: { name: 'tests' }, facts: { operation, model }, work: { operation } })
    expect(JSON.parse(call?.work.body.raw.toString() ?? '')).toEqual({ model, input: 'x' })
  })

  it('moderations have a model of their own where the client names none', async () => {
    const before = gateway.calls.length
    await post('/v1/moderations', { input: 'x' })
    expect(gateway.calls[before]?.facts).toMatchObject({ model: 'omni-moderation-latest', promptTokensEstimate: 1 })
  })

  it('others do not', async () => {
    const response = await post('/v1/images/generations', { prompt: 'x' })
    expect(await response.json()).toMatchObject({ error: { code: 'missing_model', param: 'model' } })
  })

  it('a form arrives whole, with the place of its model', async () => {
    const before = gateway.calls.length
    const form = new FormData()
    form.set('file', new Blob([new Uint8Array(200_000)]), 'a.wav')
    form.set('model', 'whisper-1')
    const response = await fetch(`${base}/v1/audio/transcriptions`, { method: 'POST', headers: AUTH, body: form })
    expect(response.status).toBe(200)
    const body = gateway.calls[before]?.work.body
    expect(body).toMatchObject({ kind: 'multipart' })
    const span = body?.kind === 'multipart' ? body.modelSpan : undefined
    expect(body?.raw.toString('latin1', span?.start, span?.end)).toBe('whisper-1')
  })

  it('a form is refused where no file belongs', async () => {
    const form = new FormData()
    form.set('model', 'm')
    const response = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: AUTH, body: form })
    expect(response.status).toBe(415)
  })

  it('a body in many pieces is joined', async () => {
    const before = gateway.calls.length
    const socket = await openSocket(gateway.port)
    const text = '{"model":"m","input":"' + 'é'.repeat(50) + '"}'
    socket.write(
      `POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`,
    )
    for (const byte of Buffer.from(text)) {
      socket.write(Uint8Array.of(byte))
      await nextTurn()
    }
    await new Promise((resolve) => {
      socket.once('data', resolve)
    })
    socket.destroy()
    expect(gateway.calls[before]?.work.body.raw.toString()).toBe(text)
  })

  it('gives the place under the limits back, with what was used', async () => {
    const metered = await startFixture({
      engine: (call, sink) => {
        sink.head(200, {})
        sink.end('{}')
        return Promise.resolve(
          call.facts.model === 'unmetered' ? { status: 200 } : { status: 200, usage: { input: 3, output: 4 } },
        )
      },
    })
    for (const model of ['metered', 'unmetered'])
      await post('/v1/chat/completions', { model }, `http://127.0.0.1:${metered.port}`)
    expect([metered.settled, metered.released.count]).toEqual([[7], 2])
    await metered.server.close(0)
  })

  it('tells failures that never reached the engine, with the limits as they stand', async () => {
    const full = await startFixture({
      deps: {
        admit: () => ({ kind: 'limit-exceeded', status: 429, code: 'rpm', message: 'Too fast.', retryAfterMs: 900 }),
      },
    })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${full.port}`)
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after-ms')).toBe('900')
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('60')
    expect(full.failed).toMatchObject([{ operation: 'chat/completions', status: 429, facts: { model: 'm' } }])
    expect(full.calls).toEqual([])
    await full.server.close(0)
  })

  it('answers what needs no model in its turn under the limits, and tells of it', async () => {
    const answerAtOnce = { 'chat/completions': () => ({ done: true }) }
    const loading = await startFixture({ deps: { dialects: { ...standInDeps().dialects, answerAtOnce } } })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${loading.port}`)
    expect([await response.json(), response.headers.get('x-ratelimit-limit-requests')]).toEqual([{ done: true }, '60'])
    expect([loading.settled, loading.released.count, loading.calls]).toEqual([[0], 1, []])
    expect(loading.answered).toMatchObject([{ operation: 'chat/completions', status: 200, facts: { model: 'm' } }])
    await loading.server.close(0)
  })

  it('answers nothing at once to who is over a limit', async () => {
    const full = await startFixture({
      deps: {
        admit: () => ({ kind: 'limit-exceeded', status: 429, code: 'rpm', message: 'Too fast.' }),
        dialects: { ...standInDeps().dialects, answerAtOnce: { 'chat/completions': () => ({ done: true }) } },
      },
    })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${full.port}`)
    expect([response.status, full.answered, full.failed.length]).toEqual([429, [], 1])
    await full.server.close(0)
  })

  it.each([
    ['throws at once', () => Promise.reject(new Error('boom'))],
    [
      'throws after it said what it would send',
      (_: unknown, sink: ReplySink) => {
        sink.head(200, {})
        return Promise.reject(new Error('boom'))
      },
    ],
    ['forgets to end the reply', () => Promise.resolve({ status: 200 })],
  ])('an engine that %s: 500 without details, and the place is given back', async (_, engine) => {
    const broken = await startFixture({ engine })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${broken.port}`)
    const body = await response.text()
    expect([response.status, openAiError(body)?.['code']]).toEqual([500, 'internal'])
    expect(body).not.toContain('boom')
    expect([broken.bugs.length, broken.released.count]).toEqual([1, 1])
    await broken.server.close(0)
  })

  it('an engine that throws in the middle of its answer cuts the connection', async () => {
    const broken = await startFixture({
      engine: async (_, sink) => {
        sink.head(200, { 'content-type': 'text/event-stream' })
        sink.write('data: 1\n\n')
        await nextTurn()
        throw new Error('boom')
      },
    })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${broken.port}`)
    await expect(response.text()).rejects.toThrow('terminated')
    await broken.server.close(0)
  })
})

describe('the reply', () => {
  it('in one piece has a length', async () => {
    const response = await post('/v1/chat/completions', { model: 'm' })
    expect(response.headers.get('content-length')).toBe('11')
    expect(response.headers.get('transfer-encoding')).toBeNull()
  })

  it('carries a name that a header cannot, with marks in its place', async () => {
    const named = await startFixture({
      engine: (_, sink) => {
        sink.head(200, { 'x-spillway-target': 'ollama/模型\r\nset-cookie: a=b' })
        sink.end('{}')
        return Promise.resolve({ status: 200 })
      },
    })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${named.port}`)
    expect([response.status, response.headers.get('x-spillway-target')]).toEqual([200, 'ollama/????set-cookie: a=b'])
    expect(response.headers.get('set-cookie')).toBeNull()
    await named.server.close(0)
  })

  it('tells the engine that the client has gone', async () => {
    let gone: () => void = () => undefined
    const left = new Promise<void>((resolve) => {
      gone = resolve
    })
    const waiting = await startFixture({
      engine: async (_, sink) => {
        sink.onGone(gone)
        await left
        sink.destroy()
        return { status: 499 }
      },
    })
    const abort = new AbortController()
    const asked = fetch(`http://127.0.0.1:${waiting.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...AUTH, 'content-type': 'application/json' },
      body: '{"model":"m"}',
      signal: abort.signal,
    })
    while (waiting.calls.length === 0) await nextTurn()
    abort.abort()
    await expect(asked).rejects.toThrow('aborted')
    await left
    expect(waiting.bugs).toEqual([])
    await waiting.server.close(0)
  })

  it('stops a writer that is faster than its client, and wakes it', async () => {
    const chunk = 'x'.repeat(64 * 1024)
    let written = 0
    let blocked: () => void = () => undefined
    const full = new Promise<void>((resolve) => {
      blocked = resolve
    })
    const flowing = await startFixture({
      engine: (_, sink) =>
        new Promise((resolve) => {
          const pump = (): void => {
            while (written < 400) {
              written++
              if (!sink.write(chunk)) {
                blocked()
                sink.onDrain(pump)
                return
              }
            }
            sink.end()
            resolve({ status: 200 })
          }
          sink.head(200, { 'content-type': 'text/event-stream' })
          pump()
        }),
    })
    const response = await post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${flowing.port}`)
    await full
    expect(written).toBeLessThan(400)
    expect((await response.text()).length).toBe(400 * chunk.length)
    await flowing.server.close(0)
  })
})

describe('pages', () => {
  it.each(['/v1/models', '/models'])('%s lists in the shape of OpenAI', async (path) => {
    const response = await fetch(base + path, { headers: AUTH })
    expect(await response.json()).toEqual({
      object: 'list',
      data: [
        { id: 'gpt-4o', object: 'model', created: 1_700_000_000, owned_by: 'openai' },
        { id: 'local/org/qwen', object: 'model', created: 1_700_000_000, owned_by: 'ollama' },
      ],
    })
  })

  it.each(['/v1/models/local/org/qwen', '/v1/models/local%2Forg%2Fqwen'])(
    '%s finds a name with slashes',
    async (path) => {
      const response = await fetch(base + path, { headers: AUTH })
      expect(await response.json()).toMatchObject({ id: 'local/org/qwen' })
    },
  )

  it('an unknown model is named with its neighbour', async () => {
    const response = await fetch(`${base}/v1/models/gpt-4p`, { headers: AUTH })
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { code: 'model_not_found', message: "There is no model 'gpt-4p' here. Did you mean 'gpt-4o'?" } },
    ])
  })

  it.each([
    ['/health', { status: 'ok' }],
    ['/health/liveliness', "I'm alive!"],
    ['/health/liveness', "I'm alive!"],
    ['/health/readiness', { status: 'healthy' }],
  ])('%s needs no key', async (path, body) => {
    expect(await (await fetch(base + path)).json()).toEqual(body)
  })

  it('/model/info is told to apps only', async () => {
    expect((await fetch(`${base}/model/info`)).status).toBe(401)
    const response = await fetch(`${base}/v1/model/info`, { headers: AUTH })
    expect(await response.json()).toEqual({ data: [{ model_name: 'gpt-4o' }] })
  })

  it('the front page tells people where to point a client', async () => {
    const response = await fetch(base)
    expect(response.headers.get('content-type')).toContain('text/plain')
    expect(await response.text()).toContain('/v1/chat/completions')
  })

  it('a wrong path is answered with the right one', async () => {
    const response = await post('/v1/chat/completion', {})
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { code: 'unknown_url', message: expect.stringContaining('Did you mean /v1/chat/completions?') } },
    ])
  })

  it("a refusal has the shape of the path's clients", async () => {
    const headers = { 'content-type': 'application/json' }
    const messages = await fetch(`${base}/v1/messages`, { method: 'POST', headers, body: '{}' })
    expect([messages.status, await messages.json()]).toMatchObject([
      401,
      { type: 'error', error: { type: 'authentication_error', message: expect.stringContaining('A key is needed') } },
    ])
    const ollama = await fetch(`${base}/api/chat`, { method: 'POST', headers, body: '{}' })
    expect([ollama.status, await ollama.json()]).toEqual([401, { error: expect.stringContaining('A key is needed') }])
  })
})

describe('keys turned off', () => {
  it('let every program in, with a made-up key or none, and no page', async () => {
    const open = await startFixture({ server: { auth: 'off' } })
    const url = `http://127.0.0.1:${open.port}/v1/models`
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(url, { headers: { authorization: 'Bearer made-up' } })).status).toBe(200)
    expect((await fetch(url, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    await open.server.close(0)
  })
})

describe('the route table', () => {
  it('does not start with a route without policy', () => {
    const route = { method: 'GET', path: '/open', action: 1 }
    // What a type would refuse: somebody cast their way around it.
    expect(() => createRouteTable([JSON.parse(JSON.stringify(route))])).toThrow('GET /open has no policy')
  })
})

describe('listening', () => {
  it.each(['127.0.0.1', '::1'])(
    'a port that is taken on %s is named, and the other address is left alone',
    async (host) => {
      const squatter = createServer()
      const port = await new Promise<number>((resolve) => {
        squatter.listen({ host, port: 0 }, () => {
          const address = squatter.address()
          resolve(typeof address === 'object' && address !== null ? address.port : 0)
        })
      })
      const server = createGatewayServer(standInDeps())
      const result = await server.listen(port)
      expect(result).toMatchObject({ ok: false, message: expect.stringContaining(`Port ${port} is taken on ${host}`) })
      expect(server.address).toBeUndefined()
      await new Promise((resolve) => {
        squatter.close(resolve)
      })
      const next = createGatewayServer(standInDeps())
      expect(await next.listen(port)).toMatchObject({ ok: true, port })
      await next.close(0)
    },
  )
})

describe('closing', () => {
  it('lets a running answer end, with a connection that ends too, and takes nothing new', async () => {
    let finish: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const draining = await startFixture({
      engine: async (_, sink) => {
        await held
        sink.head(200, {})
        sink.end('done')
        return { status: 200 }
      },
    })
    const asked = post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${draining.port}`)
    while (draining.calls.length === 0) await nextTurn()
    const closed = draining.server.close(10_000)
    const late = await sendRaw(draining.port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(late.responses).toEqual([])
    finish()
    const response = await asked
    expect([await response.text(), response.headers.get('connection')]).toEqual(['done', 'close'])
    await closed
  })

  it('cuts what is left when the time is over', async () => {
    const stuck = await startFixture({ engine: () => new Promise(() => undefined) })
    const asked = post('/v1/chat/completions', { model: 'm' }, `http://127.0.0.1:${stuck.port}`)
    while (stuck.calls.length === 0) await nextTurn()
    const outcome = asked.catch((error: unknown) => error)
    await stuck.server.close(50)
    expect(await outcome).toMatchObject({ message: 'fetch failed' })
  })
})
