import { createServer } from 'node:net'
import { isFailure } from '../contract/failure.ts'
import type { Diagnostic } from '../contract/diagnostic.ts'
import type { Provider } from '../contract/provider.ts'
import type { FoundRunner } from '../contract/runner.ts'
import type { Machine } from '../sensors/machine.ts'
import type { Scout } from '../sensors/scout.ts'
import { claimDataDir, DataDirInUseError } from '../store/instance-lock.ts'
import { checkStorage } from '../store/storage-check.ts'
import type { Command } from './command.ts'
import { nodeProblem, OLDEST_NODE } from './node-version.ts'

export interface DoctorDeps {
  readonly version: string
  readonly dataDir: string
  readonly port: number
  readonly providers: readonly Provider[]
  readonly scout: Pick<Scout, 'refresh' | 'locked'>
  /** The findings about the configuration in force; none where there is no file. */
  readonly checkConfig: () => Promise<{
    readonly file: string | undefined
    readonly diagnostics: readonly Diagnostic[]
  }>
  readonly readMachine: () => Promise<Machine>
  /** Whether the port can be listened on; tests pass their own. */
  readonly isPortFree?: (port: number) => Promise<boolean>
}

/** `bad` keeps Spillway from serving; `hint` is worth a look. */
interface Finding {
  readonly mark: 'ok' | 'hint' | 'bad'
  readonly topic: string
  readonly text: string
}

/** `spillway doctor`: can it serve here, and what would it serve? Exits 0 when it can. Names keys, never shows them. */
export function createDoctorCommand(deps: DoctorDeps): Command {
  return async (args, io) => {
    if (args.length > 0) {
      io.error(DOCTOR_USAGE)
      return 2
    }
    const [port, config, runners, machine] = await Promise.all([
      portFindings(deps),
      configFindings(deps),
      runnerFindings(deps),
      machineFindings(deps),
    ])
    const storage = storageFindings(deps)
    const keys = keyFindings(deps, io.env)
    const findings = [...runtimeFindings(deps), ...storage, ...port, ...config, ...runners, ...keys, ...machine]
    for (const { mark, topic, text } of findings) io.out(`${MARKS[mark]} ${topic.padEnd(TOPIC_WIDTH)} ${text}`)
    const bad = findings.filter(({ mark }) => mark === 'bad').length
    io.out(bad === 0 ? 'Spillway can serve here.' : 'Spillway cannot serve here until what is marked BAD is put right.')
    return bad === 0 ? 0 : 1
  }
}

/** Printed when it is called wrongly. */
export const DOCTOR_USAGE = 'Usage: spillway doctor [--config FILE]'

const MARKS = { ok: '  ok ', hint: 'hint ', bad: ' BAD ' } as const
const TOPIC_WIDTH = 8
const MIB = 1024 * 1024

function runtimeFindings({ version }: DoctorDeps): Finding[] {
  const { node, electron } = process.versions
  const shell = electron === undefined ? '' : `, Electron ${electron}`
  const text = `Spillway ${version} on Node ${node}${shell}`
  if (nodeProblem(node) === undefined) return [{ mark: 'ok', topic: 'runtime', text }]
  return [{ mark: 'bad', topic: 'runtime', text: `${text}: Node ${OLDEST_NODE} or later is needed.` }]
}

/** Without a usable folder it still serves, from memory: that is worth a look, and no reason to refuse. */
function storageFindings({ dataDir }: DoctorDeps): Finding[] {
  const storage = checkStorage(dataDir)
  if (isFailure(storage)) return [{ mark: 'hint', topic: 'storage', text: storage.message }]
  return [{ mark: 'ok', topic: 'storage', text: `${dataDir} (SQLite ${storage.sqliteVersion})` }]
}

async function portFindings({ port, dataDir, isPortFree = canListen }: DoctorDeps): Promise<Finding[]> {
  if (await isPortFree(port)) return [{ mark: 'ok', topic: 'port', text: `${port} is free` }]
  const running = claimDataDir(dataDir, process.pid)
  if (running instanceof DataDirInUseError) {
    const text = `${port} is in use, and Spillway runs already (process ${running.pid ?? 'unknown'})`
    return [{ mark: 'ok', topic: 'port', text }]
  }
  running.release()
  const text = `${port} is taken by another program. Stop it, or choose another port with --port.`
  return [{ mark: 'bad', topic: 'port', text }]
}

