import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { openDatabase } from './database.ts'
import { createKeyTable } from './key-table.ts'
import type { KeyTable } from './key-table.ts'
import { ledgerMigrations } from './migrations/ledger.ts'
import { sampleKey } from './test/samples.ts'

describe('app keys', () => {
  it('are listed in the order of their making, with hash and without key', () => {
    const table = openTable()
    table.create(sampleKey('editor'), 1)
    table.create(sampleKey('shell'), 2)
    expect(table.list()).toEqual([
      { ...sampleKey('editor'), id: expect.stringMatching(/^app_/), createdAtMs: 1, revokedAtMs: undefined },
      { ...sampleKey('shell'), id: expect.stringMatching(/^app_/), createdAtMs: 2, revokedAtMs: undefined },
    ])
  })

  it('are the same key when the same request comes twice', () => {
    const table = openTable()
    expect(table.create(sampleKey('editor'), 1)).toEqual(table.create(sampleKey('editor'), 2))
    expect(table.list()).toHaveLength(1)
  })

  it('refuse a taken name, and take it again once it is free', () => {
    const table = openTable()
    table.create(sampleKey('editor', 'first'), 1)
    const refused = table.create(sampleKey('editor', 'second'), 2)
    expect(isFailure(refused) && refused.message).toContain('spillway keys revoke editor')
    table.revoke('editor', 3)
    expect(isFailure(table.create(sampleKey('editor', 'second'), 4))).toBe(false)
    expect(table.list().map(({ revokedAtMs }) => revokedAtMs)).toEqual([3, undefined])
  })

  it('are revoked by id too, once', () => {
    const table = openTable()
    const key = table.create(sampleKey('editor'), 1)
    const id = isFailure(key) ? '' : key.id
    table.revoke(id, 5)
    expect(table.revoke(id, 9)).toMatchObject({ name: 'editor', revokedAtMs: 5 })
  })

  it('name the keys there are when an unknown one is to be revoked', () => {
    const table = openTable()
    table.create(sampleKey('editor'), 1)
    const refused = table.revoke('editr', 2)
    expect(isFailure(refused) && refused.message).toContain('editor')
  })

  it.each(['', '   ', '-dash', 'new\nline', 'x'.repeat(limits.appKeyNameChars + 1), '<b>'])(
    'refuse the name %j',
    (name) => {
      expect(isFailure(openTable().create(sampleKey(name, 'seed'), 1))).toBe(true)
    },
  )

  it('are bounded in number', () => {
    const table = openTable()
    for (let index = 0; index < limits.appKeys; index += 1) table.create(sampleKey(`k${index}`), index)
    const refused = table.create(sampleKey('one-more'), 1)
    expect(isFailure(refused) && refused.message).toContain('spillway keys revoke')
    table.revoke('k7', 2)
    expect(isFailure(table.create(sampleKey('one-more'), 3))).toBe(false)
    expect(table.list()).toHaveLength(limits.appKeys)
    expect(table.list().some(({ name }) => name === 'k7')).toBe(false)
  }, 60_000)
})

function openTable(): KeyTable {
  return createKeyTable(openDatabase({ file: ':memory:', durability: 'full', migrations: ledgerMigrations }))
}
