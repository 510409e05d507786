import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Failure } from '../contract/failure.ts'
import { openReadOnly } from './database.ts'
import { LOGS_FILE } from './data-folder.ts'
import type { LogQuery, StoredRequest } from './log-query.ts'
import { createLogTable } from './log-table.ts'
import { explain } from './sqlite-error.ts'

/** Reads the log beside a running server. It blocks, so it is for the command line only. */
export interface LogReader {
  select(query: LogQuery): readonly StoredRequest[] | Failure
  close(): void
}

/** Opens `logs.db` without ever writing to it; a failure says what to do when there is none yet. */
export function openLogReader(dataDir: string): LogReader | Failure {
  const file = join(dataDir, LOGS_FILE)
  if (!existsSync(file)) {
    return { kind: 'invalid-request', message: `There is no log in ${dataDir} yet. Start one with: spillway serve` }
  }
  try {
    const database = openReadOnly(file)
    const table = createLogTable(database)
    return {
      select: (query) => {
        try {
          return table.select(query)
        } catch (error) {
          return unreadable(file, error)
        }
      },
      close: () => void database.close(),
    }
  } catch (error) {
    return unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): Failure {
  return { kind: 'internal', message: `${file} cannot be read: ${explain(error)}` }
}
