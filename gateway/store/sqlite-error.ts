/** The file was written by a later Spillway: reading it with this one could lose what that one knows. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError'
}

/** The file is not a database, or its pages contradict each other. */
export class CorruptDatabaseError extends Error {
  override readonly name = 'CorruptDatabaseError'
}

/** True for the ways in which SQLite says that a file's content is broken. */
export function isCorruption(error: unknown): boolean {
  if (error instanceof CorruptDatabaseError) return true
  const code = codeOf(error)
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

/** SQLite's or the system's code of an error, such as `SQLITE_FULL` or `EACCES`; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What an error of the file system or of SQLite means, and what can be done about it: sentences for people. */
export function explain(error: unknown): string {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const stated = code === '' || message.includes(code) ? message : `${message} (${code})`
  const advice = ADVICE.find(([pattern]) => pattern.test(code))?.[1]
  return [stated.replace(/[.]?$/, '.'), ...(advice === undefined ? [] : [advice])].join(' ')
}

/** Runs work whose failure must not stop the worker: what matters is tried again at the next round. */
export function quietly<Value>(work: () => Value): Value | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/FULL|ENOSPC/, 'The disk is full: free some space.'],
  [/READONLY|EROFS|EACCES|EPERM|CANTOPEN/, 'The data folder must be writable: change its rights, or pass --data-dir.'],
  [/BUSY|LOCKED/, 'Another program holds the file: close it.'],
  [/ENOTDIR|EEXIST/, 'There is a file where the data folder should be: move it, or pass --data-dir.'],
]
