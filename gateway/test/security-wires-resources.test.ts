import { connect, type Socket } from 'node:net'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MESSAGES, startAttackedGateway, until, type AttackedGateway } from './attacked-gateway.ts'
import { CLIENT_ROUTES } from './client-wires.ts'
import { heldBytes } from './held-bytes.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { answerInWire } from './wire-replies.ts'
import { wiresConfig, wiresEnvironment } from './wires-config.ts'

/** Clients and upstreams that take up what they can, where every answer is translated. */
const MB = 1024 * 1024
let upstream: ScriptedUpstream
let gateway: AttackedGateway
let produced = 0
const open = new Set<ServerResponse>()

beforeAll(async () => {
  upstream = await startScriptedUpstream(answerInWire('all is well'))
  gateway = await startAttackedGateway(
    `discovery: false\nrouting: { retries: 0, cooldown: { disabled: true } }\n${wiresConfig(upstream.url)}`,
    wiresEnvironment(upstream.url),
  )
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

/** A stream that goes on for as long as anybody takes it; what comes first, and what is repeated. */
function pour(first: string, again: string): Script {
  return (_request, response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(first)
    const more = (): void => {
      while (!response.destroyed) {
        produced += again.length
        if (!response.write(again)) break
      }
    }
    response.on('drain', more)
    more()
  }
}

const event = (json: object): string => `data: ${JSON.stringify(json)}\n\n`
const TEXT = 'x'.repeat(60_000)
const CHAT = pour('', event({ id: 'a', model: 'm', choices: [{ index: 0, delta: { content: TEXT } }] }))
const CLAUDE = pour(
  event({ type: 'message_start', message: { id: 'a', model: 'm', usage: {} } }) +
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: TEXT } }),
)

function openSocket(path: string, body: string): Promise<Socket> {
  const head =
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' }, () => {
      socket.write(head + body)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.on('error', () => undefined)
  })
}

/** Reads an answer and forgets it: its end, and how much came. */
async function drain(response: Response): Promise<{ readonly bytes: number; readonly end: string }> {
  let bytes = 0
  let end = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    end = (end + decoder.decode(chunk.subarray(-4_000))).slice(-4_000)
  }
  return { bytes, end }
}

async function expectServed(): Promise<void> {
  upstream.script = answerInWire('all is well')
  for (const { path, body } of CLIENT_ROUTES.slice(0, 3)) {
    const response = await gateway.post(path, { ...body, model: 'openai' })
    expect(await response.text()).toContain('all is well')
  }
}

const STREAMS = [
  ['/v1/messages', 'openai', { messages: MESSAGES, max_tokens: 9 }, CHAT],
  ['/v1/responses', 'anthropic', { input: 'hi' }, CLAUDE],
  ['/api/chat', 'anthropic', { messages: MESSAGES }, CLAUDE],
] as const

