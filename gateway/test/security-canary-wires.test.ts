import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MESSAGES, OWNER_KEY, until } from './attacked-gateway.ts'
import { createCanary, filesUnder } from './canary.ts'
import { BARE, NAMED } from './leaking-upstream.ts'
import { startScriptedUpstream, type ReceivedRequest, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { answerInWire } from './wire-replies.ts'

/**
 * The secrets of providers with a wire or a signature of their own, each planted where its owner would put it; then a
 * search of everything that left the process for any of them.
 */
const CLI = resolve(import.meta.dirname, '../cli.ts')
const random = (): string => randomBytes(32).toString('hex')
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const canaries = {
  ANTHROPIC: createCanary('sk-ant-api03-', random()),
  GEMINI: createCanary('AIza', random()),
  VERTEX: createCanary('', random()),
  BEDROCK: createCanary('', random()),
  AWS_SECRET: createCanary('', random()),
  AWS_SESSION: createCanary('', random()),
  AZURE: createCanary('', random()),
  AZURE_AD: createCanary('', random()),
  AZURE_CLIENT: createCanary('', random()),
  FOUNDRY: createCanary('', random()),
  COHERE: createCanary('', random()),
  /** One line of a PEM: it is base64 itself, and only its middle differs from one key to the next. */
  GOOGLE_PRIVATE: createCanary('', privateKey.split('\n')[5] ?? ''),
  GOOGLE_ACCESS: createCanary('ya29.', random()),
}
type Name = keyof typeof canaries

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
  anthropic: { kind: anthropic, base_url: '${upstream.url}', key: os.environ/ANTHROPIC }
  gemini: { kind: gemini, base_url: '${upstream.url}', key: os.environ/GEMINI }
  vertex: { kind: vertex_ai, base_url: '${upstream.url}', key: os.environ/VERTEX }
  google: { kind: vertex_ai, base_url: '${upstream.url}', settings: { project: p, credentials: os.environ/ACCOUNT } }
  bedrock: { kind: bedrock, base_url: '${upstream.url}', key: os.environ/BEDROCK }
  aws: { kind: bedrock, settings: { region: us-east-1, endpoint: '${upstream.url}', access_key_id: ASIAIOSFODNN7EXAMPLE, secret_access_key: os.environ/AWS_SECRET, session_token: os.environ/AWS_SESSION } }
  azure: { kind: azure, base_url: '${upstream.url}', key: os.environ/AZURE }
  ad: { kind: azure, base_url: '${upstream.url}', settings: { azure_ad_token: os.environ/AZURE_AD } }
  entra: { kind: azure, base_url: '${upstream.url}', settings: { scope: s, tenant_id: 'no tenant', client_id: c, client_secret: os.environ/AZURE_CLIENT } }
  broken: { kind: vertex_ai, base_url: '${upstream.url}', settings: { project: p, credentials: os.environ/BROKEN_ACCOUNT } }
  foundry: { kind: azure_ai, base_url: '${upstream.url}', key: os.environ/FOUNDRY }
  cohere: { kind: cohere, base_url: '${upstream.url}', key: os.environ/COHERE }
models:
  anthropic: anthropic/claude-sonnet-4-5
  gemini: gemini/gemini-2.5-flash
  vertex: vertex/gemini-2.5-flash
  google: google/claude-sonnet-4-5
  bedrock: bedrock/amazon.nova-pro-v1:0
  aws: aws/us.anthropic.claude-sonnet-4-5-20250929-v1:0
  azure: azure/dep
  ad: ad/dep
  foundry: foundry/m
  cohere: cohere/command-a
  unsigned: { targets: [entra/dep, broken/gemini-2.5-flash] }
`
/** Every model that reaches its upstream. */
const MODELS = ['anthropic', 'gemini', 'vertex', 'google', 'bedrock', 'aws', 'azure', 'ad', 'foundry', 'cohere']

/** @param key a private key, sound or not. */
function account(key: string): string {
  const tokenUri = `${upstream.url}/token`
  return JSON.stringify({
    type: 'service_account',
    private_key: key,
    client_email: 'robot@p.example',
    token_uri: tokenUri,
  })
}

beforeAll(async () => {
  upstream = await startScriptedUpstream(answer)
  dataDir = await mkdtemp(join(tmpdir(), 'spillway-canary-wires-'))
  configDir = await mkdtemp(join(tmpdir(), 'spillway-canary-wires-config-'))
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

/** Every path answers in its own wire; the token server gives the token that may be found nowhere either. */
const answer: Script = (request, response) => {
  if (!request.path.endsWith('/token')) return answerInWire('all is well')(request, response)
  const token = { access_token: canaries.GOOGLE_ACCESS.value, expires_in: 3_600, token_type: 'Bearer' }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token))
  return undefined
}

function command(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args, '--data-dir', dataDir], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: dataDir,
      SPILLWAY_KEY: OWNER_KEY,
      ...Object.fromEntries(Object.entries(canaries).map(([name, { value }]) => [name, value])),
      ACCOUNT: account(privateKey),
      // As people copy it: the lines are joined, so that no library can read it.
      BROKEN_ACCOUNT: account(privateKey.replaceAll('\n', '')),
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

/** What a request believes itself with. */
function credentialOf({ headers }: ReceivedRequest): string {
  const own = headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['api-key'] ?? headers['x-amz-security-token']
  return String(own ?? headers.authorization?.replace(/^Bearer /, '') ?? 'nothing')
}

const WAYS = [
  ['/v1/chat/completions', { messages: MESSAGES, stream: true }],
  ['/v1/messages', { messages: MESSAGES, max_tokens: 9 }],
  ['/v1/messages', { messages: MESSAGES, max_tokens: 9, stream: true }],
  ['/v1/responses', { input: 'hi', stream: true }],
  ['/api/chat', { messages: MESSAGES }],
  ['/v1/messages/count_tokens', { messages: MESSAGES }],
  ['/v1/embeddings', { input: 'hi' }],
] as const

async function askEverything(models: readonly string[]): Promise<void> {
  for (const [path, body] of WAYS) await Promise.all(models.map((model) => ask(path, { ...body, model })))
}

async function ask(path: string, body: object): Promise<number> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OWNER_KEY}` },
    body: JSON.stringify(body),
  })
  await keepReply(path, response)
  return response.status
}

