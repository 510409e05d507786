import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openAiError } from '../http/test/raw-client.ts'
import { seeded } from '../http/test/mutator.ts'
import { createGateway } from '../gateway.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { MESSAGES, OWNER_KEY, startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { openAiJson, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'

/** Every way in which Node starts a process, replaced by one that is counted and refused. */
const spawned = vi.hoisted(() => [] as unknown[])
vi.mock('node:child_process', () => {
  const refuse = (...parts: unknown[]): never => {
    spawned.push(parts)
    throw new Error('A process was started.')
  }
  const names = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']
  const all = Object.fromEntries(names.map((name) => [name, refuse]))
  return { ...all, default: all }
})

const GATEWAY = resolve(import.meta.dirname, '..')
const PATHS = [
  '/',
  '/health',
  '/health/liveliness',
  '/health/liveness',
  '/health/readiness',
  '/v1/models',
  '/models',
  '/openai/v1/models',
  '/v1/models/m',
  '/model/info',
  '/v1/model/info',
  '/api/tags',
  '/api/version',
  '/api/ps',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/metrics',
  '/admin',
  '/config',
  '/nowhere',
]
let upstream: ScriptedUpstream
let gateway: AttackedGateway

beforeAll(async () => {
  upstream = await startScriptedUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(openAiJson('hello'))
  })
  gateway = await startAttackedGateway(`
discovery: false
providers: { cloud: { kind: openai, base_url: '${upstream.url}/v1', key: test-key } }
models: { m: cloud/m }
`)
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

describe('SEC-12: no request starts a process', () => {
  it('nothing that serves requests can even name the module', () => {
    const sources = readdirSync(GATEWAY, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !/\.test\.ts$|(^|[/\\])test[/\\]/.test(name),
    )
    expect(sources.length).toBeGreaterThan(100)
    const may = /^sensors[/\\]/
    const names = /child_process|process\.binding|process\.dlopen|\bnew Function\b|\beval\(|node:vm|node:cluster/
    const wrong = sources.filter((name) => !may.test(name) && names.test(readFileSync(join(GATEWAY, name), 'utf8')))
    expect(wrong).toEqual([])
  })

  it('over every route, with fields that ask for it, none is started', async () => {
    const commands = {
      command: 'touch',
      args: ['/tmp/spillway-was-here'],
      env: { PATH: '/bin' },
      transport: 'stdio',
      mcp_servers: [{ transport: 'stdio', command: 'sh', args: ['-c', 'id'] }],
      mcp_tools: [{ command: 'sh' }],
      tools: [{ type: 'function', function: { name: '$(id)', parameters: { type: 'object' } } }],
      guardrails: ['sh -c id'],
      callbacks: ['os.system'],
      success_callback: ['os.system'],
      prompt_id: '`id`',
    }
    const routes = [
      ...PATHS,
      '/mcp-rest/test/connection',
      '/test/connection',
      '/health/test_connection',
      '/sse',
      '/mcp',
      '/api/create',
      '/api/pull',
      '/api/push',
      '/config/update',
      '/key/generate',
      '/model/new',
      '/shutdown',
      '/keys',
      '/logs',
    ]
    for (const path of routes) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const response = await fetch(
          `${gateway.url + path}${method === 'GET' ? '?transportType=stdio&command=id' : ''}`,
          {
            method,
            headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
            ...(method === 'GET'
              ? {}
              : { body: JSON.stringify({ model: 'm', messages: MESSAGES, prompt: 'x', input: 'x', ...commands }) }),
          },
        )
        const text = await response.text()
        if (response.status >= 400) expect([path, method, isErrorAt(path, text)]).toEqual([path, method, true])
      }
    }
    expect(spawned).toEqual([])
  })

  it('one that were started would be counted', () => {
    expect(() => spawn('id')).toThrow('A process was started')
    expect(spawned).toHaveLength(1)
  })
})

describe('SEC-09: no GET changes anything', () => {
  it('whatever its query: both databases and every file stay as they are', async () => {
    await gateway.rows()
    const before = contentsOf(gateway.dataDir)
    const config = JSON.stringify(gateway.gateway.config())
    const calls = upstream.received.length
    const random = seeded(20_261_123)
    const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)] as Item // lists are not empty
    const names = [
      'q',
      'prompt',
      'model',
      'messages',
      'action',
      'auth',
      'mode',
      'origins',
      'revoke',
      'create',
      'stream',
    ]
    const values = [
      '1',
      'off',
      'm',
      'local-only',
      "';DROP TABLE requests--",
      '../..',
      '%00',
      'http://x',
      '[]',
      '*',
      'default',
    ]
    for (let turn = 0; turn < 400; turn++) {
      const query = Array.from({ length: 1 + (turn % 4) }, () => `${pick(names)}=${encodeURIComponent(pick(values))}`)
      const response = await fetch(`${gateway.url}${pick(PATHS)}?${query.join('&')}`, {
        headers: turn % 3 === 0 ? {} : { authorization: `Bearer ${OWNER_KEY}` },
      })
      await response.text()
      expect(response.status).toBeLessThan(502)
    }
    await gateway.rows()
    expect(contentsOf(gateway.dataDir)).toEqual(before)
    expect(JSON.stringify(gateway.gateway.config())).toBe(config)
    expect(upstream.received).toHaveLength(calls)
  })
})

