import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MESSAGES, OWNER_KEY, until } from './attacked-gateway.ts'
import { createCanary, filesUnder } from './canary.ts'
import { BARE, NAMED } from './leaking-upstream.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'

/**
 * KEY-01, KEY-03: the keys of providers, through every failure that we can think of, with upstreams that repeat them in
 * every place that they have; then a search of everything that ever left the process.
 */
const CLI = resolve(import.meta.dirname, '../cli.ts')
const PREFIXED = createCanary('sk-CANARY-', randomBytes(32).toString('hex'))
/** As Azure, Mistral, Together and many runners make theirs: nothing tells that it is a key. */
const PLAIN = createCanary('', randomBytes(32).toString('hex'))
const canaries = [PREFIXED, PLAIN]
const said: { readonly where: string; readonly text: Buffer | string }[] = []
let upstream: ScriptedUpstream
let dataDir: string
let configDir: string
let configPath: string
let gateway: ChildProcess
let url = ''

const config = (): string => `
discovery: false
routing: { retries: 0, cooldown: { disabled: true } }
providers:
  prefixed: { kind: openai, base_url: '${upstream.url}/v1', key: os.environ/CANARY_PREFIXED }
  plain: { kind: openai_like, base_url: '${upstream.url}/v1', key: os.environ/CANARY_PLAIN }
  rewritten: { kind: openai, base_url: '${upstream.url}/v1', key: os.environ/CANARY_PREFIXED, lane: translated }
  native: { kind: ollama, base_url: '${upstream.url}', key: os.environ/CANARY_PREFIXED }
  header: { kind: openai_like, base_url: '${upstream.url}/v1', key: x, headers: { x-secret-header: os.environ/CANARY_PREFIXED } }
  literal: { kind: openai_like, base_url: '${upstream.url}/v1', key: ${PREFIXED.value} }
models:
  prefixed: prefixed/m
  plain: plain/m
  rewritten: rewritten/m
  native: native/m
  header: header/m
  literal: literal/m
  both: { targets: [prefixed/m, plain/m, rewritten/n], fallbacks: [native] }
`
const MODELS = ['prefixed', 'plain', 'rewritten', 'native', 'header', 'literal', 'both']

beforeAll(async () => {
  upstream = await startScriptedUpstream((_request, response) => void response.end())
  dataDir = await mkdtemp(join(tmpdir(), 'spillway-canary-'))
  configDir = await mkdtemp(join(tmpdir(), 'spillway-canary-config-'))
  configPath = join(configDir, 'spillway.yaml')
  await writeFile(configPath, config())
  gateway = command(['serve', '--port', '0', '--config', configPath])
  let output = ''
  gateway.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until('it listens', () => /listening on (\S+)/.test(output))
  url = /listening on (\S+)/.exec(output)?.[1] ?? ''
})
afterAll(async () => {
  gateway.kill('SIGKILL')
  await upstream.close()
  await rm(dataDir, { recursive: true, force: true })
  await rm(configDir, { recursive: true, force: true })
})

/** Starts the real command line; whatever it says is searched later. */
function command(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args, '--data-dir', dataDir], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: dataDir,
      SPILLWAY_KEY: OWNER_KEY,
      CANARY_PREFIXED: PREFIXED.value,
      CANARY_PLAIN: PLAIN.value,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => said.push({ where: `spillway ${args.join(' ')}`, text: chunk }))
  }
  return child
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((done) => child.on('close', () => done()))
}

async function askEverything(script: Script): Promise<void> {
  upstream.script = script
  await Promise.all([
    ...MODELS.map((model) => ask('/v1/chat/completions', { model, messages: MESSAGES })),
    ...MODELS.map((model) => ask('/v1/chat/completions', { model, messages: MESSAGES, stream: true })),
    ask('/v1/completions', { model: 'prefixed', prompt: 'x', stream: true }),
    ask('/v1/embeddings', { model: 'plain', input: 'x' }),
    ask('/v1/embeddings', { model: 'native', input: 'x' }),
  ])
}

