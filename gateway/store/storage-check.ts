import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Failure } from '../contract/failure.ts'
import { prepareDataFolder } from './data-folder.ts'
import { openDatabase } from './database.ts'
import { explain, quietly } from './sqlite-error.ts'

/** Tries what the store needs, with a file of its own that is gone afterwards; nothing that exists is opened. */
export function checkStorage(dataDir: string): { readonly sqliteVersion: string } | Failure {
  const file = join(dataDir, 'doctor.db')
  try {
    prepareDataFolder(dataDir)
    const database = openDatabase({ file, durability: 'normal', migrations: [] })
    try {
      database.exec('CREATE TABLE probe (id INTEGER)')
      return { sqliteVersion: String(database.prepare('SELECT sqlite_version()').pluck().get()) }
    } finally {
      database.close()
    }
  } catch (error) {
    return { kind: 'internal', message: `Keys and logs would be kept in memory only: ${explain(error)}` }
  } finally {
    for (const suffix of ['', '-wal', '-shm']) quietly(() => rmSync(`${file}${suffix}`, { force: true }))
  }
}
