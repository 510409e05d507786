import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway } from '../gateway.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { chunk, chunked, head, healthyReply, line, sendHealthy, TEXT } from './healthy-reply.ts'
import { startRawUpstream, type RawExchange, type RawUpstream } from './raw-upstream.ts'

const KEY = 'sk-test-0123456789abcdef0123456789abcdef'
const cleanups: (() => Promise<unknown>)[] = []
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)

let upstream: RawUpstream
/** What the upstream does with the models `endless` and `later`, and who waits for it. */
let finish = Promise.withResolvers<void>()
let gone: string[] = []

beforeAll(async () => {
  process.on('unhandledRejection', onRejection)
  upstream = await startRawUpstream(async (exchange) => {
    const model = String(exchange.body['model'])
    if (model.startsWith('endless')) await streamWithoutEnd(exchange)
    else if (model.startsWith('later')) await streamInTwoParts(exchange)
    else await sendHealthy(exchange, healthyReply(exchange))
  })
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  finish = Promise.withResolvers<void>()
  gone = []
})
afterAll(async () => {
  process.off('unhandledRejection', onRejection)
  await upstream.close()
})

async function streamWithoutEnd(exchange: RawExchange): Promise<void> {
  const healthy = healthyReply(exchange)
  exchange.socket.once('close', () => gone.push(String(exchange.body['model'])))
  await exchange.write(head(healthy, 'transfer-encoding: chunked'))
  const piece = healthy.isOllama ? line({ content: 'and on ' }) : chunk({ content: 'and on ' })
  while (exchange.socket.writable) {
    await exchange.write(chunked(piece))
    await sleep(5)
  }
}

async function streamInTwoParts(exchange: RawExchange): Promise<void> {
  const { pieces, ...healthy } = healthyReply(exchange)
  await exchange.write(head(healthy, 'transfer-encoding: chunked'))
  await exchange.write(chunked(pieces.slice(0, 4).join('')))
  await finish.promise
  await exchange.write(chunked(pieces.slice(4).join('')))
  await exchange.write('0\r\n\r\n')
}

interface Running {
  readonly gateway: Gateway
  readonly client: OpenAI
  readonly dataDir: string
  readonly configPath: string
  readonly notices: string[]
}

const configText = (comment = ''): string => `# ${comment}
discovery: false
providers:
  cloud: { kind: openai_like, base_url: 'http://127.0.0.1:${upstream.port}/v1', key: k }
  runner: { kind: ollama, base_url: 'http://127.0.0.1:${upstream.port}' }
models:
  well: cloud/well
  verbatim: { targets: [{ use: cloud/endless-verbatim, max_parallel: 1 }] }
  translated: { targets: [{ use: cloud/endless-translated, lane: translated, max_parallel: 1 }] }
  ollama: { targets: [{ use: runner/endless-ollama, max_parallel: 1 }] }
`

async function newDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spillway-faults-'))
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

async function start(dataDir: string): Promise<Running> {
  const configDir = await newDataDir()
  const configPath = join(configDir, 'spillway.yaml')
  await writeFile(configPath, configText())
  const notices: string[] = []
  const gateway = await createGateway({
    dataDir,
    configPath,
    port: 0,
    env: { SPILLWAY_KEY: KEY },
    clock: createSystemClock(),
    onNotice: (text) => void notices.push(text),
  })
  cleanups.push(async () => {
    await gateway.close(0)
    expect(notices.filter((notice) => notice.includes('bug'))).toEqual([])
  })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0, timeout: 8_000 })
  return { gateway, client, dataDir, configPath, notices }
}

const MESSAGES = [{ role: 'user' as const, content: 'go' }]

async function ask(client: OpenAI): Promise<string> {
  const reply = await client.chat.completions.create({ model: 'well', messages: MESSAGES })
  return reply.choices[0]?.message.content ?? ''
}

interface Streamed {
  readonly begun: Promise<void>
  readonly ended: Promise<{ readonly text: string; readonly error: unknown }>
  leave(): void
}

function stream(client: OpenAI, model: string): Streamed {
  const begun = Promise.withResolvers<void>()
  const controller = new AbortController()
  const read = async (): Promise<{ text: string; error: unknown }> => {
    let text = ''
    try {
      const options = { signal: controller.signal }
      for await (const one of await client.chat.completions.create(
        { model, messages: MESSAGES, stream: true },
        options,
      )) {
        text += one.choices[0]?.delta.content ?? ''
        if (text !== '') begun.resolve()
      }
      return { text, error: undefined }
    } catch (error) {
      return { text, error }
    } finally {
      begun.resolve()
    }
  }
  return { begun: begun.promise, ended: read(), leave: () => controller.abort() }
}