async function ask(path: string, body: object): Promise<void> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OWNER_KEY}` },
    body: JSON.stringify(body),
  })
  keepReply(path, response, await response.text().catch((error: unknown) => String(error)))
}

function keepReply(where: string, response: Response, body: string): void {
  const headers = JSON.stringify(Object.fromEntries(response.headers))
  said.push({ where: `the answer of ${where}`, text: `${response.status} ${headers}\n${body}` })
}

let searched = 0

/** What was said since the last search and holds a canary, and how; the excerpt says enough to find the place. */
function newHits(): string[] {
  const fresh = said.slice(searched)
  searched = said.length
  return hitsIn(fresh)
}

function hitsInFiles(): string[] {
  return hitsIn([...filesUnder(dataDir)].map(([where, bytes]) => ({ where, text: bytes })))
}

function hitsIn(places: readonly (typeof said)[number][]): string[] {
  return places.flatMap(({ where, text: found }) =>
    canaries.flatMap((canary) =>
      canary.findIn(found).map((how) => `${where}: ${how}: ${excerpt(found, canary.value)}`),
    ),
  )
}

function excerpt(found: Buffer | string, value: string): string {
  const shown = found.toString('latin1')
  const at = shown.indexOf(value.slice(0, 20))
  return shown.slice(Math.max(0, at - 120), at + 20)
}

describe('the search itself', () => {
  it('finds a canary that was planted, in every encoding', () => {
    const { value, findIn } = PREFIXED
    const bytes = Buffer.from(value)
    for (const planted of [
      value,
      value.toUpperCase(),
      bytes.toString('hex'),
      Buffer.from(`user:${value}`).toString('base64'),
      Buffer.from(`Bearer ${value}`).toString('base64'),
      Buffer.from(`{"key":"${value}"}`).toString('base64url'),
      [...bytes].map((byte) => `%${byte.toString(16)}`).join(''),
      [...bytes].map((byte) => String.raw`\u00${byte.toString(16)}`).join(''),
      Buffer.from(value, 'utf16le'),
      value.split('').reverse().join(''),
      `...${value.slice(-34)}`,
    ]) {
      expect({ planted, found: findIn(planted).length > 0 }).toEqual({ planted, found: true })
    }
    expect(findIn('sk-CANARY-[key]')).toEqual([])
  })
})

describe('KEY-01, KEY-03: a provider’s key is told to nobody but that provider', () => {
  it.each(NAMED)('after %s', async (_, failure) => {
    for (const { value } of canaries) await askEverything(failure(value))
    expect(newHits()).toEqual([])
  })

  it.each(BARE)('when it is repeated %s', async (_, failure) => {
    await askEverything(failure(PREFIXED.value))
    // Nothing tells that this one is a key, so it is hidden from what its own upstream says and from nothing else.
    upstream.script = failure(PLAIN.value)
    for (const stream of [true, false])
      await ask('/v1/chat/completions', { model: 'plain', messages: MESSAGES, stream })
    expect(newHits()).toEqual([])
  })

  it('in what the pages tell', async () => {
    for (const path of [
      '/v1/models',
      '/model/info',
      '/v1/model/info',
      '/health',
      '/health/readiness',
      '/',
      '/v1/models/plain',
    ]) {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${OWNER_KEY}` } })
      keepReply(path, response, await response.text())
    }
    expect(newHits()).toEqual([])
    expect(hitsInFiles()).toEqual([])
  })

  it('in what the server says of broken edits', async () => {
    const complaints = (): number => said.filter(({ text: found }) => found.toString().includes('last good')).length
    for (const broken of brokenConfigs().filter((_, index) => index % 9 === 0)) {
      const before = complaints()
      await writeFile(configPath, broken)
      await until(`it complains about ${broken}`, () => complaints() > before)
    }
    expect(newHits()).toEqual([])
  })

  it('in what the commands print', async () => {
    await writeFile(configPath, config())
    const paths = await Promise.all(
      [...brokenConfigs(), ...liteLlmConfigs()].map(async (broken, index) => {
        const path = join(configDir, `broken-${index}.yaml`)
        await writeFile(path, broken)
        return path
      }),
    )
    const commands = [
      ['check', configPath, '--json'],
      ['explain', '--config', configPath, 'both'],
      ['explain', '--config', configPath, '--json', 'literal'],
      ['doctor'],
      ['logs', '--json', '--limit', '1000'],
      ['keys', 'list'],
    ]
    await Promise.all(commands.map((args) => finished(command(args))))
    const { check } = await import('../commands/check.ts')
    const { importConfig } = await import('../commands/import.ts')
    const { recordedIo } = await import('../commands/test/recorded-io.ts')
    for (const path of paths) {
      for (const run of [check, importConfig]) {
        const io = recordedIo()
        await run([path], io)
        said.push({ where: `${run.name} ${path}`, text: [...io.outLines, ...io.errorLines].join('\n') })
      }
    }
    expect(newHits()).toEqual([])
  })

  it('and not after a graceful end, when every row is in the file', async () => {
    const ended = finished(gateway)
    gateway.kill('SIGTERM')
    await ended
    const rows = [...filesUnder(dataDir)].filter(([path]) => path.endsWith('logs.db'))
    expect(rows.map(([, bytes]) => bytes.length > 10_000)).toEqual([true])
    expect(said.length).toBeGreaterThan((NAMED.length + BARE.length) * 20)
    expect(newHits()).toEqual([])
    expect(hitsInFiles()).toEqual([])
  })
})

