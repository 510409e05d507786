import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FoundRunner } from '../contract/runner.ts'
import { claimDataDir, DataDirInUseError } from '../store/instance-lock.ts'
import { temporaryFolder } from '../store/test/samples.ts'
import { createDoctorCommand } from './doctor.ts'
import type { DoctorDeps } from './doctor.ts'
import { recordedIo } from './test/recorded-io.ts'

/** Containers often have none; then nobody can sit on it. */
const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

const OLLAMA: FoundRunner = {
  provider: 'ollama',
  baseUrl: 'http://127.0.0.1:11434',
  version: '0.33.0',
  locality: 'device',
  models: [{ id: 'qwen3:14b' }, { id: 'glm:cloud', remote: true }],
}

describe('spillway doctor', () => {
  it('tells what it would serve, and leaves nothing behind in the data folder', async () => {
    const dataDir = temporaryFolder()
    const { code, text } = await examine({
      dataDir,
      scout: { refresh: () => Promise.resolve([OLLAMA]), locked: () => ['http://127.0.0.1:1337'] },
    })
    expect(text).toContain('ollama 0.33.0 at http://127.0.0.1:11434: qwen3:14b, glm:cloud (in the cloud)')
    expect(text).toContain('something at http://127.0.0.1:1337 wants a key')
    expect(text).toContain('RTX 4090 (24.0 GiB)')
    expect([code, text.includes('Spillway can serve here.')]).toEqual([0, true])
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('names the keys in the environment and never shows one', async () => {
    const { text } = await examine({}, { OPENAI_API_KEY: 'sk-very-secret', GROQ_API_KEY: '', OTHER: 'x' })
    expect(text).toContain('in the environment: OPENAI_API_KEY')
    expect(text).not.toMatch(/very-secret|GROQ|OTHER/)
  })

  it('fails on a configuration with errors, and shows where they are', async () => {
    const broken = {
      severity: 'error',
      code: 'unknown-key',
      message: 'Unknown key "modell".',
      file: 'spillway.yaml',
      line: 3,
      column: 5,
      suggestion: 'Did you mean "model"?',
    } as const
    const { code, text } = await examine({
      checkConfig: () => Promise.resolve({ file: 'spillway.yaml', diagnostics: [broken] }),
    })
    expect([code, text.includes('spillway.yaml:3:5: Unknown key "modell". (Did you mean "model"?)')]).toEqual([1, true])
  })

  it('fails on a port that another program has, and not on one that Spillway has', async () => {
    const dataDir = temporaryFolder()
    const port = await occupiedPort()
    expect(await examine({ dataDir, port })).toMatchObject({
      code: 1,
      text: expect.stringContaining('another program'),
    })
    const lock = claimDataDir(dataDir, 4242)
    if (lock instanceof DataDirInUseError) throw lock
    expect(await examine({ dataDir, port })).toMatchObject({ code: 0, text: expect.stringContaining('process 4242') })
    lock.release()
  })

  it.skipIf(!hasIpv6)('fails on a port that another program has on [::1] alone', async () => {
    const port = await occupiedPort('::1')
    expect(await examine({ dataDir: temporaryFolder(), port })).toMatchObject({ code: 1 })
  })

  it('can serve without a data folder, and says what is lost', async () => {
    const dataDir = join(temporaryFolder(), 'file')
    writeFileSync(dataDir, '')
    const { code, text } = await examine({ dataDir })
    expect([code, text.includes('in memory only')]).toEqual([0, true])
  })

  it('leaves unknown what is unknown', async () => {
    const { text } = await examine({
      readMachine: () =>
        Promise.resolve({
          system: 'linux',
          cpu: undefined,
          cores: 2,
          memoryBytes: 0,
          freeMemoryBytes: 0,
          gpus: undefined,
        }),
    })
    expect(text).toContain('unknown processor')
    expect(text).toContain('unknown: it could not be asked in time')
  })

  it('takes no arguments', async () => {
    expect(await createDoctorCommand(depsWith({}))(['now'], recordedIo())).toBe(2)
  })
})

function depsWith(changes: Partial<DoctorDeps>): DoctorDeps {
  const provider = (keyEnv: string) => ({
    id: keyEnv,
    aliases: [],
    label: keyEnv,
    defaults: { baseUrlEnv: [], keyEnv: [keyEnv], keyRequired: true, locality: 'cloud' as const },
    prefill: false,
    verbatim: {},
    headers: () => ({}),
    failure: () => ({ kind: 'server-error' as const, message: '' }),
  })
  return {
    version: '0.1.0',
    dataDir: changes.dataDir ?? temporaryFolder(),
    port: 0,
    providers: [provider('OPENAI_API_KEY'), provider('GROQ_API_KEY')],
    scout: { refresh: () => Promise.resolve([]), locked: () => [] },
    checkConfig: () => Promise.resolve({ file: undefined, diagnostics: [] }),
    readMachine: () =>
      Promise.resolve({
        system: 'linux 6.1 x64',
        cpu: 'Ryzen 9',
        cores: 16,
        memoryBytes: 64 * 1024 ** 3,
        freeMemoryBytes: 40 * 1024 ** 3,
        gpus: [{ name: 'RTX 4090', vramMb: 24_564 }],
      }),
    ...changes,
  }
}

async function examine(changes: Partial<DoctorDeps>, env: Readonly<Record<string, string>> = {}) {
  const io = recordedIo(env)
  const code = await createDoctorCommand(depsWith(changes))([], io)
  return { code, text: io.outLines.join('\n') }
}

async function occupiedPort(host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
