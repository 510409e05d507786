#!/usr/bin/env node
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { newAppKey } from './accounts/keys.ts'
import type { Command, CommandIo } from './commands/command.ts'
import { commandNames, helpOf, overview } from './commands/help.ts'
import { nodeProblem } from './commands/node-version.ts'
import type { StopRequests } from './commands/serve.ts'
import { takeDataDir } from './commands/take-data-dir.ts'
import { createSystemClock } from './kit/system-clock.ts'
import { defaultDataDir } from './store/data-dir.ts'
import { closest } from './kit/suggest.ts'
import { VERSION } from './version.ts'

/** What every command is made from. */
interface Setting {
  readonly dataDir: string
  /** `spillway.yaml` of the data folder, where there is one. */
  readonly defaultConfigPath: string | undefined
  readonly stopRequests: StopRequests
}

/** Commands are imported only when they run: `serve` starts without reading the code of `doctor`. */
const COMMANDS: ReadonlyMap<string, (setting: Setting) => Promise<Command>> = new Map([
  ['serve', async (setting: Setting) => (await import('./commands/serve.ts')).createServeCommand(setting)],
  ['check', async () => (await import('./commands/check.ts')).check],
  ['import', async () => (await import('./commands/import.ts')).importConfig],
  ['explain', explainCommand],
  ['logs', logsCommand],
  ['keys', keysCommand],
  ['doctor', doctorCommand],
  ['demo', demoCommand],
])

async function explainCommand(setting: Setting): Promise<Command> {
  const { createExplainCommand } = await import('./commands/explain.ts')
  const { prepareWorld } = await import('./commands/prepare-world.ts')
  const { openaiChat } = await import('./dialects/openai-chat.ts')
  return createExplainCommand({
    prepare: (configPath, io) => prepareWorld(configPath ?? setting.defaultConfigPath, io),
    inspect: (body) => openaiChat.inspect(body),
    readText: (path) => readFile(path, 'utf8'),
  })
}

async function logsCommand({ dataDir, stopRequests }: Setting): Promise<Command> {
  const stop = new AbortController()
  void stopRequests.first.then(() => stop.abort())
  return (await import('./commands/logs.ts')).createLogsCommand({ dataDir, stop: stop.signal })
}

async function keysCommand({ dataDir }: Setting): Promise<Command> {
  return (await import('./commands/keys.ts')).createKeysCommand({ dataDir, newKey: () => newAppKey(randomBytes) })
}

async function doctorCommand(setting: Setting): Promise<Command> {
  return (await import('./commands/doctor-deps.ts')).createDoctor(setting)
}

async function demoCommand({ stopRequests }: Setting): Promise<Command> {
  const { createDemoCommand } = await import('./commands/demo.ts')
  return createDemoCommand({ stopRequests, newKey: () => newAppKey(randomBytes).key })
}

async function main(argv: readonly string[]): Promise<number> {
  const io = terminal()
  const [name = '', ...args] = argv
  const told = tellAtOnce(name, args)
  if (told !== undefined) {
    if (told.exitCode === 0) io.out(told.text)
    else io.error(told.text)
    return told.exitCode
  }
  const taken = takeDataDir(args)
  if (typeof taken === 'string') {
    io.error(taken)
    return 2
  }
  const { dataDir, rest } = taken
  const make = COMMANDS.get(name)
  if (make === undefined) throw new Error(`The command ${name} has help and no code.`)
  const stated = dataDir ?? defaultDataDir({ platform: process.platform, env: process.env, home: homedir() })
  const configPath = join(stated, 'spillway.yaml')
  const command = await make({
    dataDir: stated,
    defaultConfigPath: existsSync(configPath) ? configPath : undefined,
    stopRequests: listenForStop(),
  })
  return command(rest, io)
}

const HELP_OPTIONS: ReadonlySet<string> = new Set(['--help', '-h'])

/** What is said without running a command; undefined: run it. */
function tellAtOnce(name: string, args: readonly string[]): { text: string; exitCode: number } | undefined {
  if (name === '--version' || name === '-v') return { text: VERSION, exitCode: 0 }
  const isHelp = name === '' || name === 'help' || HELP_OPTIONS.has(name)
  const about = isHelp ? (args[0] ?? '') : name
  if (isHelp && about === '') return { text: overview(), exitCode: 0 }
  const help = helpOf(about)
  if (help === undefined) {
    const near = closest(about, commandNames())
    const hint = near === undefined ? overview() : `Did you mean "${near}"? "spillway --help" lists all.`
    return { text: `There is no command "${about}". ${near === undefined ? '\n\n' : ''}${hint}`, exitCode: 2 }
  }
  if (isHelp || args.some((arg) => HELP_OPTIONS.has(arg))) return { text: help, exitCode: 0 }
  const problem = nodeProblem(process.versions.node)
  return problem === undefined ? undefined : { text: problem, exitCode: 1 }
}

function listenForStop(): StopRequests {
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  let asked = false
  const onSignal = (): void => {
    if (asked) second.resolve()
    asked = true
    first.resolve()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal)
  return { first: first.promise, second: second.promise }
}

function terminal(): CommandIo {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    error: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    clock: createSystemClock(),
  }
}

/** Resolves when what was written before has left the process: on Windows pipes are asynchronous. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

/** A reader that went away (`spillway logs | head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
/** Whoever stopped reading the notices does not end a server with it. */
process.stderr.on('error', () => undefined)

process.exitCode = await main(process.argv.slice(2))
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
// What is still open (a follower, a socket of a client that will not close) must not keep a finished command alive.
process.exit()
