import type { Statement } from 'better-sqlite3'
import { limits } from '../contract/limits.ts'
import type { LogSettings } from '../contract/config.ts'
import type { RequestLog } from '../contract/request-log.ts'
import type { DatabaseConnection } from './database.ts'
import { selectLogs } from './log-query.ts'
import type { LogQuery, StoredRequest } from './log-query.ts'
import { fromRecord, logColumns, toRecord } from './log-record.ts'
import type { LogRecord } from './log-record.ts'

/** The table of request rows. Everything here blocks, and throws SQLite's errors. */
export interface LogTable {
  /** One transaction; rows that are already there are left as they are. */
  insert(rows: readonly RequestLog[]): void
  select(query: LogQuery): readonly StoredRequest[]
  /** `seq` of the newest row ever written; 0 when there was none. */
  lastSeq(): number
  size(): LogSize
  /** Deletes one chunk of what is too old or too much; true when there may be more to delete. */
  prune(rules: LogSettings, nowMs: number): boolean
}

export interface LogSize {
  readonly rows: number
  /** Bytes in use by rows and indexes: free pages and the write-ahead log not counted. */
  readonly bytes: number
}

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

/** The rows in an open log, whose schema is up to date. */
export function createLogTable(database: DatabaseConnection): LogTable {
  const insertOne = prepareInsert(database, 1)
  const insertMany = prepareInsert(database, ROWS_AT_ONCE)
  const insert = database.transaction((rows: readonly RequestLog[]) => {
    const single = rows.length % ROWS_AT_ONCE
    for (const row of rows.slice(0, single)) insertOne.run(valuesOf([row]))
    for (let at = single; at < rows.length; at += ROWS_AT_ONCE) {
      insertMany.run(valuesOf(rows.slice(at, at + ROWS_AT_ONCE)))
    }
  })
  const countRows = database.prepare<[], number>('SELECT count(*) FROM requests').pluck()
  const lastSeq = database.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'requests'").pluck()
  const prune = createPruning(database)

  return {
    insert: (rows) => insert.immediate(rows),
    select: (query) => {
      const { sql, params } = selectLogs(query)
      return database.prepare<[typeof params], LogRecord & { seq: number }>(sql).all(params).map(fromRecord)
    },
    lastSeq: () => lastSeq.get() ?? 0,
    size: () => ({ rows: countRows.get() ?? 0, bytes: usedBytes(database) }),
    prune,
  }
}

/** Ten rows in one statement, bound by position, cost 5.2 us each; one by one and bound by name they cost 8.3. */
const ROWS_AT_ONCE = 10

type Value = LogRecord[keyof LogRecord]

function prepareInsert(database: DatabaseConnection, rows: number): Statement<[readonly Value[]]> {
  const row = `(${logColumns.map(() => '?').join(', ')})`
  const values = Array.from({ length: rows }, () => row).join(', ')
  return database.prepare(`INSERT OR IGNORE INTO requests (${logColumns.join(', ')}) VALUES ${values}`)
}

function valuesOf(rows: readonly RequestLog[]): readonly Value[] {
  const values: Value[] = []
  for (const row of rows) {
    const record = toRecord(row)
    for (const column of logColumns) values.push(record[column])
  }
  return values
}

function createPruning(database: DatabaseConnection): LogTable['prune'] {
  const deleteOld = database.prepare<[number, number]>(
    'DELETE FROM requests WHERE at_ms < ? AND seq IN (SELECT seq FROM requests ORDER BY seq LIMIT ?)',
  )
  const deleteOldest = database.prepare<[number]>(
    'DELETE FROM requests WHERE seq IN (SELECT seq FROM requests ORDER BY seq LIMIT ?)',
  )
  return ({ keepDays, maxMb }, nowMs) => {
    const tooOld = deleteOld.run(nowMs - keepDays * DAY_MS, limits.logDeleteChunkRows).changes
    const tooMuch =
      tooOld === 0 && usedBytes(database) > maxMb * MIB ? deleteOldest.run(limits.logDeleteChunkRows).changes : 0
    const deleted = tooOld + tooMuch
    // Gives free pages back to the disk, in portions too: a full VACUUM would lock the file for seconds.
    if (deleted > 0 || freePages(database) > 0) database.pragma(`incremental_vacuum(${limits.logDeleteChunkRows})`)
    return deleted > 0 || freePages(database) > 0
  }
}

function usedBytes(database: DatabaseConnection): number {
  const pages = Number(database.pragma('page_count', { simple: true })) - freePages(database)
  return pages * Number(database.pragma('page_size', { simple: true }))
}

function freePages(database: DatabaseConnection): number {
  return Number(database.pragma('freelist_count', { simple: true }))
}