async function keepReply(where: string, response: Response): Promise<void> {
  const body = await response.text().catch((error: unknown) => String(error))
  const headers = JSON.stringify(Object.fromEntries(response.headers))
  said.push({ where: `the answer of ${where}`, text: `${response.status} ${headers}\n${body}` })
}

let searched = 0

function newHits(): string[] {
  const fresh = said.slice(searched)
  searched = said.length
  return hitsIn(fresh)
}

function hitsInFiles(): string[] {
  return hitsIn([...filesUnder(dataDir)].map(([where, bytes]) => ({ where, text: bytes })))
}

function hitsIn(places: readonly (typeof said)[number][]): string[] {
  return places.flatMap(({ where, text }) =>
    Object.entries(canaries).flatMap(([name, { findIn }]) =>
      findIn(text).map((how) => `${name} in ${where}: ${how}: ${text.toString().slice(0, 500)}`),
    ),
  )
}

describe('the secrets of providers with wires and signatures of their own', () => {
  it('are what those upstreams are sent, and the rest is never sent', async () => {
    upstream.script = answer
    for (const model of MODELS)
      expect([model, await ask('/v1/messages', { ...WAYS[1][1], model })]).toEqual([model, 200])
    const heard = JSON.stringify(upstream.received.map(({ headers, text }) => [headers, text]))
    const sent = (Object.keys(canaries) as Name[]).filter((name) => heard.includes(canaries[name].value))
    const never = new Set<Name>(['AWS_SECRET', 'AZURE_CLIENT', 'GOOGLE_PRIVATE'])
    expect(new Set(sent)).toEqual(new Set((Object.keys(canaries) as Name[]).filter((name) => !never.has(name))))
    expect(newHits()).toEqual([])
  })

  it.each([...NAMED, ...BARE])('are told to nobody after %s', async (_, failure) => {
    upstream.script = (request, response) => {
      if (request.path.endsWith('/token')) return answer(request, response)
      return failure(credentialOf(request))(request, response)
    }
    await askEverything(MODELS)
    expect(newHits()).toEqual([])
  })

  it('nor is what a signer has that fails', async () => {
    upstream.script = answer
    expect(await ask('/v1/chat/completions', { messages: MESSAGES, model: 'unsigned' })).toBeGreaterThanOrEqual(500)
    await askEverything(['unsigned', 'entra/dep', 'broken/gemini-2.5-flash'])
    const answers = said.slice(searched).map(({ text }) => text.toString())
    expect(answers.some((text) => text.includes('tenant'))).toBe(true)
    expect(answers.some((text) => text.includes('gcloud auth'))).toBe(true)
    expect(newHits()).toEqual([])
  })

  it('in what the pages and the commands tell', async () => {
    for (const path of ['/v1/models', '/model/info', '/api/tags', '/health/readiness']) {
      await keepReply(path, await fetch(url + path, { headers: { authorization: `Bearer ${OWNER_KEY}` } }))
    }
    await keepReply('/api/show', await fetch(`${url}/api/show`, show('google')))
    const commands = [
      ['check', configPath, '--json'],
      ['explain', '--config', configPath, 'unsigned'],
      ['explain', '--config', configPath, '--json', 'aws'],
      ['doctor', '--config', configPath],
      ['logs', '--json', '--limit', '1000'],
    ]
    await Promise.all(commands.map((args) => finished(command(args))))
    expect(newHits()).toEqual([])
    expect(hitsInFiles()).toEqual([])
  })

  it('in what is said of settings that are broken', async () => {
    const { check } = await import('../commands/check.ts')
    const { importConfig } = await import('../commands/import.ts')
    const { recordedIo } = await import('../commands/test/recorded-io.ts')
    for (const [index, broken] of brokenSettings().entries()) {
      const path = join(configDir, `broken-${index}.yaml`)
      await writeFile(path, broken)
      for (const run of [check, importConfig]) {
        const io = recordedIo()
        await run([path], io)
        said.push({ where: `${run.name} ${broken}`, text: [...io.outLines, ...io.errorLines].join('\n') })
      }
    }
    expect(said.length - searched).toBeGreaterThan(20)
    expect(newHits()).toEqual([])
  })

  it('and not after a graceful end, when every row is in the file', async () => {
    const ended = finished(gateway)
    gateway.kill('SIGTERM')
    await ended
    const files = filesUnder(dataDir)
    expect([...files].some(([path, bytes]) => path.endsWith('logs.db') && bytes.length > 10_000)).toBe(true)
    expect(newHits()).toEqual([])
    expect(hitsInFiles()).toEqual([])
  })
})

