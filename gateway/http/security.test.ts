import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { hotRoutes } from './operations.ts'
import { KEY, OTHER_KEY, startFixture, type Fixture } from './test/gateway-fixture.ts'
import { mutator, seeded } from './test/mutator.ts'
import { openAiError, openSocket, sendRaw, type RawResponse } from './test/raw-client.ts'

/** What an attacker on this machine, or a page in its browser, may try on the port; the engine counts its calls. */
let gateway: Fixture

beforeAll(async () => {
  gateway = await startFixture()
})

afterAll(() => gateway.server.close(0))

const HOST = 'Host: localhost\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const BODY = '{"model":"gpt-4o","messages":[]}'

function post(path: string, headers: string, body = BODY): string {
  return `POST ${path} HTTP/1.1\r\n${HOST}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}${headers}\r\n`
}

async function ask(bytes: string, target = gateway): Promise<RawResponse | undefined> {
  const { responses } = await sendRaw(target.port, bytes, { firstOnly: true })
  return responses[0]
}

function codeOf(response: RawResponse | undefined): unknown {
  return openAiError(response?.body ?? '')?.['code']
}

describe('SEC-04: every route has a policy', () => {
  it('no route on which models answer is open, and none accepts what a page may send unasked', () => {
    const open = hotRoutes.filter(({ policy }) => policy.auth !== 'key' || policy.body === 'none' || policy.browsable)
    expect(open).toEqual([])
  })

  it.each(hotRoutes.map(({ path }) => path.replace('{model}', 'gpt-4o')))('%s needs a key', async (path) => {
    const before = gateway.calls.length
    const response = await ask(post(path, JSON_TYPE))
    expect(response?.status).toBe(401)
    // Ollama's clients know an error as a text alone.
    if (path.startsWith('/api/')) expect(response?.body).toMatch(/^\{"error":"A key is needed/)
    else expect(codeOf(response)).toBe('missing_api_key')
    expect(gateway.calls).toHaveLength(before)
  })
})

describe('SEC-10: guessing keys', () => {
  it.each(['Authorization: Bearer ', 'x-api-key: ', 'api-key: ', 'x-litellm-api-key: '])('by %s', async (header) => {
    let bad = 0
    const countBadKey = (): number | undefined => (++bad > limits.badKeysPerMinute ? 30_000 : undefined)
    const throttled = await startFixture({ deps: { badKeys: { countBadKey } } })
    const statuses: (number | undefined)[] = []
    for (let guess = 0; guess < 60; guess++) {
      const response = await ask(get('/v1/models', `${header}sk-sw-guess-${guess}\r\n`), throttled)
      statuses.push(response?.status)
    }
    expect(statuses.slice(0, 20).every((status) => status === 401)).toBe(true)
    expect(statuses.slice(20).every((status) => status === 429)).toBe(true)
    const refused = await ask(get('/v1/models', `${header}sk-sw-guess\r\n`), throttled)
    expect(refused?.headers['retry-after']).toBe('30')
    const valid = await ask(get('/v1/models', `${header}${KEY}\r\n`), throttled)
    expect(valid?.status).toBe(200)
    await throttled.server.close(0)
  })
})

describe('SEC-12: keys in URLs', () => {
  it('are neither looked up nor told to anybody, although they are right', async () => {
    const own = await startFixture()
    const response = await ask(get(`/v1/models?api_key=${KEY}`), own)
    expect(codeOf(response)).toBe('key_in_url')
    expect(own.lookedUp).toEqual([])
    expect(JSON.stringify([response, own.refused])).not.toContain(KEY)
    await own.server.close(0)
  })
})

describe('SEC-30: keys that are statements', () => {
  const pieces = ["'", '"', ';--', ' OR 1=1', ' UNION SELECT 1', '/*', '%27', '\\', '`', ')', ' DROP TABLE apps']
  const statements = Array.from({ length: 500 }, (_, n) => {
    const [a, b, c] = [pieces[n % 11], pieces[Math.floor(n / 11) % 11], pieces[Math.floor(n / 121) % 11]]
    return `sk-sw-${n}${a}${b}${c}`
  })

  it('500 of them, in every header: all are unknown keys, looked up as they came', async () => {
    const headers = ['Authorization: Bearer ', 'x-api-key: ', 'api-key: ', 'x-litellm-api-key: ']
    const before = gateway.lookedUp.length
    const requests = statements.map((text, n) => get('/v1/models', `${headers[n % headers.length]}${text}\r\n`))
    const { responses } = await sendRaw(gateway.port, requests.join(''), { idleMs: 1_000 })
    expect(responses).toHaveLength(500)
    expect(responses.filter((response) => codeOf(response) !== 'invalid_api_key')).toEqual([])
    expect(gateway.lookedUp.slice(before)).toEqual(statements)
  })
})

describe('SEC-32: one verdict, whichever header holds the key', () => {
  it.each(['Authorization: Bearer ', 'x-api-key: ', 'api-key: ', 'x-litellm-api-key: '])('%s', async (header) => {
    const listed = await ask(get('/v1/models', `${header}${OTHER_KEY}\r\n`))
    const data: unknown = JSON.parse(listed?.body ?? '')
    expect(data).toMatchObject({ data: [{ id: 'local/org/qwen' }] })
    const hidden = await ask(get('/v1/models/gpt-4o', `${header}${OTHER_KEY}\r\n`))
    expect(codeOf(hidden)).toBe('model_not_found')
    expect(hidden?.body).not.toContain('Did you mean')
  })
})

describe('SEC-33: the name that is planned is the name that was checked', () => {
  it('is trimmed in the parsed body and in the bytes', async () => {
    const before = gateway.calls.length
    await ask(post('/v1/chat/completions', `${JSON_TYPE}x-api-key: ${KEY}\r\n`, '{"model":" gpt-4o\\t"}'))
    const call = gateway.calls[before]
    expect(call?.facts.model).toBe('gpt-4o')
    expect(call?.work.body).toMatchObject({ json: { model: 'gpt-4o' } })
    expect(call?.work.body.raw.toString()).toBe('{"model":"gpt-4o"}')
  })

  it.each([
    ['control characters', '{"model":"a\\u0000b"}'],
    ['600 characters', `{"model":"${'x'.repeat(600)}"}`],
  ])('%s are refused', async (_, body) => {
    const response = await ask(post('/v1/chat/completions', `${JSON_TYPE}x-api-key: ${KEY}\r\n`, body))
    expect([response?.status, codeOf(response)]).toEqual([400, 'invalid_model'])
  })
})

describe('SEC-24: the headers of every kind of answer', () => {
  const SAFE = {
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'",
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  }
  const auth = `x-api-key: ${KEY}\r\n`

  it.each([
    ['an answer', post('/v1/chat/completions', JSON_TYPE + auth), 200],
    ['a failure of the body', post('/v1/chat/completions', JSON_TYPE + auth, '{'), 400],
    ['a page', get('/v1/models', auth), 200],
    ['the front page', get('/'), 200],
    ['no route', get('/nowhere'), 404],
    ['no key', get('/v1/models'), 401],
    ['the guard', get('/v1/models', 'Origin: https://evil.example\r\n'), 403],
    ['the parser', 'GARBAGE\r\n\r\n', 400],
    ['an upgrade', get('/v1/models', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'), 426],
    ['a tunnel', `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`, 405],
    ['OPTIONS', `OPTIONS /v1/models HTTP/1.1\r\n${HOST}\r\n`, 204],
    ["no key, at Anthropic's wire", post('/v1/messages', JSON_TYPE, '{}'), 401],
  ])('%s', async (_, bytes, status) => {
    const response = await ask(bytes)
    expect(response?.status).toBe(status)
    expect(response?.headers).toMatchObject(SAFE)
    expect(
      Object.keys(response?.headers ?? {}).filter((name) => /^(server|x-powered-by|access-control-.*)$/.test(name)),
    ).toEqual([])
  })

  it('an engine that passes on what an upstream said cannot change them', async () => {
    const leaky = await startFixture({
      engine: (_, sink) => {
        sink.head(200, {
          'content-type': 'text/event-stream',
          'access-control-allow-origin': '*',
          'set-cookie': 'a=b',
          'cache-control': 'public',
          server: 'upstream',
          'alt-svc': 'h3=":443"',
          'x-spillway-target': 'ollama/x',
        })
        sink.write('data: 1\n\n')
        sink.end('data: [DONE]\n\n')
        return Promise.resolve({ status: 200 })
      },
    })
    const response = await ask(post('/v1/chat/completions', JSON_TYPE + auth), leaky)
    expect({ ...response?.headers, date: undefined }).toEqual({
      ...SAFE,
      date: undefined,
      'x-request-id': 'req-1',
      'x-spillway-request-id': 'req-1',
      'x-ratelimit-limit-requests': '60',
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
      'x-spillway-target': 'ollama/x',
      connection: 'keep-alive',
      'keep-alive': 'timeout=65',
      'transfer-encoding': 'chunked',
    })
    await leaky.server.close(0)
  })
})

describe('SEC-03, SEC-40, SEC-41: where it listens', () => {
  it('is reached on both loopback addresses', async () => {
    expect(gateway.server.address?.hosts).toEqual(['127.0.0.1', '::1'])
    const { responses } = await sendRaw(gateway.port, get('/health'), { host: '::1', firstOnly: true })
    expect(responses[0]?.status).toBe(200)
  })

  it('is not reached on any other address of this machine', async () => {
    const { networkInterfaces } = await import('node:os')
    const others = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).filter(({ internal }) => !internal),
    )
    const reached = await Promise.all(others.map(({ address, scopeid }) => reaches(address, scopeid, gateway.port)))
    expect(reached).toEqual(others.map(() => false))
  })
})

function reaches(address: string, scope: number | undefined, port: number): Promise<boolean> {
  const host = scope === undefined || scope === 0 ? address : `${address}%${scope}`
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.setTimeout(500, () => socket.destroy())
    socket.on('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}

describe('SEC-42: paths that try to leave', () => {
  it('no traversal is served', async () => {
    const steps = ['..', '%2e%2e', '..%2f..', '....//', '..%5c..', '%252e%252e', '.%00.', '..;']
    const files = ['etc/passwd', 'windows/win.ini', 'proc/self/environ', '.env', 'config.yaml']
    const paths = steps.flatMap((step) => files.map((file) => `/${step}/${step}/${file}`))
    const requests = paths.map((path) => get(path, `x-api-key: ${KEY}\r\n`))
    const answers = await Promise.all(requests.map((request) => ask(request)))
    expect(answers.map((answer) => answer?.status).filter((status) => status !== 404 && status !== 400)).toEqual([])
  })
})

describe('slow senders', () => {
  const patience = {
    headersTimeoutMs: 150,
    requestTimeoutMs: 300,
    connectionsCheckingIntervalMs: 30,
    keepAliveTimeoutMs: 1_000,
  }

  it.each([
    ['headers that never end', `GET /health HTTP/1.1\r\n${HOST}X-A: `],
    [
      'a body that never ends',
      `POST /v1/embeddings HTTP/1.1\r\n${HOST}${JSON_TYPE}x-api-key: ${KEY}\r\nContent-Length: 99\r\n\r\n{`,
    ],
  ])('%s: 408, the connection ends, and the engine hears nothing of it', async (_, bytes) => {
    const strict = await startFixture({ tuning: { patience } })
    const { responses } = await sendRaw(strict.port, bytes)
    expect(responses.map((response) => [response.status, codeOf(response)])).toEqual([[408, 'request_timeout']])
    expect(strict.calls).toEqual([])
    await strict.server.close(0)
  })
})

describe('bodies beyond the limit', () => {
  const auth = `${JSON_TYPE}x-api-key: ${KEY}\r\n`

  it('an announced one is refused before it is read, and the client can read why', async () => {
    const own = await startFixture({ server: { maxBodyBytes: 1_000 } })
    const response = await ask(post('/v1/chat/completions', auth, `{"x":"${'y'.repeat(5_000_000)}"}`), own)
    expect([response?.status, codeOf(response)]).toEqual([413, 'request_too_large'])
    expect(own.calls).toEqual([])
    await own.server.close(0)
  })

  it('a chunked one is refused as soon as it is too long', async () => {
    const own = await startFixture({ server: { maxBodyBytes: 1_000 } })
    const socket = await openSocket(own.port)
    const answer = new Promise<string>((resolve) => {
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${HOST}${auth}Transfer-Encoding: chunked\r\n\r\n`)
    socket.write(`7d0\r\n${'x'.repeat(2_000)}\r\n`)
    expect(await answer).toMatch(/^HTTP\/1\.1 413 .*request_too_large/s)
    expect(own.refused.map(({ rule }) => rule)).toEqual(['body-size'])
    socket.destroy()
    await own.server.close(0)
  })

  it.each([
    ['empty', '', 'empty_body'],
    ['no JSON', '{"model": tru}', 'invalid_json'],
    ['an array', '[]', 'invalid_json'],
    ['65 levels deep', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'json_too_deep'],
    ['a million brackets', '['.repeat(1_000_000), 'json_too_deep'],
  ])('%s: 400', async (_, body, code) => {
    const response = await ask(post('/v1/chat/completions', auth, body))
    expect([response?.status, codeOf(response)]).toEqual([400, code])
  })

  it('64 levels are served', async () => {
    const body = `{"model":"x","a":${'['.repeat(63)}${']'.repeat(63)}}`
    expect((await ask(post('/v1/chat/completions', auth, body)))?.status).toBe(200)
  })

  it('bytes that are no UTF-8 are refused', async () => {
    const bytes = Buffer.from(post('/v1/chat/completions', auth, '{"model":"x\xff"}'), 'latin1')
    const length = Buffer.from(bytes.toString('latin1').replace('Content-Length: 15', 'Content-Length: 14'), 'latin1')
    const { responses } = await sendRaw(gateway.port, length, { firstOnly: true })
    expect(codeOf(responses[0])).toBe('invalid_json')
  })
})

describe('mutated requests', () => {
  const seeds = [
    post('/v1/chat/completions', `${JSON_TYPE}Authorization: Bearer ${KEY}\r\n`),
    get('/v1/models/local/org/qwen', `x-api-key: ${KEY}\r\n`),
    `POST /v1/embeddings HTTP/1.1\r\n${HOST}${JSON_TYPE}api-key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n`,
    `OPTIONS * HTTP/1.1\r\n${HOST}Origin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
  ]

  it('100 KB of them: never a 5xx, never a bug, always an OpenAI-shaped refusal or a clean end', async () => {
    const mutate = mutator(seeded(20_261_122))
    const wrong: unknown[] = []
    for (let sent = 0, turn = 0; sent < 100 * 1024; turn++) {
      const bytes = mutate(seeds[turn % seeds.length] ?? '')
      sent += bytes.length
      const { responses } = await sendRaw(gateway.port, bytes, { firstOnly: true, halfClose: true })
      const unshaped = responses.filter(
        ({ status, body }) => status >= 500 || (status >= 400 && openAiError(body) === undefined),
      )
      if (unshaped.length > 0) wrong.push({ bytes: bytes.toString('latin1'), unshaped })
    }
    expect(wrong).toEqual([])
    expect(gateway.bugs).toEqual([])
    expect((await ask(get('/health')))?.status).toBe(200)
  })
})

describe('a socket that was refused', () => {
  it('may be reset by the client without harm', async () => {
    for (const bytes of [
      `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      'GARBAGE\r\n\r\n',
    ]) {
      const socket = await openSocket(gateway.port)
      socket.write(bytes)
      socket.resetAndDestroy()
    }
    expect((await ask(get('/health')))?.status).toBe(200)
  })

  it.each([
    ['a tunnel', `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`],
    ['an upgrade', `GET /health HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['garbage', 'GARBAGE\r\n\r\n'],
  ])('writes no refusal of %s into the answer before it', async (_, second) => {
    const streaming = await startFixture({
      engine: (_call, sink) =>
        new Promise((resolve) => {
          sink.head(200, { 'content-type': 'text/event-stream' })
          sink.write('data: 1\n\n')
          sink.onGone(() => resolve({ status: 499 }))
        }),
    })
    const first = post('/v1/chat/completions', `${JSON_TYPE}x-api-key: ${KEY}\r\n`)
    const { raw } = await sendRaw(streaming.port, first + second, { idleMs: 500 })
    expect(raw.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1)
    expect(raw).not.toContain('"error"')
    await streaming.server.close(0)
  })

  it('serves nothing that was sent behind the refused request', async () => {
    const before = gateway.calls.length
    const smuggled = post('/v1/chat/completions', `${JSON_TYPE}x-api-key: ${KEY}\r\n`)
    const { responses } = await sendRaw(gateway.port, `GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n${smuggled}`)
    expect(responses.map(({ status }) => status)).toEqual([403])
    expect(gateway.calls).toHaveLength(before)
  })
})
