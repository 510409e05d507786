import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Child, startChild } from '../lib/child.ts'
import { freePort } from '../lib/free-port.ts'
import { tinyGguf } from '../tiny-gguf.ts'

/** A real runner with the tiny model in it. */
export interface Runner {
  readonly name: string
  /** Registry id of its provider. */
  readonly kind: 'ollama' | 'llamacpp'
  readonly baseUrl: string
  readonly model: string
  stop(): Promise<void>
}

export interface Search {
  readonly found: readonly Runner[]
  /** What was looked for and not found, in sentences. */
  readonly missing: readonly string[]
}

const MODEL = 'spillway-tiny'
const PROBE_MS = 1_000
const START_MS = 60_000

/** Looks for runners on this machine, running or installed, and puts the tiny model into each. */
export async function findRunners(): Promise<Search> {
  const found: Runner[] = []
  const missing: string[] = []
  for (const find of [findOllama, findLlamaServer]) {
    const runner = await find()
    if (typeof runner === 'string') missing.push(runner)
    else found.push(runner)
  }
  return { found, missing }
}

async function findOllama(): Promise<Runner | string> {
  const running = ollamaAddress()
  if (await answers(`${running}/api/version`)) return withModel(running, async () => undefined)
  const program = programNamed('ollama')
  if (program === undefined) return `Ollama: nothing answers at ${running}, and there is no \`ollama\` on the path.`
  const folder = await mkdtemp(join(tmpdir(), 'spillway-ollama-'))
  const port = await freePort()
  const env = { OLLAMA_HOST: `127.0.0.1:${port}`, OLLAMA_MODELS: folder }
  const child = await startChild([program, 'serve'], /listening on/i, { env, limitMs: START_MS })
  return withModel(`http://127.0.0.1:${port}`, () => ended(child, folder))
}

/** `OLLAMA_HOST` as Ollama's own client reads it: a host, with or without scheme and port. */
function ollamaAddress(): string {
  const stated = process.env['OLLAMA_HOST'] || '127.0.0.1:11434'
  const url = new URL(/^https?:\/\//.test(stated) ? stated : `http://${stated}`)
  return `${url.protocol}//${url.hostname === '0.0.0.0' ? '127.0.0.1' : url.hostname}:${url.port || '11434'}`
}

/** Ollama takes a model in two steps (docs/api.md: push a blob, create a model from files). */
async function withModel(baseUrl: string, stop: () => Promise<void>): Promise<Runner> {
  const model = tinyGguf()
  const digest = `sha256:${createHash('sha256').update(model).digest('hex')}`
  await expectOk(fetch(`${baseUrl}/api/blobs/${digest}`, { method: 'POST', body: new Uint8Array(model) }))
  const body = JSON.stringify({ model: MODEL, files: { 'tiny.gguf': digest }, stream: false })
  await expectOk(fetch(`${baseUrl}/api/create`, { method: 'POST', body }))
  const remove = { method: 'DELETE', body: JSON.stringify({ model: MODEL }) }
  return {
    name: `Ollama at ${baseUrl}`,
    kind: 'ollama',
    baseUrl,
    model: MODEL,
    stop: async () => {
      await fetch(`${baseUrl}/api/delete`, remove)
      await stop()
    },
  }
}

async function findLlamaServer(): Promise<Runner | string> {
  const program = process.env['SPILLWAY_LLAMA_SERVER'] ?? programNamed('llama-server')
  if (program === undefined) {
    return 'llama.cpp: there is no `llama-server` on the path, and SPILLWAY_LLAMA_SERVER does not name one.'
  }
  const folder = await mkdtemp(join(tmpdir(), 'spillway-llama-'))
  const path = join(folder, `${MODEL}.gguf`)
  await writeFile(path, tinyGguf())
  const port = await freePort()
  const options = ['--host', '127.0.0.1', '--port', String(port), '--ctx-size', '1024', '--no-webui', '--embeddings']
  const command = [program, '--model', path, '--alias', MODEL, '--pooling', 'mean', ...options]
  const child = await startChild(command, /listening on/i, { limitMs: START_MS })
  const baseUrl = `http://127.0.0.1:${port}`
  return { name: `llama.cpp at ${baseUrl}`, kind: 'llamacpp', baseUrl, model: MODEL, stop: () => ended(child, folder) }
}

async function ended(child: Child, folder: string): Promise<void> {
  await child.stop()
  await rm(folder, { recursive: true, force: true })
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) })).ok
  } catch {
    return false
  }
}

async function expectOk(pending: Promise<Response>): Promise<void> {
  const reply = await pending
  if (!reply.ok) throw new Error(`${reply.url} answered ${reply.status}: ${await reply.text()}`)
}

function programNamed(name: string): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, file)).find((path) => existsSync(path))
}
