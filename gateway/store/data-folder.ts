import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeOf, quietly } from './sqlite-error.ts'

/** The files that Spillway keeps in its data folder. */
export const LEDGER_FILE = 'ledger.db'
export const LOGS_FILE = 'logs.db'
export const RESPONSES_FILE = 'responses.db'

/**
 * Makes the data folder usable by its owner alone. A folder that was there before, with other things in it, keeps
 * its rights: they are somebody else's decision, and the files in it are 0600 in any case. Throws as `node:fs` does.
 */
export function prepareDataFolder(dataDir: string): void {
  if (mkdirSync(dataDir, { recursive: true, mode: 0o700 }) !== undefined) return
  const names = readdirSync(dataDir)
  const ours = names.length === 0 || names.includes(LEDGER_FILE) || names.includes(LOGS_FILE)
  // Where its rights cannot be changed it is used all the same.
  if (ours && (statSync(dataDir).mode & 0o077) !== 0) quietly(() => chmodSync(dataDir, 0o700))
}

/**
 * Moves a damaged database aside, with its write-ahead log, and gives the new path. Nothing is deleted here: the
 * rows in it may still be salvaged with SQLite's own `.recover`.
 */
export function quarantine(file: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const aside = `${file}.corrupt-${stamp}`
  renameSync(file, aside)
  for (const suffix of ['-wal', '-shm']) renameIfThere(`${file}${suffix}`, `${aside}${suffix}`)
  return aside
}

/** Deletes all but the newest `keep` quarantined copies of a file. */
export function dropOldQuarantines(file: string, keep: number): void {
  const prefix = `${basename(file)}.corrupt-`
  const copies = readdirSync(dirname(file)).filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name))
  for (const name of copies.sort().slice(0, Math.max(0, copies.length - keep))) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dirname(file), `${name}${suffix}`), { force: true })
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
