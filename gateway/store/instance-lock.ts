import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { prepareDataFolder } from './data-folder.ts'
import { touchPrivate } from './database.ts'
import { codeOf } from './sqlite-error.ts'

const LOCK_FILE = 'instance.lock'
const PID_FILE = 'instance.pid'

/** Another server uses this data folder; the message names its process. */
export class DataDirInUseError extends Error {
  override readonly name = 'DataDirInUseError'
  /** Undefined where the other one has not written it yet. */
  readonly pid: number | undefined

  constructor(dataDir: string, pid: number | undefined) {
    const who = pid === undefined ? 'Another Spillway' : `Another Spillway (process ${pid})`
    super(`${who} uses ${dataDir}. Stop it, or give this one a folder of its own with --data-dir.`)
    this.pid = pid
  }
}

export interface InstanceLock {
  /** Lets the next server in. Idempotent. The system does the same when the process dies in any way. */
  release(): void
}

/**
 * Claims a data folder for this process, so that two servers never share one. The claim is SQLite's exclusive lock
 * on a file of its own, which the operating system gives back when its holder dies: a pid file alone would go stale,
 * or name a stranger who got the number later. The pid is written beside it only to be told to people.
 * A folder that cannot be written needs no claim, because nothing will be kept in it.
 */
export function claimDataDir(dataDir: string, pid: number): InstanceLock | DataDirInUseError {
  try {
    prepareDataFolder(dataDir)
    touchPrivate(join(dataDir, LOCK_FILE))
    const database = new Database(join(dataDir, LOCK_FILE), { timeout: 0 })
    try {
      database.pragma('journal_mode = MEMORY')
      database.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      database.close()
      throw error
    }
    writeFileSync(join(dataDir, PID_FILE), String(pid), { mode: 0o600 })
    return {
      release: () => {
        rmSync(join(dataDir, PID_FILE), { force: true })
        database.close()
      },
    }
  } catch (error) {
    return codeOf(error).startsWith('SQLITE_BUSY') ? new DataDirInUseError(dataDir, readPid(dataDir)) : NO_LOCK
  }
}

const NO_LOCK: InstanceLock = { release: () => undefined }

function readPid(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, PID_FILE), 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