describe('shutting down under twenty live streams', () => {
  const STREAMS = 20

  it('lets those finish that can, and refuses new work meanwhile', async () => {
    const running = await start(await newDataDir())
    const streams = Array.from({ length: STREAMS }, () => stream(running.client, 'cloud/later'))
    await Promise.all(streams.map((one) => one.begun))
    const closed = running.gateway.close(5_000)
    await expect(ask(running.client)).rejects.toBeInstanceOf(OpenAI.APIError)
    finish.resolve()
    expect(new Set((await Promise.all(streams.map((one) => one.ended))).map((end) => end.text))).toEqual(
      new Set([TEXT]),
    )
    await closed
    const again = await start(running.dataDir)
    const rows = (await again.gateway.recentRequests(100)).filter((row) => row.model === 'cloud/later')
    expect(rows.map((row) => row.outcome)).toEqual(Array.from({ length: STREAMS }, () => 'ok'))
  })

  it('ends the others with an error that clients raise, and every row is written', async () => {
    const running = await start(await newDataDir())
    const models = ['cloud/endless-v', 'cloud/endless-t', 'runner/endless-o', 'cloud/later']
    const streams = Array.from({ length: STREAMS }, (_, i) =>
      stream(running.client, models[i % models.length] ?? 'well'),
    )
    await Promise.all(streams.map((one) => one.begun))
    await running.gateway.close(200)
    for (const { text, error } of await Promise.all(streams.map((one) => one.ended))) {
      expect(text).not.toBe('')
      expect(error).toBeInstanceOf(OpenAI.APIError)
      expect(error).not.toBeInstanceOf(OpenAI.APIConnectionError)
      expect(String(error)).toMatch(/shutting down/)
    }
    const again = await start(running.dataDir)
    const rows = await again.gateway.recentRequests(100)
    expect(rows.map((row) => `${row.outcome} ${row.failure}`)).toEqual(
      Array.from({ length: STREAMS }, () => 'truncated shutting-down'),
    )
    expect(await ask(again.client)).toBe(TEXT)
  })
})

describe.each(['verbatim', 'translated', 'ollama'])('a stream without end whose client leaves (%s)', (model) => {
  it('is closed behind the client, logged once, and its slot is free again', async () => {
    const { gateway, client } = await start(await newDataDir())
    for (let round = 1; round <= 3; round++) {
      const one = stream(client, model)
      await one.begun
      one.leave()
      await one.ended
      await expect.poll(() => gone.length, { timeout: 2_000 }).toBe(round)
    }
    await expect.poll(async () => (await gateway.recentRequests(10)).length).toBe(3)
    expect((await gateway.recentRequests(10)).map((row) => `${row.status} ${row.outcome}`)).toEqual(
      Array.from({ length: 3 }, () => '499 cancelled'),
    )
  })
})

describe('the ground under a running gateway', () => {
  it('serves through a storm of edits, half-written ones included, and ends with the last one', async () => {
    const { gateway, client, configPath, notices } = await start(await newDataDir())
    const storm = { isOver: false }
    const asking = Array.from({ length: 4 }, async () => {
      let served = 0
      while (!storm.isOver) {
        expect(await ask(client)).toBe(TEXT)
        served++
      }
      return served
    })
    for (let edit = 0; edit < 120; edit++) {
      const text = configText(`edit ${edit}`)
      await writeFile(configPath, edit % 3 === 0 ? text.slice(0, text.length / 2) : text)
      if (edit % 10 === 0) await sleep(5)
    }
    await writeFile(configPath, `${configText('the last')}  newcomer: cloud/well\n`)
    await expect
      .poll(() => gateway.config().routes.some((route) => route.name === 'newcomer'), { timeout: 5_000 })
      .toBe(true)
    storm.isOver = true
    for (const served of await Promise.all(asking)) expect(served).toBeGreaterThan(0)
    expect(notices.length).toBeLessThan(100)
  })

  it('serves on when its data directory is deleted', async () => {
    const { client, dataDir, gateway } = await start(await newDataDir())
    expect(await ask(client)).toBe(TEXT)
    await rm(dataDir, { recursive: true, force: true })
    for (let round = 0; round < 10; round++) expect(await ask(client)).toBe(TEXT)
    expect((await gateway.recentRequests(100)).length).toBe(11)
    await gateway.close(0)
  })

  it.each<[string, (file: string) => Promise<unknown>]>([
    ['is a directory', (file) => mkdir(file)],
    ['is no database', (file) => writeFile(file, 'not a database '.repeat(1_000))],
    ['is a link to nowhere', (file) => symlink('/nowhere/at/all', file)],
  ])('serves, and says so, when the log %s', async (_name, spoil) => {
    const dataDir = await newDataDir()
    await spoil(join(dataDir, 'logs.db'))
    const { client, gateway, notices } = await start(dataDir)
    for (let round = 0; round < 5; round++) expect(await ask(client)).toBe(TEXT)
    expect(notices.join('\n')).toMatch(/log/i)
    expect((await gateway.recentRequests(10)).length).toBe(5)
  })
})

it('leaves no promise behind', () => {
  expect(rejections).toEqual([])
})
