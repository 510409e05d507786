import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MESSAGES, startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { ollamaStream, openAiJson, openAiStream, startScriptedUpstream } from './scripted-upstream.ts'
import type { ReceivedRequest, Script, ScriptedUpstream } from './scripted-upstream.ts'
import { startTrapServer, type TrapServer } from './trap-server.ts'

/**
 * Where a request goes, and with whose key, is the configuration's word alone: not the client's, not the upstream's.
 * The trap is an address that both of them name wherever they can.
 */
const PROVIDER_KEY = 'sk-provider-9f8e7d6c5b4a39281706f5e4d3c2b1a0'
let upstream: ScriptedUpstream
let trap: TrapServer
let gateway: AttackedGateway

beforeAll(async () => {
  upstream = await startScriptedUpstream(answer)
  trap = await startTrapServer()
  gateway = await startAttackedGateway(
    `
discovery: false
routing: { retries: 0, cooldown: { disabled: true } }
providers:
  cloud: { kind: openai, base_url: '${upstream.url}/v1', key: os.environ/CLOUD_KEY }
  rewritten: { kind: openai, base_url: '${upstream.url}/v1', key: os.environ/CLOUD_KEY, lane: translated }
  runner: { kind: ollama, base_url: '${upstream.url}' }
models:
  verbatim: cloud/gpt-4o
  translated: rewritten/gpt-4o
  native: runner/llama3
`,
    { CLOUD_KEY: PROVIDER_KEY },
  )
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
  await trap.close()
})
beforeEach(() => {
  upstream.script = answer
})

/** Fields by which clients of other gateways choose a host or a credential, all pointing at the trap. */
function forbiddenFields(): Record<string, unknown> {
  const { url } = trap
  return {
    api_base: url,
    base_url: url,
    api_key: 'sk-chosen-by-the-client-0123456789',
    api_version: url,
    api_type: 'azure',
    organization: `org-${trap.port}`,
    headers: { host: `127.0.0.1:${trap.port}` },
    extra_headers: { authorization: 'Bearer sk-chosen-by-the-client-0123456789', 'x-target': url },
    extra_query: { target: url },
    custom_llm_provider: 'ollama',
    deployment_id: url,
    azure_ad_token: 'sk-chosen-by-the-client-0123456789',
    azure_endpoint: url,
    aws_bedrock_runtime_endpoint: url,
    aws_secret_access_key: 'sk-chosen-by-the-client-0123456789',
    vertex_credentials: 'sk-chosen-by-the-client-0123456789',
    user_config: { model_list: [{ model_name: 'verbatim', litellm_params: { api_base: url } }] },
    model_list: [{ model_name: 'verbatim', litellm_params: { api_base: url } }],
    litellm_params: { api_base: url },
    mock_response: url,
    proxy_server_request: { url },
  }
}

/** Requests on every route that carries a JSON body, over every kind of target. */
const WAYS = [
  ['chat, verbatim', '/v1/chat/completions', { model: 'verbatim', messages: MESSAGES }],
  ['chat, verbatim stream', '/v1/chat/completions', { model: 'verbatim', messages: MESSAGES, stream: true }],
  ['chat, translated', '/v1/chat/completions', { model: 'translated', messages: MESSAGES }],
  ['chat, translated stream', '/v1/chat/completions', { model: 'translated', messages: MESSAGES, stream: true }],
  ['chat, native', '/v1/chat/completions', { model: 'native', messages: MESSAGES }],
  ['completions', '/v1/completions', { model: 'verbatim', prompt: 'hi' }],
  ['embeddings', '/v1/embeddings', { model: 'verbatim', input: 'hi' }],
] as const

const PASSTHROUGH = ['/v1/images/generations', { model: 'verbatim', prompt: 'a cat' }] as const

/** Neither the trap's address nor the client's credential left this machine. */
function expectClean(received: readonly ReceivedRequest[]): void {
  expect(received.length).toBeGreaterThan(0)
  for (const { text, headers, path } of received) {
    const everything = `${path}\n${JSON.stringify(headers)}\n${text}`
    expect(everything).not.toContain(String(trap.port))
    expect(everything).not.toContain('chosen-by-the-client')
    expect(everything).not.toContain(gateway.key)
  }
  expect(trap.connections).toBe(0)
}

function sentSince(before: number): readonly ReceivedRequest[] {
  return upstream.received.slice(before)
}

