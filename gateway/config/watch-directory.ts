import { watch } from 'node:fs'
import type { WatchDirectory } from './watch-config.ts'

/** Watches a directory by the system's own events. Does not keep the process alive. */
export const watchDirectory: WatchDirectory = (path, listener) => {
  const watcher = watch(path, { persistent: false }, (_event, name) => listener.changed(name ?? undefined))
  watcher.on('error', () => listener.failed())
  return { close: () => watcher.close() }
}
