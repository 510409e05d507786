/** One step of a database's schema. Released steps never change: a new one is added after them. */
export interface Migration {
  /** Contiguous from 1; stored as SQLite's `user_version`. */
  readonly version: number
  readonly name: string
  /** Runs in one transaction together with the new version number. */
  readonly sql: string
}
