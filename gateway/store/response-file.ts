import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../contract/limits.ts'
import type { StoredResponse } from '../contract/stored-response.ts'
import { checkpoint, closeQuietly, openDatabase, type DatabaseConnection } from './database.ts'
import { dropOldQuarantines, quarantine, RESPONSES_FILE } from './data-folder.ts'
import { responsesMigrations } from './migrations/responses.ts'
import { explain, isCorruption, quietly } from './sqlite-error.ts'

/** `responses.db`: made with the first answer that is kept. Every call blocks; none throws because of the file. */
export interface ResponseFile {
  save(response: StoredResponse): void
  load(id: string, appId: string): StoredResponse | undefined
  remove(id: string, appId: string): boolean
  /** Deletes what is too old or too much. */
  prune(nowMs: number): void
  checkpoint(): void
  close(): void
}

export interface ResponseFileDeps {
  /** Undefined: there is no usable folder, so answers are kept in memory. */
  readonly dataDir: string | undefined
  readonly nowMs: () => number
  readonly notice: (message: string) => void
}

interface Row {
  readonly id: string
  readonly app: string
  readonly at_ms: number
  readonly response: string
  readonly items: string | null
}

const DAY_MS = 86_400_000

export function openResponseFile(deps: ResponseFileDeps): ResponseFile {
  let database: DatabaseConnection | undefined
  const file = deps.dataDir === undefined ? ':memory:' : join(deps.dataDir, RESPONSES_FILE)

  /** Opened when it is first needed: most users never ask for an answer to be kept. */
  const opened = (): DatabaseConnection => (database ??= openOrReplace(file, deps))
  const exists = (): boolean => database !== undefined || (file !== ':memory:' && existsSync(file))

  const attempt = <Value>(otherwise: Value, work: (connection: DatabaseConnection) => Value): Value => {
    try {
      return work(opened())
    } catch (error) {
      deps.notice(`Stored responses cannot be used: ${explain(error)}`)
      if (isCorruption(error) && database !== undefined) closeQuietly(database)
      if (isCorruption(error)) database = undefined
      return otherwise
    }
  }

  return {
    save: ({ id, appId, atMs, responseJson, itemsJson }) => {
      attempt(undefined, (connection) => {
        connection
          .prepare(
            'INSERT OR REPLACE INTO responses (id, app, at_ms, response, items, bytes) VALUES (?, ?, ?, ?, ?, ?)',
          )
          .run(id, appId, Math.round(atMs), responseJson, itemsJson ?? null, bytesOf(responseJson, itemsJson))
        pruneRows(connection, deps.nowMs())
      })
    },
    load: (id, appId) => {
      if (!exists()) return undefined
      const select = 'SELECT id, app, at_ms, response, items FROM responses WHERE id = ? AND app = ?'
      const row = attempt(undefined, (connection) => connection.prepare<string[], Row>(select).get(id, appId))
      return row && fromRow(row)
    },
    remove: (id, appId) => {
      if (!exists()) return false
      const sql = 'DELETE FROM responses WHERE id = ? AND app = ?'
      return attempt(0, (connection) => connection.prepare(sql).run(id, appId).changes) > 0
    },
    prune: (nowMs) => {
      if (exists()) attempt(undefined, (connection) => pruneRows(connection, nowMs))
    },
    checkpoint: () => {
      const connection = database
      if (connection !== undefined) quietly(() => checkpoint(connection))
    },
    close: () => {
      if (database !== undefined) closeQuietly(database)
    },
  }
}

function fromRow(row: Row): StoredResponse {
  return {
    id: row.id,
    appId: row.app,
    atMs: row.at_ms,
    responseJson: row.response,
    itemsJson: row.items ?? undefined,
  }
}

function openOrReplace(file: string, deps: ResponseFileDeps): DatabaseConnection {
  try {
    return open(file)
  } catch (error) {
    if (!isCorruption(error)) throw error
    const aside = quarantine(file, deps.nowMs())
    dropOldQuarantines(file, limits.quarantinedLogs)
    deps.notice(`${RESPONSES_FILE} was damaged. It was kept as ${aside}, and a new one was begun.`)
    return open(file)
  }
}

function open(file: string): DatabaseConnection {
  return openDatabase({ file, durability: 'normal', migrations: responsesMigrations })
}

/** Thirty days as in OpenAI's own API, and never more than so many. */
function pruneRows(connection: DatabaseConnection, nowMs: number): void {
  connection.prepare('DELETE FROM responses WHERE at_ms < ?').run(nowMs - limits.storedResponseDays * DAY_MS)
  connection
    .prepare('DELETE FROM responses WHERE seq <= (SELECT max(seq) FROM responses) - ?')
    .run(limits.storedResponses)
  const sums = 'SELECT seq, sum(bytes) OVER (ORDER BY seq DESC) AS total FROM responses'
  connection
    .prepare(`DELETE FROM responses WHERE seq IN (SELECT seq FROM (${sums}) WHERE total > ?)`)
    .run(limits.storedResponsesBytes)
}

function bytesOf(...texts: readonly (string | undefined)[]): number {
  return texts.reduce((bytes, text) => bytes + (text === undefined ? 0 : Buffer.byteLength(text)), 0)
}
