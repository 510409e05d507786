import { join } from 'node:path'
import type { LogSettings } from '../contract/config.ts'
import { limits } from '../contract/limits.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { checkpoint, closeQuietly, openDatabase } from './database.ts'
import type { DatabaseConnection } from './database.ts'
import { dropOldQuarantines, LOGS_FILE, quarantine } from './data-folder.ts'
import { createLogTable } from './log-table.ts'
import type { LogSize, LogTable } from './log-table.ts'
import type { LogQuery, StoredRequest } from './log-query.ts'
import { logsMigrations } from './migrations/logs.ts'
import { codeOf, explain, isCorruption, quietly } from './sqlite-error.ts'

/** `logs.db`, whatever happens to it. Every call blocks; none throws because of the file. */
export interface LogFile {
  /** `memory`: the file cannot be used, so rows live as long as the process. */
  readonly place: 'file' | 'memory'
  /** How many of the rows were kept: all or none. */
  write(rows: readonly RequestLog[]): number
  select(query: LogQuery): readonly StoredRequest[]
  lastSeq(): number
  size(): LogSize
  /** One chunk of retention; true when more is due at once. */
  prune(nowMs: number): boolean
  /** Writes the write-ahead log back; with force when it has grown too long. */
  checkpoint(): void
  close(): void
}

export interface LogFileDeps {
  /** Undefined: there is no usable folder. */
  readonly dataDir: string | undefined
  readonly rules: LogSettings
  readonly nowMs: () => number
  readonly notice: (message: string) => void
}

const FIRST_ROWS: LogQuery = { limit: limits.logQueryRows, afterSeq: 0 }

interface Opened {
  readonly database: DatabaseConnection
  readonly table: LogTable
  readonly place: LogFile['place']
}

/** Opens the log, or keeps it in memory; tells through `notice` what a person should know. */
export function openLogFile(deps: LogFileDeps): LogFile {
  let opened = openSomewhere(deps)
  /** Rows lost since writing last worked; undefined while it works. */
  let lostRows: number | undefined

  const reopen = (error: unknown): void => {
    closeQuietly(opened.database)
    // Told, not asked: a damage deep inside a large file is not seen by opening it again.
    opened = isCorruption(error) ? replace(deps) : openSomewhere(deps)
  }

  /** Rows that had to be kept in memory go to the file as soon as it can be opened. */
  const moveToFile = (): void => {
    const file = quietly(() => (deps.dataDir === undefined ? undefined : open(join(deps.dataDir, LOGS_FILE))))
    if (file === undefined) return
    const memory = opened
    opened = file
    for (let batch = memory.table.select(FIRST_ROWS); batch.length > 0;) {
      write(batch)
      batch = memory.table.select({ ...FIRST_ROWS, afterSeq: batch.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER })
    }
    memory.database.close()
    deps.notice('Request logs are kept on disk again.')
  }

  /** Runs `work`; a file that turns out to be damaged, or was taken away, is replaced and `work` is tried again. */
  const withRepair = <Value>(work: (table: LogTable) => Value): Value => {
    try {
      return work(opened.table)
    } catch (error) {
      if (!isCorruption(error) && codeOf(error) !== 'SQLITE_READONLY_DBMOVED') throw error
      reopen(error)
      return work(opened.table)
    }
  }

  const write = (rows: readonly RequestLog[]): number => {
    try {
      withRepair((table) => table.insert(rows))
    } catch (error) {
      if (lostRows === undefined) deps.notice(`Request logs cannot be written: ${explain(error)}`)
      lostRows = (lostRows ?? 0) + rows.length
      return 0
    }
    if (lostRows !== undefined) deps.notice(`Request logs are written again; ${lostRows} rows were lost.`)
    lostRows = undefined
    return rows.length
  }

  return {
    get place() {
      return opened.place
    },
    write,
    select: (query) => withRepair((table) => table.select(query)),
    lastSeq: () => withRepair((table) => table.lastSeq()),
    size: () => withRepair((table) => table.size()),
    prune: (nowMs) => {
      if (opened.place === 'memory') moveToFile()
      return quietly(() => withRepair((table) => table.prune(rulesFor(opened, deps.rules), nowMs))) ?? false
    },
    checkpoint: () => {
      quietly(() => checkpoint(opened.database))
    },
    close: () => closeQuietly(opened.database),
  }
}

function openSomewhere(deps: LogFileDeps): Opened {
  if (deps.dataDir === undefined) return openInMemory()
  const file = join(deps.dataDir, LOGS_FILE)
  try {
    return open(file)
  } catch (error) {
    if (isCorruption(error)) return replace(deps)
    deps.notice(`Request logs are kept in memory for this run only: ${explain(error)}`)
    return openInMemory()
  }
}

function replace(deps: LogFileDeps): Opened {
  if (deps.dataDir === undefined) return openInMemory()
  const file = join(deps.dataDir, LOGS_FILE)
  try {
    const aside = quarantine(file, deps.nowMs())
    dropOldQuarantines(file, limits.quarantinedLogs)
    const fresh = open(file)
    deps.notice(`${LOGS_FILE} was damaged. It was kept as ${aside}, and a new log was begun.`)
    return fresh
  } catch (error) {
    deps.notice(`${LOGS_FILE} is damaged and cannot be replaced, so logs are kept in memory: ${explain(error)}`)
    return openInMemory()
  }
}

function open(file: string): Opened {
  const database = openDatabase({ file, durability: 'normal', migrations: logsMigrations })
  return { database, table: createLogTable(database), place: file === ':memory:' ? 'memory' : 'file' }
}

function openInMemory(): Opened {
  return open(':memory:')
}

function rulesFor({ place }: Opened, rules: LogSettings): LogSettings {
  return place === 'file' ? rules : { ...rules, maxMb: Math.min(rules.maxMb, limits.logMemoryMb) }
}
