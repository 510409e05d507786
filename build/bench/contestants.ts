import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Child, startChild } from '../lib/child.ts'
import type { Address } from './load-protocol.ts'
import { litellm, portkey } from './peers.ts'

/** Something that stands between client and model, started and ready. */
export interface Contestant {
  readonly name: string
  readonly address: Address
  /** Undefined for `direct`, where nothing stands between. */
  readonly child: Child | undefined
}

export interface Entry {
  readonly name: string
  start(upstreamPort: number): Promise<Contestant>
}

const HERE = import.meta.dirname
const CLI = resolve(HERE, '../../dist/gateway/cli.js')
const CHAT = '/v1/chat/completions'
const KEY = 'sk-bench-0123456789abcdef0123456789abcdef'
export const EXPRESS = 'express'
export const SPILLWAY = 'spillway'
export const TRANSLATED = 'spillway, translated'

/** Who takes part, in the order of the table. */
export function entries(withPeers: boolean): readonly Entry[] {
  return [
    { name: 'direct', start: async (port) => ({ name: 'direct', address: plain(port), child: undefined }) },
    bare('http', 'bare-http.ts'),
    bare(EXPRESS, 'bare-express.ts'),
    spillway(SPILLWAY, 'auto'),
    spillway(TRANSLATED, 'translated'),
    ...(withPeers ? [portkey, litellm] : []),
  ]
}

function plain(port: number): Address {
  return { port, path: CHAT, headers: { authorization: 'Bearer bench' } }
}

function bare(name: string, file: string): Entry {
  return {
    name,
    start: async (upstreamPort) => {
      const command = [process.execPath, join(HERE, file), `http://127.0.0.1:${upstreamPort}`]
      const child = await startChild(command, /ready on (\d+)/, { env: { NODE_ENV: 'production' } })
      return { name, address: plain(Number(child.ready)), child }
    },
  }
}

function spillway(name: string, lane: 'auto' | 'translated'): Entry {
  return {
    name,
    start: async (upstreamPort) => {
      const child = await startSpillway(upstreamPort, lane)
      const headers = { authorization: `Bearer ${KEY}` }
      return { name, address: { port: Number(child.ready), path: CHAT, headers }, child }
    },
  }
}

/** The built product as a user runs it: key required, limits set, log on, nothing turned off. */
export async function startSpillway(upstreamPort: number, lane: 'auto' | 'translated'): Promise<Child> {
  if (!existsSync(CLI)) throw new Error('dist/gateway/cli.js is not there: `npm run build` says why')
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'))
  await mkdir(join(folder, 'data'))
  const config = join(folder, 'spillway.yaml')
  await writeFile(config, configText(upstreamPort, lane))
  const command = [process.execPath, CLI, 'serve', '--config', config, '--port', '0']
  const child = await startChild(
    [...command, '--data-dir', join(folder, 'data')],
    /Spillway listening on http:\/\/127\.0\.0\.1:(\d+)/,
    { env: { BENCH_KEY: KEY, BENCH_UPSTREAM_KEY: 'bench-upstream', NODE_ENV: 'production' } },
  )
  return {
    ...child,
    stop: async () => {
      await child.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configText(upstreamPort: number, lane: string): string {
  return `discovery: false
keys:
  bench: os.environ/BENCH_KEY
apps:
  bench: { rpm: 1000000000, tpm: 1000000000, max_parallel: 1000000 }
providers:
  mock:
    kind: openai
    base_url: http://127.0.0.1:${upstreamPort}/v1
    key: os.environ/BENCH_UPSTREAM_KEY
    lane: ${lane}
models:
  bench-json: mock/bench-json
  bench-stream-64: mock/bench-stream-64
  bench-stream-512: mock/bench-stream-512
  bench-idle: mock/bench-idle
`
}
