import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGateway, StartError, type Gateway, type GatewayOptions, type SpillwayConfig } from './library.ts'
import { chatChunk, chatReply, replyEvents, replyJson, requestOf, usageChunk } from './test/scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './test/scripted-upstream.ts'

const ECHO = 'spillway/echo'
const ASK = [{ role: 'user', content: 'ping' }] as const
const QUIET: SpillwayConfig = { discovery: false }
const open: Gateway[] = []
let folder: string
let upstream: ScriptedUpstream

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
  upstream = await startScriptedUpstream(replyJson(chatReply({ content: 'Hi.' })))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(open.splice(0).map((gateway) => gateway.close(0)))
  await upstream.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await createGateway({ config: QUIET, env: {}, onNotice: () => undefined, ...options })
  open.push(gateway)
  return gateway
}

function withUpstream(): SpillwayConfig {
  const providers = { far: { kind: 'openai', base_url: `${upstream.url}/v1`, key: 'sk-upstream' } }
  return { ...QUIET, providers, models: { far: 'far/gpt-4o' } }
}

function openai({ fetch }: Gateway): OpenAI {
  return new OpenAI({ baseURL: 'http://spillway/v1', apiKey: 'sk-of-the-sdk', fetch, maxRetries: 0 })
}

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let said = ''
  for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? ''
  return said
}

