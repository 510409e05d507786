import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startChild } from '../lib/child.ts'
import { freePort } from '../lib/free-port.ts'
import type { Entry } from './contestants.ts'

/** Other gateways, from their registries, kept outside the checkout so that they are fetched once. */
const execute = promisify(execFile)
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'spillway-bench')
const INSTALL_MS = 600_000
const START_MS = 120_000
const POLL_MS = 100
const isWindows = process.platform === 'win32'

/** Its own start script; the two pins are the last versions with which this release starts. */
const PORTKEY = {
  dependencies: { '@portkey-ai/gateway': '1.15.2' },
  overrides: { hono: '4.9.7', '@hono/node-server': '1.13.5' },
}

export const portkey: Entry = {
  name: 'portkey 1.15.2',
  start: async (upstreamPort) => {
    const folder = join(CACHE, 'portkey-1.15.2')
    const script = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
    if (!existsSync(script)) {
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, ...PORTKEY }))
      const npm = isWindows ? 'npm.cmd' : 'npm'
      const options = { cwd: folder, timeout: INSTALL_MS, shell: isWindows }
      await execute(npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund'], options)
    }
    const port = await freePort()
    const command = [process.execPath, script, `--port=${port}`, '--headless']
    const env = { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: 'localhost,127.0.0.1' }
    const child = await startChild(command, /(ready|running|localhost)/i, { env, limitMs: START_MS })
    const headers = {
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
      authorization: 'Bearer bench-upstream',
    }
    return { name: 'portkey 1.15.2', address: { port, path: '/v1/chat/completions', headers }, child }
  },
}

export const litellm: Entry = {
  name: 'litellm proxy',
  start: async (upstreamPort) => {
    const bin = join(CACHE, 'litellm', isWindows ? 'Scripts' : 'bin')
    const program = join(bin, isWindows ? 'litellm.exe' : 'litellm')
    if (!existsSync(program)) {
      await mkdir(CACHE, { recursive: true })
      await execute(isWindows ? 'python' : 'python3', ['-m', 'venv', join(CACHE, 'litellm')], { timeout: INSTALL_MS })
      await execute(join(bin, 'pip'), ['install', '--quiet', 'litellm[proxy]'], { timeout: INSTALL_MS })
    }
    const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-litellm-'))
    await writeFile(join(folder, 'config.yaml'), litellmConfig(upstreamPort))
    const port = await freePort()
    const command = [program, '--config', join(folder, 'config.yaml'), '--host', '127.0.0.1', '--port', String(port)]
    // Without this it asks a web site for prices when it starts.
    const env = { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR', LITELLM_MODE: 'PRODUCTION' }
    const startedAt = performance.now()
    const started = await startChild(command, /(Set models)/i, { env, cwd: folder, limitMs: START_MS })
    // At the log level that its documentation advises it does not say when it listens.
    await untilAlive(`http://127.0.0.1:${port}/health/liveliness`)
    const child = { ...started, readyMs: performance.now() - startedAt }
    const headers = { authorization: 'Bearer sk-bench' }
    return { name: 'litellm proxy', address: { port, path: '/v1/chat/completions', headers }, child }
  },
}

function litellmConfig(upstreamPort: number): string {
  const model = (name: string): string => `
  - model_name: ${name}
    litellm_params:
      model: openai/${name}
      api_base: http://127.0.0.1:${upstreamPort}/v1
      api_key: bench-upstream`
  const models = ['bench-json', 'bench-stream-64', 'bench-stream-512', 'bench-idle'].map(model)
  return `model_list:${models.join('')}\ngeneral_settings:\n  master_key: sk-bench\n`
}

async function untilAlive(url: string): Promise<void> {
  const limitAt = performance.now() + START_MS
  while (performance.now() < limitAt) {
    const isAlive = await fetch(url).then(
      (reply) => reply.ok,
      () => false,
    )
    if (isAlive) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`${url} did not answer within ${START_MS / 1_000} s`)
}
