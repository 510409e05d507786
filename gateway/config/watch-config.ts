import { dirname, basename } from 'node:path'
import type { Clock, Timer } from '../contract/clock.ts'
import type { Diagnostic } from '../contract/diagnostic.ts'
import { limits } from '../contract/limits.ts'
import type { ConfigResult } from './read-config.ts'

/** Watches one directory; `changed` gets the name of what changed, where the system tells. Throws where it cannot. */
export type WatchDirectory = (
  path: string,
  listener: { changed(name: string | undefined): void; failed(): void },
) => { close(): void }

export type ConfigChange =
  /** A new configuration, to be put in force whole. */
  | { readonly kind: 'changed'; readonly result: Extract<ConfigResult, { ok: true }> }
  /** The edit cannot be used: the last good configuration stays in force. Told once for each broken edit. */
  | { readonly kind: 'broken'; readonly diagnostics: readonly Diagnostic[] }

export interface ConfigWatcherOptions {
  /** What is in force now. */
  readonly initial: ConfigResult
  /** Reads the files anew. */
  read(): ConfigResult
  readonly clock: Clock
  readonly watchDirectory: WatchDirectory
  onChange(change: ConfigChange): void
}

export interface ConfigWatcher {
  /** Reads now, without waiting for an event. */
  check(): void
  close(): void
}

/**
 * Notices edits of a configuration and of the files that it includes. It watches the directories, not the files, since
 * editors replace a file by renaming another over it; what is read counts, not what the events say, so that an event
 * too many does no harm and one too few is made up for by looking again from time to time.
 */
export function createConfigWatcher(options: ConfigWatcherOptions): ConfigWatcher {
  const { clock } = options
  const directories = createDirectoryWatches(options.watchDirectory, () => scheduleRead())
  let seen = fingerprint(options.initial)
  let settling: { readonly timer: Timer; readonly sinceMs: number } | undefined
  let closed = false

  const check = (): void => {
    settling?.timer.cancel()
    settling = undefined
    if (closed) return
    const result = options.read()
    directories.follow(result.files)
    const now = fingerprint(result)
    if (now === seen) return
    seen = now
    options.onChange(result.ok ? { kind: 'changed', result } : { kind: 'broken', diagnostics: result.diagnostics })
  }
  const scheduleRead = (): void => {
    if (settling === undefined) {
      settling = { timer: clock.startTimer(limits.configWatchDebounceMs, check), sinceMs: clock.monotonicMs() }
      return
    }
    const isRestless = clock.monotonicMs() - settling.sinceMs > limits.configSettleMs
    if (!isRestless) settling.timer.restart()
  }

  directories.follow(options.initial.files)
  const poll = clock.startTimer(limits.configPollMs, () => {
    check()
    poll.restart()
  })
  return {
    check,
    close: () => {
      closed = true
      poll.cancel()
      settling?.timer.cancel()
      directories.close()
    },
  }
}

interface DirectoryWatches {
  /** Watches the directories of exactly these files; those that cannot be watched are tried again next time. */
  follow(files: readonly string[]): void
  close(): void
}

function createDirectoryWatches(watchDirectory: WatchDirectory, onEvent: () => void): DirectoryWatches {
  const watches = new Map<string, { close(): void }>()
  let names: ReadonlySet<string> = new Set()
  const drop = (path: string): void => {
    watches.get(path)?.close()
    watches.delete(path)
  }
  const add = (path: string): void => {
    try {
      const watch = watchDirectory(path, {
        changed: (name) => {
          if (name === undefined || names.has(name)) onEvent()
        },
        failed: () => drop(path),
      })
      watches.set(path, watch)
    } catch {
      // The directory is not there, or the system has no watches left: reading from time to time has to do.
    }
  }
  return {
    follow: (files) => {
      names = new Set(files.map((file) => basename(file)))
      const wanted = new Set(files.map((file) => dirname(file)))
      for (const path of watches.keys()) if (!wanted.has(path)) drop(path)
      for (const path of wanted) if (!watches.has(path)) add(path)
    },
    close: () => {
      for (const path of watches.keys()) drop(path)
    },
  }
}

/** Two results with the same fingerprint mean the same to whoever runs on them. */
function fingerprint(result: ConfigResult): string {
  return result.ok ? `good ${result.source}` : `broken ${JSON.stringify(result.diagnostics)}`
}