describe('bounded resources where every answer is translated', { timeout: 60_000 }, () => {
  it.each(STREAMS.slice(0, 2))('100 clients that never read %s hold little', async (path, model, body, script) => {
    upstream.script = script
    const text = JSON.stringify({ ...body, model, stream: true })
    const before = heldBytes()
    produced = 0
    const sockets = await Promise.all(Array.from({ length: 100 }, () => openSocket(path, text)))
    for (const socket of sockets) socket.pause()
    await until('all streams have begun', () => open.size === 100)
    let last = -1
    const isStill = (): boolean => {
      const same = produced === last
      last = produced
      return same
    }
    await until('they stand still', isStill, 400)
    // The last event of Responses repeats the whole answer, so that one is held once; the kernel's buffers take the most.
    const answers = path === '/v1/responses' ? produced : 0
    await until('little is held', () => heldBytes() - before < answers + 96 * MB, 200)
    for (const socket of sockets) socket.destroy()
    await until('their upstreams are closed', () => open.size === 0)
    await expectServed()
  })

  it.each(STREAMS)('an answer on %s that never ends is given up', async (path, model, body, script) => {
    upstream.script = script
    const response = await gateway.post(path, { ...body, model, stream: true })
    const { end, bytes } = await drain(response)
    const wire = CLIENT_ROUTES.find((route) => route.path === path)?.wire
    expect(wire?.errorInStream(end.slice(end.lastIndexOf('\n{') + 1)) ?? wire?.errorInStream(end)).toMatch(
      /longer than any model/,
    )
    expect(bytes).toBeLessThan(200 * MB)
    await until('its upstream is closed', () => open.size === 0)
    await expectServed()
  })

  it.each([
    ['openai', '/v1/messages'],
    ['anthropic', '/v1/chat/completions'],
    ['gemini', '/v1/responses'],
    ['cohere', '/v1/messages'],
    ['runner', '/v1/messages'],
    ['bedrock', '/v1/messages'],
    ['openai', '/v1/responses'],
    ['anthropic', '/v1/messages'],
  ])('a line of %s that never ends is given up (%s)', async (model, path) => {
    produced = 0
    upstream.script = pour('data: {"a":"', 'x'.repeat(MB))
    const route = CLIENT_ROUTES.find((one) => one.path === path)
    const response = await gateway.post(path, { ...route?.streamed, model })
    const text = await response.text()
    const sentence = response.status === 200 ? route?.wire.errorInStream(text) : route?.wire.errorIn(text)
    expect([response.status, sentence]).not.toEqual([response.status, undefined])
    await until('its upstream is closed', () => open.size === 0)
    expect(produced).toBeLessThan(64 * MB)
    await expectServed()
  })

  it('the headers of an answer stay small, whatever its client and its upstream name', async () => {
    upstream.script = (request, response) => {
      for (let n = 0; n < 60; n++) response.setHeader(`x-ratelimit-${n}`, 'x'.repeat(500))
      response.setHeader('openai-model', 'x'.repeat(10_000))
      response.setHeader(`openai-${'x'.repeat(1_000)}`, '1')
      answerInWire('all is well')(request, response)
    }
    const name = 'x'.repeat(20_000)
    const options = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}-${name.slice(0, 200)}`, 1]))
    for (const model of ['cohere', 'anthropic', 'gemini', 'openai']) {
      for (const { path, body } of CLIENT_ROUTES.slice(0, 9)) {
        const own = { [name]: 1, [`aws_${name}`]: 1, options, drop_params: true }
        const response = await gateway.post(path, { ...body, ...own, model })
        await response.text()
        const bytes = [...response.headers].reduce((sum, [key, value]) => sum + key.length + value.length, 0)
        expect([model, path, response.status < 500, bytes < 12_000]).toEqual([model, path, true, true])
      }
    }
  })

  it('signatures of megabytes pass, and are not remembered', async () => {
    const signature = 'c2ln'.repeat(MB)
    upstream.script = (_request, response) => {
      const content = [
        { type: 'thinking', thinking: 'hm', signature },
        { type: 'tool_use', id: `toolu_${produced++}`, name: 'f', input: {} },
      ]
      const message = { id: 'a', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'tool_use' }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...message, usage: { input_tokens: 1, output_tokens: 1 } }))
    }
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    const body = { model: 'anthropic', messages: MESSAGES, tools }
    const ask = async (): Promise<string> => (await gateway.post('/v1/chat/completions', body)).text()
    expect(await ask()).toContain(signature)
    const before = heldBytes()
    for (let turn = 0; turn < 12; turn++) await ask()
    await until('little is held', () => heldBytes() - before < 24 * MB, 200)
  })

  it('nor are those of tool calls', async () => {
    const thoughtSignature = 'c2ln'.repeat(MB)
    upstream.script = (_request, response) => {
      const parts = [{ functionCall: { id: `call-${produced++}`, name: 'f', args: {} }, thoughtSignature }]
      const candidates = [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }]
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ candidates }))
    }
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    const body = { model: 'gemini', messages: MESSAGES, tools }
    const ask = async (): Promise<string> => (await gateway.post('/v1/chat/completions', body)).text()
    expect(await ask()).toContain(thoughtSignature)
    const before = heldBytes()
    for (let turn = 0; turn < 12; turn++) await ask()
    await until('little is held', () => heldBytes() - before < 24 * MB, 200)
  })

  it('sealed thoughts of megabytes that a client made up are nobody’s', async () => {
    upstream.script = answerInWire('all is well')
    const nested = Buffer.from(`${'['.repeat(MB)}${']'.repeat(MB)}`).toString('base64url')
    for (const blob of [`spillway.1.${nested}`, `spillway.1.${'A'.repeat(8 * MB)}`, 'spillway.1.', `x${nested}`]) {
      const content = [
        { type: 'thinking', thinking: 'hm', signature: blob },
        { type: 'text', text: 'x' },
      ]
      const messages = [...MESSAGES, { role: 'assistant', content }, ...MESSAGES]
      for (const model of ['anthropic', 'gemini', 'bedrock', 'openai']) {
        const claude = await gateway.post('/v1/messages', { model, messages, max_tokens: 9 })
        expect([model, claude.status, await claude.text()]).toEqual([model, 200, expect.any(String)])
        const input = [{ type: 'reasoning', summary: [], encrypted_content: blob }, ...MESSAGES]
        const responses = await gateway.post('/v1/responses', { model, input })
        expect([model, responses.status, await responses.text()]).toEqual([model, 200, expect.any(String)])
      }
    }
  })

  it.each(['/v1/messages/count_tokens', '/utils/token_counter'])('30 MB are counted on %s', async (path) => {
    const messages = [{ role: 'user', content: 'a word and another '.repeat(1.5 * MB) }]
    const [counted, other] = await Promise.all([
      gateway.post(path, { model: 'runner', messages }),
      gateway.post('/v1/messages', { model: 'openai', messages: MESSAGES, max_tokens: 9 }),
    ])
    expect([counted.status, other.status]).toEqual([200, 200])
    const { input_tokens: input, total_tokens: total } = (await counted.json()) as Record<string, number>
    expect(input ?? total).toBeGreaterThan(5 * MB)
  })
})
