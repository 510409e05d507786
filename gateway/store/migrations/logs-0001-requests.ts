import type { Migration } from './migration.ts'

/**
 * One row per request. `seq` is the order of writing and never used twice, so that a reader can follow it;
 * `id` is unique, so that a batch that is written again after a crash leaves no second row.
 *
 * There are no further indexes: rows are read newest first and in small numbers, so a filter walks back along `seq`,
 * and each index would cost every request what it saves a search that is made by hand.
 */
export const logs0001Requests: Migration = {
  version: 1,
  name: 'requests',
  sql: `
    CREATE TABLE requests (
      seq                INTEGER PRIMARY KEY AUTOINCREMENT,
      id                 TEXT    NOT NULL UNIQUE,
      at_ms              INTEGER NOT NULL,
      app                TEXT    NOT NULL,
      client             TEXT    NOT NULL,
      operation          TEXT    NOT NULL,
      stream             INTEGER NOT NULL,
      model              TEXT    NOT NULL,
      route              TEXT    NOT NULL,
      attempts           TEXT    NOT NULL,
      dropped            TEXT    NOT NULL,
      reason             TEXT    NOT NULL,
      target             TEXT,
      locality           TEXT,
      lane               TEXT,
      status             INTEGER NOT NULL,
      outcome            TEXT    NOT NULL,
      failure            TEXT,
      failure_message    TEXT,
      finish             TEXT,
      input_tokens       INTEGER,
      output_tokens      INTEGER,
      cache_read_tokens  INTEGER,
      cache_write_tokens INTEGER,
      reasoning_tokens   INTEGER,
      cost_usd           REAL,
      first_token_ms     REAL,
      total_ms           REAL    NOT NULL,
      request_bytes      INTEGER NOT NULL,
      reply_bytes        INTEGER NOT NULL
    ) STRICT;
  `,
}
