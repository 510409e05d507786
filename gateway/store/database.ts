import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import Database from 'better-sqlite3'
import { limits } from '../contract/limits.ts'
import type { Migration } from './migrations/migration.ts'
import { CorruptDatabaseError, NewerSchemaError, quietly } from './sqlite-error.ts'

/** An open SQLite connection; it blocks its thread, so only the worker and the command line hold one. */
export type DatabaseConnection = Database.Database

export interface DatabaseOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  /**
   * `full`: what was committed survives a power cut (0.3 ms per commit). `normal`: it survives a crash of the
   * process; a power cut may lose the last commits, but never harms the file (0.02 ms).
   */
  readonly durability: 'full' | 'normal'
  readonly migrations: readonly Migration[]
}

/**
 * Opens a database, creating it with mode 0600, and brings its schema up to date.
 * Throws {@link NewerSchemaError}, {@link CorruptDatabaseError}, or SQLite's own error with its `code`.
 */
export function openDatabase({ file, durability, migrations }: DatabaseOptions): DatabaseConnection {
  if (file !== ':memory:') touchPrivate(file)
  const database = new Database(file, { timeout: limits.sqliteBusyMs })
  try {
    configure(database, durability)
    checkPages(database, file)
    migrate(database, migrations, basename(file))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Opens an existing database for reading only; it may be in use by a running server. Throws as SQLite does. */
export function openReadOnly(file: string): DatabaseConnection {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: limits.sqliteBusyMs })
}

/** PASSIVE waits for nobody; RESTART waits for readers, and is worth it only when the log has grown too long. */
export function checkpoint(database: DatabaseConnection): void {
  if (database.memory) return
  const walBytes = statSync(`${database.name}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (walBytes > 0) database.pragma(`wal_checkpoint(${walBytes > limits.sqliteWalBytes ? 'RESTART' : 'PASSIVE'})`)
}

/** Closes after writing everything into the main file, so that it can be copied on its own. Never throws. */
export function closeQuietly(database: DatabaseConnection): void {
  quietly(() => database.pragma('wal_checkpoint(TRUNCATE)'))
  quietly(() => database.close())
}

/** Creates a file before SQLite does, so that it never exists with wider rights; -wal and -shm inherit its mode. */
export function touchPrivate(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
}

function configure(database: DatabaseConnection, durability: 'full' | 'normal'): void {
  // Must precede everything that writes a page: afterwards it would need a full VACUUM.
  database.pragma('auto_vacuum = INCREMENTAL')
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${durability}`)
  database.pragma('wal_autocheckpoint = 1000')
  database.pragma(`journal_size_limit = ${limits.sqliteWalBytes}`)
  database.pragma('foreign_keys = ON')
  database.pragma('trusted_schema = OFF')
  if (durability === 'normal') return
  // macOS: plain fsync does not reach the disk. Elsewhere these two do nothing.
  database.pragma('fullfsync = ON')
  database.pragma('checkpoint_fullfsync = ON')
}

function checkPages(database: DatabaseConnection, file: string): void {
  if (file === ':memory:' || statSync(file).size > limits.sqliteQuickCheckBytes) return
  const verdict = database.pragma('quick_check(1)', { simple: true })
  if (verdict !== 'ok') throw new CorruptDatabaseError(String(verdict))
}

/** One immediate transaction: of two processes that open a fresh folder, one migrates and the other finds it done. */
function migrate(database: DatabaseConnection, migrations: readonly Migration[], name: string): void {
  const newest = migrations.at(-1)?.version ?? 0
  if (versionOf(database) === newest) return
  database
    .transaction(() => {
      const version = versionOf(database)
      if (version > newest) {
        throw new NewerSchemaError(
          `${name} has schema ${version}, and this Spillway knows up to ${newest}. Update Spillway, or use another data folder with --data-dir.`,
        )
      }
      for (const migration of migrations) {
        if (migration.version > version) database.exec(migration.sql)
      }
      database.pragma(`user_version = ${newest}`)
    })
    .immediate()
}

function versionOf(database: DatabaseConnection): number {
  return Number(database.pragma('user_version', { simple: true }))
}
