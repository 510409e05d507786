import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ollama } from 'ollama'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createPageApp } from './app.ts'
import { readHead } from './guard/request-head.ts'
import { OLLAMA_VERSION, ollamaPages } from './ollama-pages.ts'
import { createRouteTable } from './route-table.ts'
import type { ModelCard } from './server-deps.ts'
import { APP, standInDeps } from './test/gateway-fixture.ts'

const CARDS: readonly ModelCard[] = [
  {
    name: 'coder',
    provider: 'ollama',
    model: 'Qwen/Qwen3-Coder:30b-q4_K_M',
    locality: 'device',
    contextTokens: 40_960,
    capabilities: ['chat', 'completion', 'tools', 'vision'],
  },
  {
    name: 'smart',
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    locality: 'cloud',
    contextTokens: undefined,
    capabilities: ['chat', 'tools', 'reasoning'],
  },
]

let server: Server
let base: string
let client: Ollama
const bugs: unknown[] = []

beforeAll(async () => {
  const routes = ollamaPages({
    ...standInDeps(),
    listModels: () => CARDS.map(({ name, provider }) => ({ id: name, createdS: 1_700_000_000, ownedBy: provider })),
    describeModel: (name) => {
      if (name === 'broken') throw new Error('a bug')
      return CARDS.find((card) => card.name === name || `${card.name}:latest` === name)
    },
    onBug: (error) => void bugs.push(error),
  })
  const table = createRouteTable(routes)
  const app = createPageApp(routes, (error) => void bugs.push(error))
  server = createServer((request, response) => {
    const match = table.match(request.url ?? '')
    if (match === undefined) throw new Error(`no route ${request.url}`)
    const exchange = {
      id: 'req-1',
      request,
      response,
      head: readHead(request),
      params: match.params,
      app: match.route.policy.auth === 'key' ? APP : undefined,
      headers: ['x-request-id', 'req-1'],
      awaitsContinue: false,
      startedAtMs: 0,
      startedMonotonicMs: 0,
    }
    app.serve(exchange, match.route.action)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  client = new Ollama({ host: base })
})
afterAll(() => new Promise((resolve) => void server.close(resolve)))

function post(path: string, body: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(base + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text })
}

describe('the pages of Ollama’s API, as its official client reads them', () => {
  it('tell a version that clients accept', async () => {
    expect(await client.version()).toEqual({ version: OLLAMA_VERSION })
    expect(/^\d+\.\d+\.\d+$/.test(OLLAMA_VERSION)).toBe(true)
  })

  it('list what there is', async () => {
    const { models } = await client.list()
    expect(models).toHaveLength(2)
    expect(models[0]).toMatchObject({
      name: 'coder',
      model: 'coder',
      modified_at: '2023-11-14T22:13:20.000Z',
      size: 0,
      details: { family: 'qwen3', parameter_size: '30B', quantization_level: 'Q4_K_M', context_length: 40_960 },
      capabilities: ['completion', 'tools', 'vision'],
    })
    // Ollama's own command shortens digests without a look at their length.
    expect(models.every((model) => /^[0-9a-f]{64}$/.test(model.digest))).toBe(true)
    expect(new Set(models.map((model) => model.digest)).size).toBe(2)
  })

  it('say which models run in a cloud', async () => {
    const { models } = await client.list()
    expect(models.map((model) => 'remote_host' in model)).toEqual([false, true])
  })

  it('are answered to HEAD too', async () => {
    expect((await fetch(`${base}/api/tags`, { method: 'HEAD' })).status).toBe(200)
  })

  it('know of no loaded model', async () => {
    expect(await client.ps()).toEqual({ models: [] })
  })

  it('show what VS Code reads', async () => {
    const shown = await client.show({ model: 'coder' })
    const info = shown.model_info as unknown as Record<string, unknown>
    const architecture = String(info['general.architecture'])
    expect(info[`${architecture}.context_length`]).toBe(40_960)
    expect(info['general.basename']).toBe('coder')
    expect(shown.capabilities).toEqual(['completion', 'tools', 'vision'])
    expect(shown.details).toMatchObject({ family: architecture, format: 'gguf' })
    expect(shown.template).toBe('{{ .Prompt }}')
  })

  it('assume a context that is of use where none is known', async () => {
    const shown = await client.show({ model: 'smart' })
    expect(shown.model_info).toMatchObject({ 'claude.context_length': 128_000 })
    expect(shown.capabilities).toEqual(['completion', 'tools', 'thinking'])
  })

  it('take a name with the tag that clients add, and the older key', async () => {
    expect(await (await post('/api/show', { name: 'coder:latest' })).json()).toMatchObject({
      model_info: { 'general.basename': 'coder' },
    })
  })

  it('pull what is there already', async () => {
    expect(await client.pull({ model: 'coder' })).toEqual({ status: 'success' })
    const statuses: string[] = []
    for await (const progress of await client.pull({ model: 'coder', stream: true })) statuses.push(progress.status)
    expect(statuses).toEqual(['pulling manifest', 'success'])
    const response = await post('/api/pull', { model: 'coder' })
    expect(response.headers.get('content-type')).toContain('application/x-ndjson')
  })

  it.each<[string, unknown, number, RegExp]>([
    ['/api/show', { model: 'ghost' }, 404, /^model 'ghost' not found$/],
    ['/api/show', { name: 'x'.repeat(limits.modelNameChars + 1) }, 404, /not found/],
    ['/api/pull', { model: 'ghost' }, 404, /^model 'ghost' not found$/],
    ['/api/show', {}, 400, /`model` is missing/],
    ['/api/show', '{', 400, /not valid JSON/],
    ['/api/show', '', 400, /empty/],
    ['/api/show', { model: 'coder', system: 'x'.repeat(limits.pageBodyBytes) }, 413, /larger than/],
    ['/api/create', { model: 'a', from: 'b' }, 501, /not made here/],
    ['/api/copy', { source: 'a', destination: 'b' }, 501, /not copied here/],
    ['/api/push', { model: 'a' }, 501, /not pushed here/],
    ['/api/show', { model: 'broken' }, 500, /Something broke/],
  ])('%s is refused in words: %#', async (path, body, status, error) => {
    const response = await post(path, body)
    expect(response.status).toBe(status)
    expect(((await response.json()) as { error: unknown }).error).toMatch(error)
  })

  it('delete nothing', async () => {
    const response = await fetch(`${base}/api/delete`, { method: 'DELETE' })
    expect(response.status).toBe(501)
    await expect(client.delete({ model: 'coder' })).rejects.toThrow(/not deleted here/)
  })

  it('report what broke', () => {
    expect(bugs).toHaveLength(1)
  })

  it('ask for a key wherever they tell of models, and have a policy each', () => {
    const open = ollamaPages(standInDeps()).filter((route) => route.policy.auth === 'none')
    expect(open.map((route) => route.path)).toEqual(['/api/version'])
  })
})
