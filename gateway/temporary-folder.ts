import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A private folder that is gone when it is removed or, where that was forgotten, when the process exits. */
export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

/** What is still there; one listener for all of them, because a process has few. */
const folders = new Set<string>()

/** Makes a folder that only this user may open. */
export function makeTemporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'spillway-'))
  if (folders.size === 0) process.once('exit', removeAll)
  folders.add(path)
  return {
    path,
    remove: () => {
      folders.delete(path)
      if (folders.size === 0) process.off('exit', removeAll)
      removeFolder(path)
    },
  }
}

function removeAll(): void {
  for (const path of folders) removeFolder(path)
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // A file that is still open on Windows; the system's own cleaning of its temporary folder takes the rest.
  }
}