/** Every row of both databases, and the hash of every other file; how SQLite spreads rows over its files is no content. */
function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name))
  return Object.fromEntries(
    names.map((name) => [
      name,
      name.endsWith('.db') ? rowsIn(join(folder, name)) : hashOf(readFileSync(join(folder, name))),
    ]),
  )
}

function rowsIn(file: string): string {
  const database = new Database(file, { readonly: true })
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()
  const rows = tables.map((table) => [table, database.prepare(`SELECT * FROM "${String(table)}"`).all()])
  database.close()
  expect(rows.length).toBeGreaterThan(0)
  return hashOf(Buffer.from(JSON.stringify(rows)))
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('SEC-40: nothing widens the address', () => {
  it.each(['0.0.0.0', '::', '', 'localhost', '192.168.1.2', '*', 'example.org', '127.0.0.1'])(
    'a configured host %j is refused at the start',
    async (host) => {
      for (const section of [`server: { host: '${host}' }`, `server: { bind: '${host}' }`, `host: '${host}'`]) {
        await expect(startWith(`discovery: false\n${section}\n`, 0)).rejects.toMatchObject({ exitCode: 2 })
      }
    },
  )

  it('exactly two sockets listen, both on loopback', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).filter(({ internal }) => !internal),
    )
    for (const { address, family } of addresses) {
      if (family === 'IPv6') continue
      expect([address, await mayListen(gateway.port, address)]).toEqual([address, true])
    }
    expect(await mayListen(gateway.port, '127.0.0.1')).toBe(false)
    expect(await mayListen(gateway.port, '::1')).toBe(false)
  })

  it.skipIf(process.platform !== 'linux')('the kernel says the same (only Linux has /proc/net)', () => {
    expect(listeningOn(gateway.port)).toEqual(['0100007F', '00000000000000000000000001000000'])
  })
})

/** The addresses that the kernel says somebody listens on, in its own hex. */
function listeningOn(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map((file) => readFileSync(file, 'utf8'))
  return tables.flatMap((table) =>
    table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(suffix) === true && state === '0A')
      .map(([, local]) => local?.split(':')[0] ?? ''),
  )
}

async function mayListen(port: number, host: string): Promise<boolean> {
  const server = await listen(port, host)
  if (server === undefined) return false
  await new Promise((closed) => server.close(closed))
  return true
}

function listen(port: number, host: string): Promise<Server | undefined> {
  return new Promise((settled) => {
    const server = createServer((socket) => void socket.on('error', () => undefined))
    server.once('error', () => settled(undefined))
    server.listen({ port, host, exclusive: true }, () => settled(server))
  })
}

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function startWith(config: string, port: number): ReturnType<typeof createGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spillway-bound-'))
  folders.push(dataDir)
  const configPath = join(dataDir, 'spillway.yaml')
  writeFileSync(configPath, config)
  return createGateway({ dataDir, configPath, port, env: {}, clock: createSystemClock(), onNotice: () => undefined })
}

describe('SEC-41: a port that somebody else has', () => {
  it.each(['127.0.0.1', '::1'])('on %s: it does not serve on the other address, and says what to do', async (host) => {
    const squatter = await listen(0, host)
    const address = squatter?.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await expect(startWith('discovery: false\n', port)).rejects.toMatchObject({
      exitCode: 1,
      lines: [expect.stringContaining(String(port))],
    })
    const other = host === '::1' ? '127.0.0.1' : '::1'
    expect(await mayListen(port, other)).toBe(true)
    await new Promise((closed) => squatter?.close(closed))
  })

  it('two gateways never share one', async () => {
    await expect(startWith('discovery: false\n', gateway.port)).rejects.toMatchObject({ exitCode: 1 })
  })
})

/** Ollama's clients know an error as a text alone. */
function isErrorAt(path: string, text: string): boolean {
  return path.startsWith('/api/') ? /^\{"error":"./.test(text) : openAiError(text) !== undefined
}
