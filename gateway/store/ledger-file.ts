import { join } from 'node:path'
import { isFailure } from '../contract/failure.ts'
import type { Failure } from '../contract/failure.ts'
import { checkpoint, closeQuietly, openDatabase } from './database.ts'
import type { DatabaseConnection } from './database.ts'
import { LEDGER_FILE, prepareDataFolder, quarantine } from './data-folder.ts'
import { createKeyTable } from './key-table.ts'
import type { AppKey, NewAppKey } from './key-table.ts'
import { ledgerMigrations } from './migrations/ledger.ts'
import { explain, isCorruption } from './sqlite-error.ts'

/**
 * - `file`: as it should be.
 * - `reset`: the file was damaged and kept aside; the ledger began anew, so every earlier key is refused.
 * - `memory`: there is no usable folder; keys live as long as the process.
 * - `unavailable`: there is a ledger that cannot be read, so no key is accepted and none can be made.
 */
export type LedgerState = 'file' | 'reset' | 'memory' | 'unavailable'

/** `ledger.db`, whatever happens to it: where it cannot be trusted, keys fail closed. None of the calls throws. */
export interface LedgerFile {
  readonly state: LedgerState
  list(): readonly AppKey[]
  create(key: NewAppKey, nowMs: number): AppKey | Failure
  revoke(idOrName: string, nowMs: number): AppKey | Failure
  /** True when another process has changed the file since the last call. */
  changedElsewhere(): boolean
  checkpoint(): void
  close(): void
}

export interface LedgerFileDeps {
  readonly dataDir: string | undefined
  readonly nowMs: () => number
  readonly notice: (message: string) => void
}

interface Opened {
  readonly state: LedgerState
  readonly database: DatabaseConnection
}

/** Opens the ledger, or what can stand in for it; tells through `notice` what a person should know. */
export function openLedgerFile(deps: LedgerFileDeps): LedgerFile {
  const opened = openSomewhere(deps)
  if (opened === undefined) return unavailableLedger()
  const { database, state } = opened
  const table = createKeyTable(database)
  let known: readonly AppKey[] = []
  let version = dataVersion(database)

  return {
    state,
    list: () => {
      const keys = attempt(() => table.list())
      if (!isFailure(keys)) known = keys
      return known
    },
    create: (key, nowMs) => attempt(() => table.create(key, nowMs)),
    revoke: (idOrName, nowMs) => attempt(() => table.revoke(idOrName, nowMs)),
    changedElsewhere: () => {
      const before = version
      const now = attempt(() => dataVersion(database))
      if (isFailure(now)) return false
      version = now
      return now !== before
    },
    checkpoint: () => void attempt(() => checkpoint(database)),
    close: () => closeQuietly(database),
  }
}

/** What a command that runs beside the server may do with the keys. None of the calls throws. */
export interface KeyLedger {
  list(): readonly AppKey[] | Failure
  create(key: NewAppKey, nowMs: number): AppKey | Failure
  revoke(idOrName: string, nowMs: number): AppKey | Failure
  close(): void
}

/**
 * Opens the ledger for a command: in its own process, kept apart from the server by SQLite's locks. A damaged
 * ledger is left alone, because a server may be using it, and nothing is ever made in memory: a key that would be
 * gone with the command must not look as if it had been created.
 */
export function openKeyLedger(dataDir: string): KeyLedger | Failure {
  const database = attempt(() => {
    prepareDataFolder(dataDir)
    return open(join(dataDir, LEDGER_FILE))
  })
  if (isFailure(database)) return database
  const table = createKeyTable(database)
  return {
    list: () => attempt(() => table.list()),
    create: (key, nowMs) => attempt(() => table.create(key, nowMs)),
    revoke: (idOrName, nowMs) => attempt(() => table.revoke(idOrName, nowMs)),
    close: () => void attempt(() => database.close()),
  }
}

function openSomewhere(deps: LedgerFileDeps): Opened | undefined {
  if (deps.dataDir === undefined) return { state: 'memory', database: open(':memory:') }
  const file = join(deps.dataDir, LEDGER_FILE)
  try {
    return { state: 'file', database: open(file) }
  } catch (error) {
    if (isCorruption(error)) return replace(file, deps)
    deps.notice(`${nameOf(error)}: app keys cannot be read, so none is accepted. ${explain(error)}`)
    return undefined
  }
}

/** Never cleaned up, unlike damaged logs: a lost ledger is worth a person's look. */
function replace(file: string, deps: LedgerFileDeps): Opened | undefined {
  try {
    const aside = quarantine(file, deps.nowMs())
    const database = open(file)
    deps.notice(
      `CorruptDatabaseError: ${LEDGER_FILE} was damaged and is kept as ${aside}. Every app key made so far is refused; make new ones with: spillway keys create NAME`,
    )
    return { state: 'reset', database }
  } catch (error) {
    deps.notice(`CorruptDatabaseError: ${LEDGER_FILE} is damaged and cannot be replaced. ${explain(error)}`)
    return undefined
  }
}

function open(file: string): DatabaseConnection {
  return openDatabase({ file, durability: 'full', migrations: ledgerMigrations })
}

function unavailableLedger(): LedgerFile {
  const refusal: Failure = {
    kind: 'internal',
    message: `${LEDGER_FILE} cannot be used, so app keys can neither be made nor revoked. Run: spillway doctor`,
  }
  return {
    state: 'unavailable',
    list: () => [],
    create: () => refusal,
    revoke: () => refusal,
    changedElsewhere: () => false,
    checkpoint: () => undefined,
    close: () => undefined,
  }
}

/** A counter that SQLite raises for a connection when another one has committed. */
function dataVersion(database: DatabaseConnection): number {
  return Number(database.pragma('data_version', { simple: true }))
}

function attempt<Value>(work: () => Value): Value | Failure {
  try {
    return work()
  } catch (error) {
    return { kind: 'internal', message: `${nameOf(error)}: ${LEDGER_FILE}: ${explain(error)}` }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error'
}