describe('the official SDKs, in process', () => {
  it('openai: whole and streamed', async () => {
    const client = openai(await start())
    const whole = await client.chat.completions.create({ model: ECHO, messages: [...ASK] })
    expect(whole.choices[0]?.message.content).toContain('ping')
    const stream = await client.chat.completions.create({ model: ECHO, messages: [...ASK], stream: true })
    expect(await textOf(stream)).toContain('ping')
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual([ECHO])
  })

  it('openai: its errors are those of the port', async () => {
    const asked = openai(await start()).chat.completions.create({ model: 'nobody', messages: [...ASK] })
    await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  it('openai: a file', async () => {
    upstream.script = replyJson({ text: 'spoken' })
    const file = new File(['sound'], 'a.wav')
    const answer = await openai(await start({ config: withUpstream() })).audio.transcriptions.create({
      file,
      model: 'far',
    })
    expect(answer.text).toBe('spoken')
    expect(requestOf(upstream).text).toContain('sound')
  })

  it('openai: a stream through an upstream; its key stays here, ours is what the upstream gets', async () => {
    upstream.script = replyEvents([chatChunk({ content: 'one ' }), chatChunk({ content: 'two' }, 'stop'), usageChunk])
    const client = openai(await start({ config: withUpstream() }))
    const stream = await client.chat.completions.create({ model: 'far', messages: [...ASK], stream: true })
    expect(await textOf(stream)).toBe('one two')
    expect(requestOf(upstream).headers.authorization).toBe('Bearer sk-upstream')
    expect(JSON.stringify(requestOf(upstream))).not.toContain('sk-of-the-sdk')
  })

  it('openai: an upstream that breaks off is an error, never an end', async () => {
    upstream.script = replyEvents([chatChunk({ content: 'one ' })], { done: false })
    const client = openai(await start({ config: withUpstream() }))
    const stream = await client.chat.completions.create({ model: 'far', messages: [...ASK], stream: true })
    await expect(textOf(stream)).rejects.toThrow(OpenAI.APIError)
  })

  it('openai: an abort ends the request upstream, and the row says so', async () => {
    const gone = Promise.withResolvers<void>()
    upstream.script = (_, response) => {
      response.on('close', () => gone.resolve())
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chatChunk({ content: 'one' }))}\n\n`)
    }
    const gateway = await start({ config: withUpstream() })
    const stream = await openai(gateway).chat.completions.create({ model: 'far', messages: [...ASK], stream: true })
    for await (const _ of stream) stream.controller.abort()
    await gone.promise
    await expect.poll(() => gateway.recentRequests(1)).toMatchObject([{ outcome: 'cancelled', status: 499 }])
  })

  it('@anthropic-ai/sdk: whole and streamed', async () => {
    const { fetch } = await start()
    const client = new Anthropic({ baseURL: 'http://spillway', apiKey: 'sk-of-the-sdk', fetch, maxRetries: 0 })
    const body = { model: ECHO, max_tokens: 100, messages: [...ASK] }
    expect((await client.messages.create(body)).content[0]).toMatchObject({ text: expect.stringContaining('ping') })
    expect(await client.messages.stream(body).finalText()).toContain('ping')
  })

  it('ollama: whole and streamed', async () => {
    const { fetch } = await start()
    const client = new Ollama({ host: 'http://spillway', fetch })
    const body = { model: ECHO, messages: [...ASK] }
    expect((await client.chat(body)).message.content).toContain('ping')
    let said = ''
    for await (const part of await client.chat({ ...body, stream: true })) said += part.message.content
    expect(said).toContain('ping')
  })
})

describe('a row is written', () => {
  it('for each request, under the name of the program', async () => {
    const gateway = await start()
    const client = openai(gateway)
    await client.chat.completions.create({ model: ECHO, messages: [...ASK] })
    await client.chat.completions.create({ model: 'nobody', messages: [...ASK] }).catch(() => undefined)
    const rows = await gateway.recentRequests(10)
    expect(rows.map(({ app, model, status }) => [app, model, status])).toEqual([
      ['program', ECHO, 200],
      ['program', 'nobody', 404],
    ])
  })

  it('and the limits of that name hold', async () => {
    const client = openai(await start({ config: { ...QUIET, apps: { program: { rpm: 1, models: ['spillway/*'] } } } }))
    await client.chat.completions.create({ model: ECHO, messages: [...ASK] })
    const second = client.chat.completions.create({ model: ECHO, messages: [...ASK] })
    await expect(second).rejects.toBeInstanceOf(OpenAI.RateLimitError)
  })
})

describe('the port', () => {
  const sockets = (): readonly string[] => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap')

  it('is not there before listen(), and not after close()', async () => {
    const before = sockets().length
    const gateway = await start()
    await openai(gateway).chat.completions.create({ model: ECHO, messages: [...ASK] })
    expect(sockets()).toHaveLength(before)
    const { url } = await gateway.listen(0)
    expect(sockets().length).toBeGreaterThan(before)
    await gateway.close()
    expect(sockets()).toHaveLength(before)
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed')
  })

  it('wants its own key, which no request inside has had', async () => {
    const [one, other] = [await start(), await start()]
    const { url, key } = await one.listen(0)
    const { key: others } = await other.listen(0)
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/v1/models`, { headers })).status
    expect(await status({ authorization: `Bearer ${key}` })).toBe(200)
    expect(await status({})).toBe(401)
    for (const wrong of ['sk-of-the-sdk', 'program', 'in-process', others]) {
      expect(await status({ authorization: `Bearer ${wrong}` })).toBe(401)
      expect(await status({ 'x-api-key': wrong })).toBe(401)
    }
  })

  it('holds callers to the whole guard, also while requests are served inside', async () => {
    const gateway = await start()
    const { url, key } = await gateway.listen(0)
    await openai(gateway).chat.completions.create({ model: ECHO, messages: [...ASK] })
    const headers = { authorization: `Bearer ${key}`, origin: 'http://evil.example' }
    expect((await fetch(`${url}/v1/models`, { headers })).status).toBe(403)
  })

  it('is told once, also to two who ask at the same time', async () => {
    const gateway = await start({ port: 0 })
    const [first, second] = await Promise.all([gateway.listen(), gateway.listen()])
    expect(second).toEqual(first)
    expect(await gateway.listen(0)).toEqual(first)
  })

  it('that is taken is a StartError; another one can be tried', async () => {
    const { url } = await (await start()).listen(0)
    const gateway = await start()
    await expect(gateway.listen(Number(new URL(url).port))).rejects.toThrow(StartError)
    expect((await gateway.listen(0)).url).not.toBe(url)
  })

  it('shows its key to whoever asked, and to nobody else', async () => {
    const notices: string[] = []
    const gateway = await start({ dataDir: folder, onNotice: (notice) => void notices.push(notice) })
    const { url, key } = await gateway.listen(0)
    await openai(gateway).chat.completions.create({ model: ECHO, messages: [...ASK] })
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
    await client.chat.completions.create({ model: ECHO, messages: [...ASK] })
    const said = JSON.stringify([notices, await gateway.recentRequests(10), gateway.config()])
    expect(said).not.toContain(key)
    expect(said).not.toContain('sk-of-the-sdk')
  })
})

describe('the configuration', () => {
  it('is an object, whose mistakes are told by their path', async () => {
    const config = { models: { a: 'openai/gpt-4o', b: { targets: ['x/y', { use: 'openai/z', wieght: 1 }] } } }
    const failure: unknown = await createGateway({ config, env: {} }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StartError)
    const { diagnostics, message } = failure as StartError
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ file, code }) => [file, code])).toEqual([
      ['config.models.b.targets[0]', 'unknown-provider'],
      ['config.models.b.targets[1].wieght', 'unknown-key'],
    ])
    expect(message).toContain('Did you mean "weight"?')
  })

  it('is a text, whose mistakes are told by line and column', async () => {
    const failure: unknown = await createGateway({ configText: 'discovery: false\nmodells: {}\n' }).catch(
      (e: unknown) => e,
    )
    expect(failure).toMatchObject({ name: 'StartError', diagnostics: [{ file: 'configText', line: 2, column: 1 }] })
  })

  it('is a file, which is read again after an edit', async () => {
    const path = join(folder, 'spillway.yaml')
    writeFileSync(path, 'discovery: false\nmode: local-first\n')
    const gateway = await start({ config: path })
    writeFileSync(path, 'discovery: false\nmode: local-only\n')
    await expect.poll(() => gateway.config().mode, { timeout: 10_000 }).toBe('local-only')
  })

  it('is one of them, not two', async () => {
    await expect(createGateway({ config: QUIET, configText: 'discovery: false' })).rejects.toThrow(StartError)
  })

  it('gets its variables from where the program says', async () => {
    const providers = { far: { kind: 'openai', base_url: `${upstream.url}/v1`, key: 'os.environ/MINE' } }
    const client = openai(await start({ config: { ...withUpstream(), providers }, env: { MINE: 'sk-mine' } }))
    await client.chat.completions.create({ model: 'far', messages: [...ASK] })
    expect(requestOf(upstream).headers.authorization).toBe('Bearer sk-mine')
  })
})

