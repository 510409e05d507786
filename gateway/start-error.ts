import { formatDiagnostic } from './config/format-diagnostic.ts'
import type { Diagnostic } from './contract/diagnostic.ts'

/** The gateway cannot start; `lines` tell a person why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
  /** What the process exits with: 1 could not start, 2 bad configuration. */
  readonly exitCode: 1 | 2
  readonly lines: readonly string[]
  /** What is wrong with the configuration, place by place; empty where something else is the reason. */
  readonly diagnostics: readonly Diagnostic[]

  constructor(exitCode: 1 | 2, lines: readonly string[], diagnostics: readonly Diagnostic[] = []) {
    super(lines.join('\n'))
    this.exitCode = exitCode
    this.lines = lines
    this.diagnostics = diagnostics
  }

  /** A configuration that cannot be used. */
  static ofDiagnostics(diagnostics: readonly Diagnostic[], path: string): StartError {
    return new StartError(2, [...diagnostics.map(formatDiagnostic), `${path} cannot be used.`], diagnostics)
  }
}
