import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { openDatabase } from './database.ts'
import type { Migration } from './migrations/migration.ts'
import { CorruptDatabaseError, isCorruption, NewerSchemaError } from './sqlite-error.ts'
import { temporaryFolder } from './test/samples.ts'

const first: Migration = { version: 1, name: 'first', sql: 'CREATE TABLE one (id INTEGER)' }
const second: Migration = { version: 2, name: 'second', sql: 'CREATE TABLE two (id INTEGER)' }
const broken: Migration = { version: 2, name: 'broken', sql: 'CREATE TABLE two (id INTEGER); CREATE NONSENSE' }

describe('openDatabase', () => {
  it('sets what durability and a bounded write-ahead log need', () => {
    const file = join(temporaryFolder(), 'x.db')
    const database = openDatabase({ file, durability: 'full', migrations: [first] })
    const pragma = (name: string): unknown => database.pragma(name, { simple: true })
    expect(['journal_mode', 'synchronous', 'auto_vacuum', 'foreign_keys', 'trusted_schema'].map(pragma)).toEqual([
      'wal',
      2,
      2,
      1,
      0,
    ])
    expect(pragma('journal_size_limit')).toBe(16 * 1024 * 1024)
    expect(pragma('fullfsync')).toBe(1)
  })

  it.skipIf(process.platform === 'win32')(
    'makes files that only their owner can read (skipped on Windows, which has no such modes)',
    () => {
      const file = join(temporaryFolder(), 'x.db')
      openDatabase({ file, durability: 'normal', migrations: [first] })
      expect(['', '-wal', '-shm'].map((suffix) => statSync(`${file}${suffix}`).mode & 0o777)).toEqual([
        0o600, 0o600, 0o600,
      ])
    },
  )

  it('applies only the migrations that are missing', () => {
    const file = join(temporaryFolder(), 'x.db')
    openDatabase({ file, durability: 'normal', migrations: [first] }).close()
    const database = openDatabase({ file, durability: 'normal', migrations: [first, second] })
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()).toEqual([
      'one',
      'two',
    ])
    expect(database.pragma('user_version', { simple: true })).toBe(2)
  })

  it('leaves the schema as it was when a migration fails in the middle', () => {
    const file = join(temporaryFolder(), 'x.db')
    openDatabase({ file, durability: 'normal', migrations: [first] }).close()
    expect(() => openDatabase({ file, durability: 'normal', migrations: [first, broken] })).toThrow('NONSENSE')
    const database = openDatabase({ file, durability: 'normal', migrations: [first] })
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()).toEqual(['one'])
  })

  it('refuses a file of a later Spillway and leaves it unchanged', () => {
    const file = join(temporaryFolder(), 'x.db')
    openDatabase({ file, durability: 'normal', migrations: [first, second] }).close()
    expect(() => openDatabase({ file, durability: 'normal', migrations: [first] })).toThrow(NewerSchemaError)
    expect(new Database(file).pragma('user_version', { simple: true })).toBe(2)
  })

  it('knows a damaged page and a file that was never a database', () => {
    const folder = temporaryFolder()
    const text = join(folder, 'text.db')
    writeFileSync(text, 'this is not a database, and long enough to be read as a header of one: '.repeat(100))
    const torn = join(folder, 'torn.db')
    const database = openDatabase({ file: torn, durability: 'normal', migrations: [first] })
    database.exec(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999) INSERT INTO one SELECT i FROM n',
    )
    database.pragma('wal_checkpoint(TRUNCATE)')
    database.close()
    damage(torn)
    for (const file of [text, torn]) {
      const error = thrownBy(() => openDatabase({ file, durability: 'normal', migrations: [first] }))
      expect([file, error instanceof CorruptDatabaseError || isCorruption(error)]).toEqual([file, true])
    }
  })
})

/** Overwrites a page in the middle, as a disk would that lost one. */
function damage(file: string): void {
  writeFileSync(file, Buffer.alloc(4096, 0x5a), { flag: 'r+', flush: true })
  const size = statSync(file).size
  expect(size).toBeGreaterThan(8192)
}

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
