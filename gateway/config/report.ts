import type { Diagnostic } from '../contract/diagnostic.ts'
import { limits } from '../contract/limits.ts'
import { redact } from '../kit/redact.ts'
import type { Place } from './source-node.ts'

/** A finding before it is given a place and a weight. */
export interface Finding {
  /** Stable and searchable, such as `unknown-key`. */
  readonly code: string
  readonly message: string
  readonly suggestion?: string | undefined
}

/** Collects what there is to say about a configuration, once per place and code, up to a bound. */
export interface Report {
  error(at: Place, finding: Finding): void
  warn(at: Place, finding: Finding): void
  readonly hasErrors: boolean
  /** By file, line and column. */
  diagnostics(): readonly Diagnostic[]
}

export function createReport(): Report {
  const found = new Map<string, Diagnostic>()
  const add = (severity: Diagnostic['severity'], at: Place, finding: Finding): void => {
    const id = [at.file, at.line, at.column, finding.code, finding.message].join('\0')
    if (found.size >= limits.configDiagnostics && severity === 'warning') return
    const { suggestion, code } = finding
    // A key in the wrong place must not be repeated by the sentence that says so.
    const told = { severity, code, message: redact(finding.message), ...at }
    found.set(id, suggestion === undefined ? told : { ...told, suggestion: redact(suggestion) })
  }
  return {
    error: (at, finding) => add('error', at, finding),
    warn: (at, finding) => add('warning', at, finding),
    get hasErrors() {
      return [...found.values()].some((diagnostic) => diagnostic.severity === 'error')
    },
    diagnostics: () => [...found.values()].sort(byPlace).slice(0, limits.configDiagnostics),
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column
}

const LOOKS_SECRET = /^(sk|pk|rk|gsk|hf|xai|nvapi|ghp|pplx|csk|tgp|key)[-_]|^[A-Za-z0-9+/_=-]{40,}$|^eyJ/
const QUOTED_CHARS = 60

/** A name from the file for use in a message: bounded, printable, and masked where it looks like a credential. */
export function quoted(name: string): string {
  if (LOOKS_SECRET.test(name)) return '"[secret]"'
  const short = name.length > QUOTED_CHARS ? `${name.slice(0, QUOTED_CHARS)}...` : name
  return JSON.stringify(short)
}