describe('SEC-20: a client cannot choose the destination or the credential', () => {
  it.each(WAYS)('%s: by fields of the body', async (_, path, body) => {
    const before = upstream.received.length
    const response = await gateway.post(path, { ...body, ...forbiddenFields() })
    expect(response.status).toBe(200)
    await response.text()
    expectClean(sentSince(before))
  })

  it.each(WAYS)('%s: inside extra_body, also one inside another', async (_, path, body) => {
    const before = upstream.received.length
    const fields = forbiddenFields()
    const nested = { extra_body: { ...fields, extra_body: { ...fields, extra_body: fields } } }
    const response = await gateway.post(path, { ...body, ...nested })
    expect(response.status).toBe(200)
    await response.text()
    expectClean(sentSince(before))
  })

  it.each(WAYS)('%s: spelled with escapes, and twice', async (_, path, body) => {
    const before = upstream.received.length
    const fields = `"api\\u005fbase":"${trap.url}","api_base":"${trap.url}","base_url":1,"base_url":"${trap.url}"`
    const response = await gateway.post(path, `{${fields},${JSON.stringify(body).slice(1)}`)
    expect(response.status).toBe(200)
    await response.text()
    expectClean(sentSince(before))
  })

  it('by fields that the passthrough routes do not know', async () => {
    const before = upstream.received.length
    const [path, body] = PASSTHROUGH
    const response = await gateway.post(path, { ...body, ...forbiddenFields(), extra_body: forbiddenFields() })
    await response.text()
    const received = sentSince(before)
    expect(received.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${PROVIDER_KEY}`])
    expect(trap.connections).toBe(0)
  })

  it.each([...WAYS.map(([, path, body]) => [path, body] as const), PASSTHROUGH])(
    'by headers: %s',
    async (path, body) => {
      const before = upstream.received.length
      const { url } = trap
      const response = await gateway.post(path, body, {
        'x-portkey-custom-host': url,
        'x-portkey-config': JSON.stringify({ custom_host: url }),
        'x-litellm-api-base': url,
        'x-litellm-base-url': url,
        'x-openai-base-url': url,
        'x-target-url': url,
        'x-stainless-base-url': url,
        'x-forwarded-host': `127.0.0.1:${trap.port}`,
        'x-original-url': url,
        'x-rewrite-url': url,
        'openai-organization': `org-${trap.port}`,
        'openai-project': `proj-${trap.port}`,
        'x-provider-key': 'sk-chosen-by-the-client-0123456789',
      })
      expect(response.status).toBe(200)
      await response.text()
      expectClean(sentSince(before))
    },
  )

  it('by a model name that is an address', async () => {
    const { url, port } = trap
    const names = [url, `openai/${url}`, `cloud@${url}`, `cloud/../../${port}`, `127.0.0.1:${port}/x`, `//${port}/x`]
    for (const model of names) {
      const response = await gateway.post('/v1/chat/completions', { model, messages: MESSAGES })
      await response.text()
    }
    expect(trap.connections).toBe(0)
    const paths = new Set(upstream.received.map(({ path }) => path))
    expect(
      [...paths].filter(
        (path) => !/^\/(v1\/(chat\/)?(completions|embeddings)|v1\/images\/generations|api\/chat)$/.test(path),
      ),
    ).toEqual([])
  })

  it('the model that was checked is the only one that the upstream is told', async () => {
    const before = upstream.received.length
    const rest = `"messages":${JSON.stringify(MESSAGES)}`
    const twice = ['"model":"dear","m\\u006fdel":"dearer","model":"cloud/gpt-4o"', '"model":"dear","model":"gpt-4o"']
    for (const models of twice) await (await gateway.post('/v1/chat/completions', `{${models},${rest}}`)).text()
    const sent = sentSince(before).map(({ text }) => text)
    expect(sent).toHaveLength(2)
    expect(sent.join()).not.toContain('dear')
  })
})

describe('SEC-22: an upstream cannot send us elsewhere', () => {
  const redirects = [301, 302, 303, 307, 308].flatMap((status) =>
    [...WAYS, ['passthrough', ...PASSTHROUGH] as const].map(([name, path, body]) => ({ status, name, path, body })),
  )

  it.each(redirects)('$status, $name: 502, and the trap hears nothing', async ({ status, path, body }) => {
    upstream.script = (_request, response) => {
      response
        .writeHead(status, { location: `${trap.url}/v1/chat/completions`, refresh: `0;url=${trap.url}` })
        .end('moved')
    }
    const response = await gateway.post(path, body)
    expect(response.status).toBe(502)
    expect(response.headers.get('location')).toBeNull()
    expect(response.headers.get('refresh')).toBeNull()
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('redirect') as string } })
    expect(trap.connections).toBe(0)
    expect(trap.heard).toBe('')
  })
})

