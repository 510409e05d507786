import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { hashKey, newAppKey } from '../accounts/keys.ts'
import { createKeysCommand } from '../commands/keys.ts'
import { recordedIo } from '../commands/test/recorded-io.ts'
import { MESSAGES, OWNER_KEY, startAttackedGateway, until, type AttackedGateway } from './attacked-gateway.ts'
import { openAiJson, startScriptedUpstream } from './scripted-upstream.ts'

const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0).reverse()) await item.close()
})

/** An upstream whose streams begin and never end; it tells how many are open. */
async function startEndlessUpstream() {
  const open = new Set<object>()
  const upstream = await startScriptedUpstream(({ text }, response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    if (!text.includes('"stream":true')) return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n')
  })
  running.push(upstream)
  return { upstream, open }
}

async function startGateway(config: string, env: Readonly<Record<string, string>> = {}): Promise<AttackedGateway> {
  const gateway = await startAttackedGateway(config, env)
  running.push({ close: gateway.remove })
  return gateway
}

/** `spillway keys`, as a second process would run it on the same folder. */
async function keysCommand(gateway: AttackedGateway, ...args: string[]): Promise<string> {
  const io = recordedIo()
  const run = createKeysCommand({ dataDir: gateway.dataDir, newKey: () => newAppKey(randomBytes) })
  expect(await run(args, io)).toBe(0)
  return io.outLines.join('\n')
}

async function ask(gateway: AttackedGateway, key: string, body: object): Promise<Response> {
  return gateway.post('/v1/chat/completions', { messages: MESSAGES, ...body }, { authorization: `Bearer ${key}` })
}

describe('SEC-34: a key that is revoked while it is in use', () => {
  it.each(['auto', 'translated'])('ends its ten streams, %s lane, and nobody else’s', async (lane) => {
    const { upstream, open } = await startEndlessUpstream()
    const gateway = await startGateway(`
discovery: false
providers: { cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key, lane: ${lane} } }
models: { m: cloud/m }
`)
    const key = await keysCommand(gateway, 'create', 'victim')
    await untilAccepted(gateway, key)

    const streams = await Promise.all(Array.from({ length: 10 }, () => ask(gateway, key, { model: 'm', stream: true })))
    const other = await ask(gateway, OWNER_KEY, { model: 'm', stream: true })
    const waiting = ask(gateway, key, { model: 'm' })
    await until('all have begun', () => open.size === 12)

    await keysCommand(gateway, 'revoke', 'victim')
    const texts = await Promise.all(streams.map((stream) => stream.text()))
    for (const text of texts) {
      expect(text).toContain('Hel')
      const last = text.trim().split('\n\n').at(-1) ?? ''
      expect(JSON.parse(last.replace('data: ', ''))).toMatchObject({
        error: { message: expect.stringContaining('revoked') as string },
      })
      expect(text).not.toContain('[DONE]')
    }
    expect((await waiting).status).toBe(401)
    expect(await models(gateway, key)).toBe(401)
    await until('their upstreams are closed', () => open.size === 1)

    const rows = await gateway.rows()
    expect(
      rows
        .filter(({ app }) => app === 'victim')
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['error', ...Array.from({ length: 10 }, () => 'truncated')])
    await other.body?.cancel()
  })

  it('a key that vanishes from the configuration ends as well', async () => {
    const { upstream, open } = await startEndlessUpstream()
    const config = (keys: string): string => `
discovery: false
${keys}
providers: { cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key } }
models: { m: cloud/m }
`
    const key = 'sk-stated-0123456789abcdef0123456789abcdef'
    const gateway = await startGateway(config('keys: { stated: os.environ/STATED }'), { STATED: key })
    const stream = await ask(gateway, key, { model: 'm', stream: true })
    await until('it has begun', () => open.size === 1)
    const { writeFile } = await import('node:fs/promises')
    await writeFile(gateway.configPath, config(''))
    expect(await stream.text()).toContain('revoked')
    expect(await models(gateway, key)).toBe(401)
    expect(open.size).toBe(0)
  })
})

