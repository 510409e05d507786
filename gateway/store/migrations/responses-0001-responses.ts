import type { Migration } from './migration.ts'

/** Answers of the Responses API that their clients asked to be kept, each with the conversation up to its end. */
export const responses0001Responses: Migration = {
  version: 1,
  name: 'responses',
  sql: `
    CREATE TABLE responses (
      seq       INTEGER PRIMARY KEY AUTOINCREMENT,
      id        TEXT    NOT NULL UNIQUE,
      app       TEXT    NOT NULL,
      at_ms     INTEGER NOT NULL,
      response  TEXT    NOT NULL,
      items     TEXT,
      bytes     INTEGER NOT NULL
    ) STRICT;
  `,
}