function show(model: string): RequestInit {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${OWNER_KEY}` }
  return { method: 'POST', headers, body: JSON.stringify({ model }) }
}

/** Slips that people make with what is secret. */
function brokenSettings(): string[] {
  const { value } = canaries.AWS_SECRET
  const bedrock = (settings: string): string =>
    `providers:\n  bedrock: { settings: ${settings} }\nmodels: { m: bedrock/x }\n`
  const deployment = (params: string): string =>
    `model_list:\n  - model_name: m\n    litellm_params: { model: bedrock/x, ${params} }\n`
  return [
    bedrock(`{ region: ${value} }`),
    bedrock(`{ endpoint: 'http://user:${value}@' }`),
    bedrock(`{ endpoint: '${value}' }`),
    bedrock(`{ region: us-east-1, secret_acces_key: ${value} }`),
    bedrock(`{ region: us-east-1, secret_access_key: [${value}] }`),
    bedrock(`{ region: us-east-1, secret_access_key: { value: ${value} } }`),
    bedrock(`{ region: us-east-1, access_key_id: x, secret_access_key: ${value} }`),
    bedrock(`{ ${value}: x }`),
    bedrock(`[${value}]`),
    bedrock(value),
    `providers:\n  azure: { settings: { client_secret: ${value} } }\nmodels: { m: azure/x }\n`,
    `providers:\n  vertex_ai: { settings: { credentials: '{"private_key":"${value}"}' } }\nmodels: { m: vertex_ai/x }\n`,
    deployment(`aws_secret_access_key: ${value}`),
    deployment(`aws_secret_access_key: [${value}], aws_region_name: us-east-1`),
    deployment(`aws_session_token: { a: ${value} }, aws_region_name: ${value}`),
    deployment(`aws_bedrock_runtime_endpoint: 'https://u:${value}@'`),
    deployment(`vertex_credentials: '{"private_key":"${value}"}', vertex_project: p`),
    deployment(`vertex_credentials: { private_key: ${value} }, vertex_project: p`),
    deployment(`client_secret: ${value}, tenant_id: x`),
    deployment(`azure_ad_token: ${value}, api_base: 'https://${value}@'`),
  ]
}
