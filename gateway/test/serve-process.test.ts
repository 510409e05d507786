import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const CLI = resolve(import.meta.dirname, '../../dist/gateway/cli.js')
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** The built command line, as a user starts it: what it prints, how it ends. */
describe.skipIf(!existsSync(CLI))('spillway serve as a process', () => {
  it('prints one line when it is ready, answers the echo model, and exits 0 on SIGTERM', async () => {
    const child = await serve([], { SPILLWAY_KEY: 'sk-process-test' })
    const url = await readyUrl(child)
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-process-test' },
      body: JSON.stringify({ model: 'spillway/echo', messages: [{ role: 'user', content: 'ping' }] }),
    })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('ping')
    expect(await stop(child, 'SIGTERM')).toBe(0)
  })

  it('shows a key at its first run, which then works', async () => {
    const child = await serve([], {})
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const url = await readyUrl(child)
    const key = /sk-sw-[A-Za-z0-9_-]{43}/.exec(output)?.[0]
    expect(key).toBeDefined()
    const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(response.status).toBe(200)
    expect(await stop(child, 'SIGINT')).toBe(0)
  })

  it('exits 2 on a bad configuration, naming file, line and column', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'spillway.yaml')
    await writeFile(path, 'mode: local-first\nmodells: {}\n')
    const child = await serve(['--config', path], {})
    let errors = ''
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    expect(await exitCode(child)).toBe(2)
    expect(errors).toContain('spillway.yaml:2:1')
    expect(errors).toContain('models')
  })
})

async function serve(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const dataDir = await temporaryFolder()
  return spawn(process.execPath, [CLI, 'serve', '--port', '0', '--data-dir', dataDir, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-serve-'))
  folders.push(folder)
  return folder
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const url = /^Spillway listening on (http:\/\/127\.0\.0\.1:\d+)$/m.exec(text)?.[1]
      if (url !== undefined) found(url)
    })
    child.on('exit', (code) => failed(new Error(`ended with ${code} before it was ready: ${text}`)))
  })
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((ended) => child.on('exit', (code) => ended(code)))
}

function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = exitCode(child)
  child.kill(signal)
  return ended
}
