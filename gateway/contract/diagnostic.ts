/** One finding about a configuration file, addressed to the person who wrote the line. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable and searchable: `unknown-key`, `misplaced-key`, `unsupported-key`, `bad-value`... */
  readonly code: string
  readonly message: string
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** What to write instead, where that is known. */
  readonly suggestion?: string
}
