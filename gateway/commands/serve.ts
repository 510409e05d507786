import { parseArgs } from 'node:util'
import { limits } from '../contract/limits.ts'
import { createGateway, type Gateway } from '../gateway.ts'
import { StartError } from '../start-error.ts'
import type { Command, CommandIo } from './command.ts'

export interface ServeDeps {
  readonly dataDir: string
  /** Used when no `--config` is given and the file exists. */
  readonly defaultConfigPath: string | undefined
  /** Resolves when the process is asked to end; a second time means "now". */
  readonly stopRequests: StopRequests
}

export interface StopRequests {
  readonly first: Promise<void>
  readonly second: Promise<void>
}

export const SERVE_USAGE = 'Usage: spillway serve [--config FILE] [--port N] [--data-dir DIR]'

/** `spillway serve`: serves until it is told to stop, then lets running answers finish. */
export function createServeCommand(deps: ServeDeps): Command {
  return async (args, io) => {
    const options = readOptions(args)
    if (typeof options === 'string') {
      io.error(`${options}\n${SERVE_USAGE}`)
      return 2
    }
    const configPath = options.config ?? deps.defaultConfigPath
    const gateway = await start({ configPath, port: options.port, dataDir: deps.dataDir }, io)
    if (typeof gateway === 'number') return gateway
    io.out(`Spillway listening on ${gateway.url}`)
    await deps.stopRequests.first
    io.error('Stopping: running answers may finish. Press Ctrl-C again to stop now.')
    await Promise.race([gateway.close(limits.drainMs), hurried(gateway, deps, io)])
    return 0
  }
}

/** After the second Ctrl-C: clients are told, rows are written, and nothing is waited for beyond that. */
async function hurried(gateway: Gateway, { stopRequests }: ServeDeps, io: CommandIo): Promise<void> {
  await stopRequests.second
  await Promise.race([gateway.close(0), io.clock.sleep(limits.hurryMs)])
}

interface StartOptions {
  readonly configPath: string | undefined
  readonly port: number | undefined
  readonly dataDir: string
}

/** The gateway, or the exit code when it cannot start. */
async function start(options: StartOptions, io: CommandIo): Promise<Gateway | number> {
  try {
    return await createGateway({ ...options, env: io.env, clock: io.clock, onNotice: (text) => io.error(text) })
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    for (const line of error.lines) io.error(line)
    return error.exitCode
  }
}

function readOptions(args: readonly string[]): { config: string | undefined; port: number | undefined } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, port: { type: 'string' }, 'data-dir': { type: 'string' } },
    })
    if (positionals[0] !== undefined) return `A configuration file is named by --config: --config ${positionals[0]}`
    const port = values.port === undefined ? undefined : Number(values.port.trim() || Number.NaN)
    const isPort = port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)
    return isPort ? { config: values.config, port } : `--port must be a number from 0 to 65535, not "${values.port}".`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