/** Slips that people make while they write a key into the file. */
function brokenConfigs(): string[] {
  return canaries.flatMap(({ value }) => [
    `providers: { openai: ${value} }\n`,
    `providers:\n  openai:\n    key: [${value}]\n`,
    `providers:\n  openai:\n    key: { value: ${value} }\n`,
    `providers:\n  openai:\n    ${value}: x\n`,
    `providers:\n  openai:\n    kind: ${value}\n`,
    `providers:\n  openai:\n    base_url: 'http://${value}@'\n`,
    `providers:\n  openai:\n    base_url: 'ftp://user:${value}@host.example/v1'\n`,
    `providers:\n  openai:\n    locality: ${value}\n`,
    `providers:\n  openai:\n    key: ${value}\n   models: x\n`,
    `providers:\n  openai:\n    key: "${value}\n`,
    `providers:\n  openai:\n    key: *${value}\n`,
    `providers:\n  openai:\n    key: !${value} x\n`,
    `providers:\n  openai:\n    key ${value}\n`,
    `providers:\n  openai:\n    key: ${value}\n    key: ${value}\n`,
    `providers:\n  openai:\n    headers: { ${value}: [1] }\n`,
    `providers:\n  openai:\n    params: ${value}\n`,
    `providers:\n  openai:\n    timeouts: { connect_ms: ${value} }\n`,
    `${value}: openai\n`,
    `${value}\n`,
    `mode: ${value}\n`,
    `auth: ${value}\n`,
    `models: { m: ${value} }\n`,
    `models: { m: { targets: [{ use: openai/x, key: ${value} }] } }\n`,
    `models: { m: openai/x, n: unknown/${value} }\n`,
    `keys: { app: ${value}, modes: x }\nmodde: x\n`,
    `keys: [${value}]\n`,
    `keys: ${value}\n`,
    `server: { hosts: ['http://${value}'] }\n`,
    `server: { port: ${value} }\n`,
  ])
}

/** The same in LiteLLM's format, where keys in the file are common. */
function liteLlmConfigs(): string[] {
  return canaries.flatMap(({ value }) => [
    `model_list:\n  - model_name: m\n    litellm_params: { model: openai/x, api_key: ${value} }\ngeneral_settings: { master_key: ${value} }\n`,
    `model_list:\n  - model_name: m\n    litellm_params: { model: openai/x, api_key: [${value}] }\n`,
    `model_list:\n  - model_name: m\n    litellm_params: { model: ${value}, api_key: ${value}, aws_secret_access_key: ${value}, vertex_credentials: ${value} }\n`,
    `model_list:\n  - model_name: m\n    litellm_params: { model: openai/x, extra_headers: { authorization: Bearer ${value} } }\n`,
    `model_list: []\nenvironment_variables: { OPENAI_API_KEY: ${value} }\ngeneral_settings: { database_url: 'postgres://u:${value}@h/d', master_key: [${value}] }\nlitellm_settings: { cache_params: { password: ${value} }, success_callback: [${value}] }\n`,
  ])
}
