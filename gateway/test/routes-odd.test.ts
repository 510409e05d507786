import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf, chatChunk, chatReply, replyEvents, replyJson, requestOf } from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const MESSAGES = [{ role: 'user', content: 'hi' }]

/** What libraries do not send, and people with curl do. */
describe('odd but sound requests', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson(chatReply({ content: 'Hi.' })))
    gateway = await startTestGateway(`
discovery: false
providers:
  p: { kind: openai, base_url: '${upstream.url}/v1', key: k }
  q: { kind: openai, base_url: '${upstream.url}/v1', key: k, lane: translated }
models:
  m: p/real
  t: q/real
  'org/name:tag': p/slashed
  limited: p/limited
apps:
  SPILLWAY_KEY: { rpm: 500 }
`)
  })
  beforeEach(() => {
    upstream.script = replyJson(chatReply({ content: 'Hi.' }))
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}`, ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    })

  it.each([
    '/v1/chat/completions',
    '/chat/completions',
    '/openai/v1/chat/completions',
    '/engines/m/chat/completions',
    '/v1/engines/m/chat/completions',
    '/openai/deployments/m/chat/completions?api-version=2024-10-21',
    '/openai/deployments/org%2Fname%3Atag/chat/completions',
  ])('%s answers', async (path) => {
    const response = await post(path, { model: 'm', messages: MESSAGES })
    expect(response.status).toBe(200)
    expect(requestOf(upstream).path).toBe('/v1/chat/completions')
    expect(bodyOf(upstream).model).toBe(path.includes('org%2F') ? 'slashed' : 'real')
  })

  it.each(['x-api-key', 'api-key', 'x-litellm-api-key'])('a key in %s', async (name) => {
    const response = await fetch(`${gateway.url}/v1/models`, { headers: { [name]: gateway.key } })
    expect(response.status).toBe(200)
  })

  it.each<[string, string]>([
    ['white space around and in it', ' \n{ "messages" : [{"role":"user","content":"hi"}],\n "model" : "m" }\n'],
    ['the model last', '{"messages":[{"role":"user","content":"hi"}],"stream":false,"model":"m"}'],
    ['an escaped model name', '{"model":"\\u006d","messages":[{"role":"user","content":"hi"}]}'],
    [
      'a "model" inside a message',
      '{"messages":[{"role":"user","content":"\\"model\\": \\"x\\"","model":"deep"}],"model":"m"}',
    ],
    ['a byte order mark', '\ufeff{"model":"m","messages":[{"role":"user","content":"hi"}]}'],
  ])('a body with %s', async (_name, body) => {
    const response = await post('/v1/chat/completions', body)
    expect(response.status).toBe(200)
    expect(bodyOf(upstream).model).toBe('real')
  })

  it('a body that says its model twice goes where it was let go', async () => {
    const response = await post(
      '/v1/chat/completions',
      '{"model":"limited","messages":[{"role":"user","content":"hi"}],"model":"m"}',
    )
    const sent = response.status === 200 ? requestOf(upstream).text.match(/"model":"[a-z]+"/g) : undefined
    expect(sent ?? []).not.toContain('"model":"limited"')
  })

  it.each(['m', 't'])('%s: emoji and half characters survive, cut anywhere in the stream', async (model) => {
    const content = 'smile 😀 日本 \u0000 \u2028 "quoted" \\ end'
    const bytes = Buffer.from(
      `data: ${JSON.stringify(chatChunk({ content }))}\n\ndata: ${JSON.stringify(chatChunk({}, 'stop'))}\n\ndata: [DONE]\n\n`,
    )
    upstream.script = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let at = 0; at < bytes.length; at += 7) {
        response.write(bytes.subarray(at, at + 7))
        await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    }
    const response = await post('/v1/chat/completions', { model, stream: true, messages: [{ role: 'user', content }] })
    const deltas = (await response.text())
      .split('\n\n')
      .filter((event) => event.startsWith('data: {'))
      .map((event) => JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] })
    expect(deltas.map((delta) => delta.choices[0]?.delta.content ?? '').join('')).toBe(content)
    expect(bodyOf(upstream).messages).toEqual([{ role: 'user', content }])
  })

  it.each(['m', 't'])('%s: a model whose text is a terminal marker does not end its stream', async (model) => {
    upstream.script = replyEvents([
      chatChunk({ content: 'data: [DONE]\n\n' }),
      chatChunk({ content: '{"error":{"message":"no"}}' }),
      chatChunk({}, 'stop'),
    ])
    const response = await post('/v1/chat/completions', { model, stream: true, messages: MESSAGES })
    const text = await response.text()
    expect(text.match(/^data: \[DONE\]$/gm)?.length).toBe(1)
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect((await gateway.rows()).at(-1)).toMatchObject({ outcome: 'ok', finish: 'stop' })
  })

  it('a reply in JSON to a request for a stream becomes one where replies are rewritten', async () => {
    const response = await post('/v1/chat/completions', { model: 't', stream: true, messages: MESSAGES })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const text = await response.text()
    expect(text).toContain('Hi.')
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
  })

  it('a reply in JSON to a request for a stream is named as what it is where bytes pass', async () => {
    const response = await post('/v1/chat/completions', { model: 'm', stream: true, messages: MESSAGES })
    expect(response.status).toBe(502)
    expect(await response.text()).toMatch(/stream/)
  })

  it.each(['m', 't'])('%s: a stream in answer to a request for JSON still reaches the client', async (model) => {
    upstream.script = replyEvents([
      chatChunk({ role: 'assistant', content: 'Hi' }),
      chatChunk({ content: '.' }),
      chatChunk({}, 'stop'),
    ])
    const response = await post('/v1/chat/completions', { model, messages: MESSAGES })
    const outcome = { status: response.status, type: response.headers.get('content-type') }
    const text = await response.text()
    if (outcome.status === 200)
      expect((JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]?.message.content).toBe(
        'Hi.',
      )
    else expect(text).toMatch(/"message":"[^"]+/)
    expect(outcome.type).toContain('application/json')
  })

  it('rate limit headers of the upstream and of the key are not mixed', async () => {
    upstream.script = replyJson(chatReply({ content: 'Hi.' }), {
      headers: { 'x-ratelimit-limit-requests': '10000', 'x-ratelimit-remaining-tokens': '77', 'retry-after': '5' },
    })
    const response = await post('/v1/chat/completions', { model: 'm', messages: MESSAGES })
    expect(response.headers.get('x-ratelimit-limit-requests')).toMatch(/^\d+$/)
    expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('77')
    expect(response.headers.get('retry-after')).toBeNull()
  })

  it('an Azure path needs no model in the form', async () => {
    upstream.script = replyJson({ text: 'heard' })
    const form = new FormData()
    form.append('file', new Blob(['RIFF']), 'a.wav')
    const response = await fetch(`${gateway.url}/openai/deployments/m/audio/transcriptions`, {
      method: 'POST',
      headers: { 'api-key': gateway.key },
      body: form,
    })
    expect(await response.json()).toEqual({ text: 'heard' })
    expect(requestOf(upstream).text).toMatch(/name="model"\r\n\r\nreal\r\n--/)
  })
})
