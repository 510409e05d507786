import { posix, win32 } from 'node:path'

/** What decides where data lives; `home` is the user's home folder. */
export interface DataDirFacts {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/**
 * The folder for keys and logs when the user names none, by each system's own convention: `XDG_DATA_HOME` (which
 * must be absolute, as its specification demands) or `~/.local/share` on Linux and the BSDs, `Application Support`
 * on macOS, `%APPDATA%` on Windows.
 */
export function defaultDataDir({ platform, env, home }: DataDirFacts): string {
  if (platform === 'win32') return win32.join(env['APPDATA'] || win32.join(home, 'AppData', 'Roaming'), 'Spillway')
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Spillway')
  const stated = env['XDG_DATA_HOME']
  const base = stated !== undefined && posix.isAbsolute(stated) ? stated : posix.join(home, '.local', 'share')
  return posix.join(base, 'spillway')
}