describe('what is kept', () => {
  it('is gone after close(), and after a start that failed', async () => {
    vi.stubEnv('TMPDIR', folder)
    const gateway = await start()
    await openai(gateway).chat.completions.create({ model: ECHO, messages: [...ASK] })
    expect(readdirSync(folder)).toHaveLength(1)
    await gateway.close()
    await createGateway({ configText: 'nonsense: 1' }).catch(() => undefined)
    expect(readdirSync(folder)).toEqual([])
  })

  it('stays in a folder that was named, which one gateway uses at a time', async () => {
    const first = await start({ dataDir: folder })
    await openai(first).chat.completions.create({ model: ECHO, messages: [...ASK] })
    await expect(start({ dataDir: folder })).rejects.toThrow(StartError)
    await first.close()
    expect(await (await start({ dataDir: folder })).recentRequests(10)).toHaveLength(1)
  })
})

describe('two gateways in one process', () => {
  it('know nothing of each other', async () => {
    const [one, other] = [await start({ config: withUpstream() }), await start()]
    await openai(one).chat.completions.create({ model: 'far', messages: [...ASK] })
    const asked = openai(other).chat.completions.create({ model: 'far', messages: [...ASK] })
    await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await one.close()
    await openai(other).chat.completions.create({ model: ECHO, messages: [...ASK] })
    expect(await other.recentRequests(10)).toHaveLength(2)
  })
})

describe('close()', () => {
  it('lets a running answer end', async () => {
    const proceed = Promise.withResolvers<void>()
    upstream.script = async (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chatChunk({ content: 'one ' }))}\n\n`)
      await proceed.promise
      await replyEnd(request, response)
    }
    const replyEnd: ScriptedUpstream['script'] = (_, response) => {
      response.write(`data: ${JSON.stringify(chatChunk({ content: 'two' }, 'stop'))}\n\n`)
      response.end('data: [DONE]\n\n')
    }
    const gateway = await start({ config: withUpstream() })
    const stream = await openai(gateway).chat.completions.create({ model: 'far', messages: [...ASK], stream: true })
    const closed = gateway.close()
    proceed.resolve()
    expect(await textOf(stream)).toBe('one two')
    await closed
  })

  it('asked again for less time, ends what still runs with an error', async () => {
    upstream.script = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chatChunk({ content: 'one ' }))}\n\n`)
    }
    const gateway = await start({ config: withUpstream() })
    const stream = await openai(gateway).chat.completions.create({ model: 'far', messages: [...ASK], stream: true })
    const closed = gateway.close(60_000)
    await Promise.all([expect(textOf(stream)).rejects.toThrow(OpenAI.APIError), gateway.close(0), closed])
  })

  it('is the end: nothing is served after it', async () => {
    const gateway = await start()
    await gateway.close()
    await expect(gateway.fetch('http://spillway/v1/models')).rejects.toThrow(TypeError)
    await expect(gateway.listen(0)).rejects.toThrow(StartError)
  })
})

describe('the process', () => {
  const ask = `const reply = await gateway.fetch('http://spillway/v1/models'); console.log(reply.status)`
  it.each([
    ['after close()', `${ask}; await gateway.listen(0); await gateway.close()`],
    ['also where close() was forgotten', ask],
    ['also where an answer was never read', `await gateway.fetch('http://spillway/v1/models'); console.log(200)`],
    ['also in the middle of it', `${ask}; process.exit(0)`],
  ])('ends by itself %s, and leaves nothing behind', async (_, work) => {
    const library = new URL('./library.ts', import.meta.url).href
    const program = `import { createGateway } from '${library}'; const gateway = await createGateway(); ${work}`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH: process.env['PATH'], TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [[code], output] = await Promise.all([once(child, 'exit'), text(child.stdout)])
    expect([code, output]).toEqual([0, '200\n'])
    expect(readdirSync(folder)).toEqual([])
  })
})
