import { ledger0001AppKeys } from './ledger-0001-app-keys.ts'
import type { Migration } from './migration.ts'

/** The schema of `ledger.db`, in order. */
export const ledgerMigrations: readonly Migration[] = [ledger0001AppKeys]
