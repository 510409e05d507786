import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { logColumns } from '../log-record.ts'
import { logsMigrations } from './logs.ts'

it('makes the columns that rows are written to, and no index that every request would pay for', () => {
  const database = new Database(':memory:')
  for (const { sql } of logsMigrations) database.exec(sql)
  const names = database.prepare("SELECT name FROM pragma_table_info('requests')").pluck().all()
  expect(names).toEqual(['seq', ...logColumns])
  const indexed = database
    .prepare(
      "SELECT i.name FROM pragma_index_list('requests') AS l, pragma_index_info(l.name) AS i WHERE l.origin = 'c' ORDER BY 1",
    )
    .pluck()
    .all()
  expect(indexed).toEqual([])
})