async function models(gateway: AttackedGateway, key: string): Promise<number> {
  const response = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
  await response.text()
  return response.status
}

/** Seldom enough that the throttle for wrong keys is not met. */
async function untilAccepted(gateway: AttackedGateway, key: string): Promise<void> {
  await until('the key works', async () => (await models(gateway, key)) === 200, 250)
}

describe('SEC-11: keys at rest', () => {
  it('a created key is 256 random bits and stands in no file', async () => {
    const gateway = await startGateway('discovery: false\n')
    const keys: string[] = []
    for (let n = 0; n < 20; n++) keys.push(await keysCommand(gateway, 'create', `app-${n}`))
    await untilAccepted(gateway, keys.at(-1) ?? '')
    expect(new Set(keys).size).toBe(20)
    for (const key of keys) expect(Buffer.from(key.replace('sk-sw-', ''), 'base64url')).toHaveLength(32)
    const list = await keysCommand(gateway, 'list')
    await gateway.stop()

    const files = everyByteUnder(gateway.dataDir)
    expect(files).toContain(hashKey(keys[0] ?? ''))
    for (const key of keys) {
      const secret = key.replace('sk-sw-', '')
      for (const text of [files, list, gateway.notices.join('\n')]) {
        expect(text).not.toContain(secret)
        expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('latin1'))
      }
    }
  })
})

function everyByteUnder(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  return entries.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n')
}

describe('SEC-30, SEC-31: keys that look like others, on the real ledger', () => {
  it('no key that shares a beginning, an end or its hash with a real one is let in, and no statement runs', async () => {
    const gateway = await startGateway('discovery: false\n')
    const key = await keysCommand(gateway, 'create', 'real')
    await untilAccepted(gateway, key)
    const before = await keysCommand(gateway, 'list')
    const guesses = [
      ...Array.from({ length: 12 }, (_, n) => key.slice(0, key.length - 1 - n * 4)),
      ...[1, 6, 20].map((n) => key.slice(n)),
      `${key}A`,
      `${key}=`,
      `${key}${key}`,
      key.toLowerCase(),
      key.toUpperCase(),
      hashKey(key),
      `sha256:${hashKey(key)}`,
      'real',
      `${key}' OR '1'='1`,
      `' OR 1=1 --`,
      `'; DROP TABLE app_keys; --`,
      `' UNION SELECT sha256 FROM app_keys --`,
      `%`,
      `_`,
      `[object Object]`,
      'undefined',
      'null',
      '__proto__',
    ]
    const headers = (guess: string): Record<string, string>[] => [
      { authorization: `Bearer ${guess}` },
      { 'x-api-key': guess },
      { 'api-key': guess },
    ]
    const statuses = new Set<number>()
    for (const guess of guesses) {
      for (const header of headers(guess)) {
        const response = await fetch(`${gateway.url}/v1/models`, { headers: header })
        await response.text()
        statuses.add(response.status)
      }
    }
    expect([...statuses].filter((status) => status !== 401 && status !== 429)).toEqual([])
    expect(await keysCommand(gateway, 'list')).toBe(before)
    expect(await models(gateway, key)).toBe(200)
  })

  it('what a caller is called, and asks for, is data and never a statement', async () => {
    const upstream = await startScriptedUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(openAiJson('hello'))
    })
    running.push(upstream)
    const gateway = await startGateway(`
discovery: false
providers: { cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key } }
models: { '*': 'cloud/*' }
`)
    const statement = `x'); DROP TABLE requests; --`
    const response = await gateway.post(
      '/v1/chat/completions',
      { model: statement, messages: MESSAGES, user: statement },
      { 'user-agent': statement },
    )
    expect(response.status).toBe(200)
    await response.text()
    expect((await gateway.rows()).map(({ model }) => model)).toEqual([statement])
  })
})
