import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { newAppKey } from './accounts/keys.ts'
import type { Command, CommandIo } from './commands/command.ts'
import type { StopRequests } from './commands/serve.ts'
import { createSystemClock } from './kit/system-clock.ts'
import { defaultDataDir } from './store/data-dir.ts'
import { VERSION } from './version.ts'

const USAGE = `Spillway ${VERSION}: one local URL for every model you have.

Usage: spillway COMMAND

  serve     serve, headless     [--config FILE] [--port N] [--data-dir DIR]
  check     read a configuration and list every finding   FILE [--json]
  import    print a LiteLLM config.yaml as spillway.yaml  FILE
  explain   print the plan for a request                  [--config FILE] [--json] MODEL|request.json
  logs      show the requests                             [--follow] [--json] [--limit N] [--app A] [--status S]
  keys      make, list and revoke app keys                create NAME | list | revoke NAME
  doctor    what is here, what is missing, what to do
  demo      a scripted runner and a scripted cloud, to see it move

Every command takes --data-dir DIR.`

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
  if (name === '--version' || name === '-v') {
    io.out(VERSION)
    return 0
  }
  const isHelp = ['', 'help', '--help', '-h'].includes(name)
  const make = COMMANDS.get(name)
  if (make === undefined) {
    if (isHelp) io.out(USAGE)
    else io.error(`There is no command "${name}".\n\n${USAGE}`)
    return isHelp ? 0 : 2
  }
  const { dataDir, rest } = takeDataDir(args)
  const stated = dataDir ?? defaultDataDir({ platform: process.platform, env: process.env, home: homedir() })
  const configPath = join(stated, 'spillway.yaml')
  const command = await make({
    dataDir: stated,
    defaultConfigPath: existsSync(configPath) ? configPath : undefined,
    stopRequests: listenForStop(),
  })
  return command(rest, io)
}

/** `--data-dir` is every command's, so it is taken out before a command reads its own. */
function takeDataDir(args: readonly string[]): { dataDir: string | undefined; rest: readonly string[] } {
  const at = args.findIndex((arg) => arg === '--data-dir' || arg.startsWith('--data-dir='))
  if (at < 0) return { dataDir: undefined, rest: args }
  const inline = /^--data-dir=(.+)$/.exec(args[at] ?? '')?.[1]
  const dataDir = inline ?? args[at + 1]
  return { dataDir, rest: args.toSpliced(at, inline === undefined ? 2 : 1) }
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

/** A reader that went away (`spillway logs | head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await main(process.argv.slice(2))
// What is still open (a follower, a socket of a client that will not close) must not keep a finished command alive.
process.exit()
