import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { limits } from '../contract/limits.ts'

/** A file's text, or why there is none. */
export type FileText =
  | { readonly text: string }
  | { readonly problem: 'missing' | 'directory' | 'forbidden' | 'too-large' | 'not-text' | 'unreadable' }

/** The only effect of reading a configuration; tests pass a map of texts. */
export type ReadFile = (path: string) => FileText

/** Reads a text file of at most {@link limits.configFileBytes}. */
export const readTextFile: ReadFile = (path) => {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) return { problem: 'directory' }
    // A pipe or a device has no end that could be waited for.
    if (!stat.isFile()) return { problem: 'unreadable' }
    if (stat.size > limits.configFileBytes) return { problem: 'too-large' }
    return textOf(readFileSync(descriptor))
  } catch (error) {
    return { problem: problemOf(error) }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function textOf(bytes: Buffer): FileText {
  if (bytes.includes(0)) return { problem: 'not-text' }
  return { text: bytes.toString('utf8') }
}

function problemOf(error: unknown): 'missing' | 'directory' | 'forbidden' | 'unreadable' {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
  if (code === 'EISDIR') return 'directory'
  return code === 'EACCES' || code === 'EPERM' ? 'forbidden' : 'unreadable'
}

const PROBLEMS: Readonly<Record<Extract<FileText, { problem: string }>['problem'], string>> = {
  missing: 'The file does not exist: check its name and folder.',
  directory: 'This is a directory: name the file in it.',
  forbidden: 'The file may not be read by this user: change its owner or its permissions.',
  'too-large': `The file is larger than ${limits.configFileBytes / 1024 / 1024} MiB: is it the right one?`,
  'not-text': 'The file is not UTF-8 text; save it as UTF-8.',
  unreadable: 'The file could not be read: it must be an ordinary file on a disk that works.',
}

/** What to tell about a file that could not be read. */
export function readProblem(problem: keyof typeof PROBLEMS): string {
  return PROBLEMS[problem]
}
