import { parseArgs } from 'node:util'
import { isFailure } from '../contract/failure.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { openLogReader } from '../store/log-reader.ts'
import type { LogReader } from '../store/log-reader.ts'
import { readStatusFilter } from '../store/log-query.ts'
import type { LogQuery } from '../store/log-query.ts'
import type { Command, CommandIo } from './command.ts'
import { formatLogHeader, formatLogRow } from './log-table-text.ts'

export interface LogsDeps {
  readonly dataDir: string
  /** Ends `--follow`: the user pressed Ctrl-C. */
  readonly stop: AbortSignal
}

/** Printed when it is called wrongly. */
export const LOGS_USAGE =
  'Usage: spillway logs [--follow] [--json] [--limit N] [--app NAME] [--model NAME] [--target ID] [--status 4xx|429|ok|error|truncated|cancelled] [--text TEXT]'

const DEFAULT_ROWS = 20

/** `spillway logs`: the newest requests, oldest first, read beside the running server. */
export function createLogsCommand(deps: LogsDeps): Command {
  return async (args, io) => {
    const options = readOptions(args)
    if ('usage' in options) return complain(io, `${options.usage}\n${LOGS_USAGE}`, 2)
    const reader = openLogReader(deps.dataDir)
    if (isFailure(reader)) return complain(io, reader.message, 1)
    try {
      if (!options.json) io.out(formatLogHeader())
      const failure = await show({ reader, options, io, stop: deps.stop })
      return failure === undefined ? 0 : complain(io, failure.message, 1)
    } finally {
      reader.close()
    }
  }
}

interface LogsOptions {
  readonly query: LogQuery
  readonly follow: boolean
  readonly json: boolean
}

interface Showing {
  readonly reader: LogReader
  readonly options: LogsOptions
  readonly io: CommandIo
  readonly stop: AbortSignal
}

async function show({ reader, options, io, stop }: Showing): Promise<Failure | undefined> {
  let query = options.query
  for (;;) {
    const rows = reader.select(query)
    if (isFailure(rows)) return rows
    for (const row of rows) io.out(options.json ? JSON.stringify(row) : formatLogRow(row))
    if (!options.follow) return undefined
    query = { ...query, limit: limits.logQueryRows, afterSeq: rows.at(-1)?.seq ?? query.afterSeq ?? 0 }
    if (rows.length === limits.logQueryRows) continue
    const isStopped = await io.clock.sleep(limits.logFollowMs, stop).then(
      () => false,
      () => true,
    )
    if (isStopped) return undefined
  }
}

function readOptions(args: readonly string[]): LogsOptions | { readonly usage: string } {
  const parsed = parse(args)
  if ('usage' in parsed) return parsed
  const { limit = String(DEFAULT_ROWS), status, app, model, target, text, follow = false, json = false } = parsed
  const rows = Number(limit)
  if (!Number.isInteger(rows) || rows < 1 || rows > limits.logQueryRows) {
    return { usage: `--limit takes a number from 1 to ${limits.logQueryRows}, not "${limit}".` }
  }
  const filter = status === undefined ? undefined : readStatusFilter(status)
  if (status !== undefined && filter === undefined) return { usage: `--status does not know "${status}".` }
  const query = {
    limit: rows,
    ...(filter === undefined ? {} : { status: filter }),
    ...(app === undefined ? {} : { app }),
    ...(model === undefined ? {} : { model }),
    ...(target === undefined ? {} : { target }),
    ...(text === undefined ? {} : { text }),
  }
  return { query, follow, json }
}

const OPTIONS = {
  follow: { type: 'boolean', short: 'f' },
  json: { type: 'boolean' },
  limit: { type: 'string', short: 'n' },
  app: { type: 'string' },
  model: { type: 'string' },
  target: { type: 'string' },
  status: { type: 'string' },
  text: { type: 'string' },
} as const

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values
  } catch (error) {
    return { usage: error instanceof Error ? error.message : String(error) }
  }
}

function complain(io: CommandIo, message: string, code: 1 | 2): number {
  for (const line of message.split('\n')) io.error(line)
  return code
}
