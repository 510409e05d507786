/** The gateway cannot start; `lines` tell a person why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
  /** What the process exits with: 1 could not start, 2 bad configuration. */
  readonly exitCode: 1 | 2
  readonly lines: readonly string[]

  constructor(exitCode: 1 | 2, lines: readonly string[]) {
    super(lines.join('\n'))
    this.exitCode = exitCode
    this.lines = lines
  }
}
