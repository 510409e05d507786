import type { Migration } from './migration.ts'

/** App keys: only the hash is kept. A revoked key stays, so that its name in old log rows can be explained. */
export const ledger0001AppKeys: Migration = {
  version: 1,
  name: 'app-keys',
  sql: `
    CREATE TABLE app_keys (
      id            TEXT    NOT NULL PRIMARY KEY,
      name          TEXT    NOT NULL,
      sha256        TEXT    NOT NULL UNIQUE,
      last4         TEXT    NOT NULL,
      created_at_ms INTEGER NOT NULL,
      revoked_at_ms INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX app_keys_live_name ON app_keys (name) WHERE revoked_at_ms IS NULL;
  `,
}
