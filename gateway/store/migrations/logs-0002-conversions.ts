import type { Migration } from './migration.ts'

/** What was dropped, changed or repaired in translation, and whether the tokens were counted here. */
export const logs0002Conversions: Migration = {
  version: 2,
  name: 'conversions',
  sql: `
    ALTER TABLE requests ADD COLUMN usage_estimated INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE requests ADD COLUMN conversions TEXT NOT NULL DEFAULT '[]';
  `,
}
