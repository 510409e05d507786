import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { ledger0001AppKeys } from './ledger-0001-app-keys.ts'

it('a name can be used again only after its key was revoked', () => {
  const database = new Database(':memory:')
  database.exec(ledger0001AppKeys.sql)
  const add = database.prepare("INSERT INTO app_keys VALUES (?, 'editor', ?, 'abcd', 1, ?)")
  add.run('a', 'hash-a', 5)
  add.run('b', 'hash-b', null)
  expect(() => add.run('c', 'hash-c', null)).toThrow('UNIQUE')
  expect(() => add.run('d', 'hash-b', 9)).toThrow('UNIQUE')
})
