import { describe, expect, it } from 'vitest'
import { ledgerMigrations } from './ledger.ts'
import { logsMigrations } from './logs.ts'

describe.each([
  ['ledger', ledgerMigrations],
  ['logs', logsMigrations],
])('%s migrations', (_name, migrations) => {
  it('are numbered from 1 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_migration, index) => index + 1))
  })
})
