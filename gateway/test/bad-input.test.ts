import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAiJson, startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const MESSAGES = [{ role: 'user', content: 'hi' }]

interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: unknown
  }
}

/** Each has its status, OpenAI's error shape, and a sentence that says what to do; the next good request works. */
describe('bad input and bad upstreams', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startScriptedUpstream(good)
    gateway = await startTestGateway(`
discovery: false
routing: { retries: 0, cooldown: { disabled: true } }
server: { max_body_mb: 1 }
providers:
  cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key }
  ollama: { base_url: '${upstream.url}' }
  off: { kind: ollama, base_url: 'http://127.0.0.1:9' }
models:
  good: cloud/a
  runner: ollama/llama3
  runner-off: off/llama3
`)
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  it.each<[string, { body?: string; headers?: Record<string, string> }, number, RegExp]>([
    ['malformed JSON', { body: '{"model": ' }, 400, /JSON/],
    ['an empty body', { body: '' }, 400, /body|JSON/i],
    ['a JSON array', { body: '[]' }, 400, /object/],
    ['the wrong content type', { headers: { 'content-type': 'text/plain' } }, 415, /application\/json/],
    [
      'a body over the limit',
      { body: JSON.stringify({ model: 'good', messages: MESSAGES, pad: 'x'.repeat(2 ** 21) }) },
      413,
      /limit|large/i,
    ],
    ['an unknown model', { body: JSON.stringify({ model: 'goood', messages: MESSAGES }) }, 404, /good/],
    ['no model', { body: JSON.stringify({ messages: MESSAGES }) }, 400, /model/],
    ['no messages', { body: JSON.stringify({ model: 'good' }) }, 400, /messages/],
    [
      'a tool without a name',
      { body: JSON.stringify({ model: 'good', messages: MESSAGES, tools: [{ type: 'function', function: {} }] }) },
      400,
      /tools/,
    ],
    ['an unknown key', { headers: { authorization: 'Bearer sk-nobody' } }, 401, /key/i],
  ])('%s', async (_name, request, status, sentence) => {
    const response = await post(gateway, request)
    expect(response.status).toBe(status)
    const { error } = (await response.json()) as ErrorBody
    expect(error.message).toMatch(sentence)
    expect(typeof error.type).toBe('string')
    expect('param' in error && 'code' in error).toBe(true)
  })

  it.each<[string, Script, string, number, RegExp]>([
    ['answers HTML', html, 'good', 502, /HTML|not JSON/i],
    ['answers half a JSON', half, 'good', 502, /JSON|incomplete|ended/i],
    ['answers nothing', nothing, 'good', 502, /empty|nothing|ended/i],
    ['has not pulled the model', notPulled, 'runner', 404, /ollama pull llama3/],
  ])('an upstream that %s', async (_name, script, model, status, sentence) => {
    upstream.script = script
    const response = await post(gateway, { body: JSON.stringify({ model, messages: MESSAGES }) })
    expect(response.status).toBe(status)
    expect(((await response.json()) as ErrorBody).error.message).toMatch(sentence)
    upstream.script = good
  })

  it('garbage where a stream was promised is an error, not an empty answer', async () => {
    upstream.script = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('\u0000\u0001garbage\n\nmore garbage')
    }
    const response = await post(gateway, { body: JSON.stringify({ model: 'good', messages: MESSAGES, stream: true }) })
    expect(response.status).toBe(502)
    upstream.script = good
  })

  it('a runner that is off is named, with the command that starts it', async () => {
    const response = await post(gateway, { body: JSON.stringify({ model: 'runner-off', messages: MESSAGES }) })
    expect(response.status).toBeGreaterThanOrEqual(502)
    expect(((await response.json()) as ErrorBody).error.message).toMatch(/ollama serve|127\.0\.0\.1:9/)
  })

  it('serves the next good request after all of it', async () => {
    const response = await post(gateway, { body: JSON.stringify({ model: 'good', messages: MESSAGES }) })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('still here')
  })
})

const good: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(openAiJson('still here'))
}
const html: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Login</title>')
}
const half: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(openAiJson('never whole').slice(0, 60))
}
const nothing: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end()
}
const notPulled: Script = (_request, response) => {
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"model \'llama3\' not found"}')
}

function post(gateway: TestGateway, request: { body?: string; headers?: Record<string, string> }): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}`, ...request.headers },
    body: request.body ?? JSON.stringify({ model: 'good', messages: MESSAGES }),
  })
}
