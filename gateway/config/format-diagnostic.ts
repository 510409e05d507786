import type { Diagnostic } from '../contract/diagnostic.ts'

/** As compilers print it, so that terminals and editors find the place; the suggestion is on a line of its own. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, code, message, suggestion } = diagnostic
  const first = `${file}:${line}:${column}: ${severity}: ${message} [${code}]`
  return suggestion === undefined ? first : `${first}\n    ${suggestion}`
}