describe('SEC-24: which headers pass', () => {
  const CLIENT = {
    cookie: 'session=client-cookie',
    'x-forwarded-for': '10.1.2.3',
    'x-forwarded-host': 'client-host.example',
    'x-forwarded-proto': 'https',
    forwarded: 'for=10.1.2.3',
    'x-real-ip': '10.1.2.3',
    'proxy-authorization': 'Basic Y2xpZW50OnNlY3JldA==',
    'proxy-connection': 'keep-alive',
    referer: 'http://client-referer.example/',
    'x-api-key-other': 'client-other-key',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'user-agent': 'client-agent/1.0',
    'accept-language': 'xx-client',
    'x-client-own': 'client-own-value',
  }
  const all = [...WAYS, ['passthrough', ...PASSTHROUGH] as const]

  it.each(all)('%s: up go only ours and the provider’s own', async (_, path, body) => {
    const before = upstream.received.length
    await (await gateway.post(path, body, CLIENT)).text()
    const [received] = sentSince(before)
    const names = Object.keys(received?.headers ?? {}).sort()
    const allowed = new Set([
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ])
    expect(names.filter((name) => !allowed.has(name))).toEqual([])
    expect(received?.headers['user-agent']).toMatch(/^spillway\//)
    const isRunner = body.model === 'native'
    expect(received?.headers.authorization).toBe(isRunner ? undefined : `Bearer ${PROVIDER_KEY}`)
    expect(JSON.stringify(received)).not.toMatch(/client-|10\.1\.2\.3|Y2xpZW50/)
    expect(JSON.stringify(received)).not.toContain(gateway.key)
  })

  const UPSTREAM = {
    'set-cookie': ['a=upstream', 'b=upstream'],
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': '*',
    'access-control-allow-private-network': 'true',
    'alt-svc': 'h3=":443"; ma=86400',
    'strict-transport-security': 'max-age=31536000',
    server: 'upstream-server',
    'x-powered-by': 'upstream-power',
    via: '1.1 upstream-via',
    'www-authenticate': 'Basic realm="upstream"',
    'content-security-policy': 'default-src *',
    'content-security-policy-report-only': 'report-uri http://upstream.example',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'public, max-age=3600',
    etag: '"upstream"',
    link: '<http://upstream.example>; rel=preload',
    refresh: '0;url=http://upstream.example',
    'clear-site-data': '"*"',
    'report-to': '{"group":"upstream"}',
    nel: '{"report_to":"upstream"}',
    'service-worker-allowed': '/',
    'x-accel-redirect': '/upstream',
    'x-spillway-request-id': 'forged-by-upstream',
    'x-spillway-locality': 'forged-by-upstream',
    'x-spillway-target': 'forged-by-upstream',
    'x-litellm-call-id': 'forged-by-upstream',
    'x-ratelimit-remaining-requests': '41',
  }
  const NEVER_DOWN =
    /^(set-cookie|access-control-.*|alt-svc|strict-transport-security|server|x-powered-by|via|content-security-policy-report-only|etag|link|refresh|clear-site-data|report-to|nel|service-worker-allowed|x-accel-redirect)$/
  const statuses = [200, 401, 403, 429, 500, 503]

  it.each(statuses.flatMap((status) => all.map(([name, path, body]) => ({ status, name, path, body }))))(
    '$status, $name: down come only listed ones',
    async ({ status, path, body }) => {
      upstream.script = (request, response) => {
        for (const [name, value] of Object.entries(UPSTREAM)) response.setHeader(name, value)
        if (status === 200) return answer(request, response)
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}')
        return undefined
      }
      const response = await gateway.post(path, body)
      await response.text()
      const headers = Object.fromEntries(response.headers)
      expect(Object.keys(headers).filter((name) => NEVER_DOWN.test(name))).toEqual([])
      expect(JSON.stringify(headers)).not.toMatch(/forged-by-upstream|realm=.{1,2}upstream/)
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
    },
  )

  it('an error inside a stream that has begun brings none either', async () => {
    upstream.script = (_request, response) => {
      for (const [name, value] of Object.entries(UPSTREAM)) response.setHeader(name, value)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n')
      setTimeout(() => response.destroy(), 20)
    }
    const response = await gateway.post('/v1/chat/completions', { model: 'verbatim', messages: MESSAGES, stream: true })
    expect(await response.text()).toContain('"error"')
    expect([...response.headers.keys()].filter((name) => NEVER_DOWN.test(name))).toEqual([])
  })

  it('an upstream’s header cannot split ours', async () => {
    upstream.script = (_request, response) => {
      const body = openAiJson('hello')
      response.socket?.end(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: a\tb\x80c\r\n' +
          `openai-model: x\xe9y\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      )
    }
    const response = await gateway.post('/v1/chat/completions', { model: 'verbatim', messages: MESSAGES })
    expect(response.status).toBe(200)
    await response.text()
  })
})

/** What each path answers when all is well. */
function answer(request: ReceivedRequest, response: ServerResponse): ReturnType<Script> {
  const { path, text } = request
  const isStream = text.includes('"stream":true')
  if (path === '/api/chat') {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(ollamaStream('hello there'))
  } else if (path.endsWith('/embeddings')) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      '{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5,0.25]}],"usage":{"prompt_tokens":1,"total_tokens":1}}',
    )
  } else if (path.endsWith('/images/generations')) {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"created":1,"data":[{"b64_json":"aGk="}]}')
  } else if (path.endsWith('/v1/completions')) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      '{"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"hello","finish_reason":"stop"}]}',
    )
  } else if (isStream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(openAiStream('hello there'))
  } else {
    response.writeHead(200, { 'content-type': 'application/json' }).end(openAiJson('hello there'))
  }
}
