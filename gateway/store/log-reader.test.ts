import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { openDatabase } from './database.ts'
import { openLogReader } from './log-reader.ts'
import { createLogTable } from './log-table.ts'
import { logsMigrations } from './migrations/logs.ts'
import { sampleRow, temporaryFolder } from './test/samples.ts'

it('reads rows that a writer has not yet written back, and rows that come later', () => {
  const dataDir = temporaryFolder()
  const writer = createLogTable(
    openDatabase({ file: join(dataDir, 'logs.db'), durability: 'normal', migrations: logsMigrations }),
  )
  writer.insert([sampleRow('a')])
  const reader = openLogReader(dataDir)
  if (isFailure(reader)) throw new Error(reader.message)
  expect(reader.select({ limit: 5 })).toMatchObject([{ id: 'a' }])
  writer.insert([sampleRow('b')])
  expect(reader.select({ limit: 5, afterSeq: 1 })).toMatchObject([{ id: 'b' }])
  reader.close()
})

it('reads a log that nobody has open', () => {
  const dataDir = temporaryFolder()
  const database = openDatabase({ file: join(dataDir, 'logs.db'), durability: 'normal', migrations: logsMigrations })
  createLogTable(database).insert([sampleRow('a')])
  database.close()
  const reader = openLogReader(dataDir)
  expect(isFailure(reader) ? reader : reader.select({ limit: 5 })).toMatchObject([{ id: 'a' }])
})

it('says what to do where there is no log, and where it is damaged', () => {
  const dataDir = temporaryFolder()
  expect(openLogReader(dataDir)).toMatchObject({ message: expect.stringContaining('spillway serve') })
  mkdirSync(join(dataDir, 'damaged'))
  writeFileSync(join(dataDir, 'damaged', 'logs.db'), 'no database. '.repeat(1000))
  expect(openLogReader(join(dataDir, 'damaged'))).toMatchObject({ message: expect.stringContaining('cannot be read') })
})