async function configFindings({ checkConfig }: DoctorDeps): Promise<Finding[]> {
  const { file, diagnostics } = await checkConfig()
  if (file === undefined) return [{ mark: 'ok', topic: 'config', text: 'no file: the runners found here are served' }]
  const found = diagnostics.map((diagnostic): Finding => {
    const { severity, line, column, message, suggestion } = diagnostic
    const advice = suggestion === undefined ? '' : ` (${suggestion})`
    const text = `${diagnostic.file}:${line}:${column}: ${message}${advice}`
    return { mark: severity === 'error' ? 'bad' : 'hint', topic: 'config', text }
  })
  return found.length === 0 ? [{ mark: 'ok', topic: 'config', text: file }] : found
}

async function runnerFindings({ scout }: DoctorDeps): Promise<Finding[]> {
  const runners = await scout.refresh()
  const locked = scout.locked().map((address): Finding => {
    const text = `something at ${address} wants a key: add it to the configuration as a provider, with its key`
    return { mark: 'hint', topic: 'runner', text }
  })
  if (runners.length > 0) return [...runners.map(runnerFinding), ...locked]
  const text = 'none found on this machine. Start one (such as `ollama serve`), or configure a provider.'
  return [{ mark: 'hint', topic: 'runner', text }, ...locked]
}

const NAMED_MODELS = 8

function runnerFinding({ provider, version, baseUrl, models }: FoundRunner): Finding {
  const names = models.slice(0, NAMED_MODELS).map(({ id, remote }) => (remote === true ? `${id} (in the cloud)` : id))
  const more = models.length > NAMED_MODELS ? [`and ${models.length - NAMED_MODELS} more`] : []
  const serves = models.length === 0 ? 'no models yet' : [...names, ...more].join(', ')
  const title = version === undefined ? provider : `${provider} ${version}`
  return { mark: models.length === 0 ? 'hint' : 'ok', topic: 'runner', text: `${title} at ${baseUrl}: ${serves}` }
}

function keyFindings({ providers }: DoctorDeps, env: Readonly<Record<string, string | undefined>>): Finding[] {
  const names = providers.flatMap(({ defaults }) => defaults.keyEnv).filter((name) => (env[name] ?? '') !== '')
  const unique = [...new Set(names)]
  const text = unique.length === 0 ? 'no provider keys in the environment' : `in the environment: ${unique.join(', ')}`
  return [{ mark: 'ok', topic: 'keys', text }]
}

async function machineFindings({ readMachine }: DoctorDeps): Promise<Finding[]> {
  const { system, cpu, cores, memoryBytes, freeMemoryBytes, gpus } = await readMachine()
  const memory = `${gib(memoryBytes / MIB)} memory, ${gib(freeMemoryBytes / MIB)} free`
  const text = `${system}, ${cpu ?? 'unknown processor'} (${cores} cores), ${memory}`
  return [
    { mark: 'ok', topic: 'machine', text },
    { mark: 'ok', topic: 'gpu', text: gpuText(gpus) },
  ]
}

function gpuText(gpus: Machine['gpus']): string {
  if (gpus === undefined) return 'unknown: it could not be asked in time'
  if (gpus.length === 0) return 'none reported'
  return gpus.map(({ name, vramMb }) => `${name} (${vramMb === undefined ? 'memory unknown' : gib(vramMb)})`).join(', ')
}

function gib(mib: number): string {
  return `${(mib / 1024).toFixed(1)} GiB`
}

/** Free on both loopback addresses, because `serve` takes both. */
async function canListen(port: number): Promise<boolean> {
  return (await isFree(port, '127.0.0.1')) && (await isFree(port, '::1'))
}

/** A machine without the address has nobody on it either. */
const NO_SUCH_ADDRESS: ReadonlySet<string | undefined> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(NO_SUCH_ADDRESS.has(error.code)))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
