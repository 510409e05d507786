import type { Clock } from './contract/clock.ts'
import type { GatewayConfig } from './contract/config.ts'
import type { Diagnostic } from './contract/diagnostic.ts'
import type { FoundRunner } from './contract/runner.ts'
import { formatDiagnostic } from './config/format-diagnostic.ts'
import { defaultConfig, readConfig, type ConfigResult } from './config/read-config.ts'
import { readTextFile } from './config/read-file.ts'
import { createConfigWatcher } from './config/watch-config.ts'
import { watchDirectory } from './config/watch-directory.ts'
import { findProvider, providers } from './providers/registry.ts'
import { createDirectory, type Directory } from './routing/directory.ts'
import { StartError } from './start-error.ts'

export interface LiveConfigOptions {
  /** Undefined: no file, so what is found on this machine is served. */
  readonly path: string | undefined
  /** In place of the file: then `path` is only its name in messages, and not watched. */
  readonly text?: ConfigText | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly onNotice: (text: string) => void
}

/** A configuration that is in no file. */
export interface ConfigText {
  readonly text: string
  /** Tells the writer in other words where a finding is, when it was not they who wrote this text. */
  readonly locate?: (diagnostic: Diagnostic) => Diagnostic
}

/**
 * The configuration in force and the directory of names that follows from it and from the runners found. Both are
 * immutable values that are swapped whole: a request that has begun keeps the ones it began with.
 */
export interface LiveConfig {
  config(): GatewayConfig
  directory(): Directory
  useRunners(runners: readonly FoundRunner[]): void
  onChange(listener: () => void): void
  close(): void
}

/** For suggestions where a provider's name is mistyped. */
const PROVIDER_IDS = providers.map((provider) => provider.id)

/** Reads the configuration; throws {@link StartError} with exit code 2 when it is wrong. */
export function openLiveConfig(options: LiveConfigOptions): LiveConfig {
  const { path, text, env, clock, onNotice } = options
  const listeners: (() => void)[] = []
  const first = path === undefined ? undefined : readFirst(path, options)
  let config = first?.ok ? first.config : defaultConfig()
  let runners: readonly FoundRunner[] = []
  let directory = createDirectory(config, runners, findProvider)

  const rebuild = (): void => {
    directory = createDirectory(config, runners, findProvider)
    for (const listener of listeners) listener()
  }
  const watcher =
    path === undefined || text !== undefined || first === undefined
      ? undefined
      : createConfigWatcher({
          initial: first,
          read: () => read(path, { env }),
          clock,
          watchDirectory,
          onChange: (change) => {
            if (change.kind === 'broken') {
              onNotice(`${path} cannot be used, so the last good configuration stays in force:`)
              for (const diagnostic of change.diagnostics) onNotice(formatDiagnostic(diagnostic))
              return
            }
            config = change.result.config
            for (const warning of config.warnings) onNotice(formatDiagnostic(warning))
            onNotice(`${path} was read again and is in force.`)
            rebuild()
          },
        })

  return {
    config: () => config,
    directory: () => directory,
    useRunners: (found) => {
      runners = found
      rebuild()
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => watcher?.close(),
  }
}

function read(path: string, { text, env }: Pick<LiveConfigOptions, 'text' | 'env'>): ConfigResult {
  const from = text === undefined ? { path } : { path, text: text.text }
  const result = readConfig({ ...from, env, readFile: readTextFile, findProvider, providerIds: PROVIDER_IDS })
  return text?.locate === undefined ? result : located(result, text.locate)
}

function located(result: ConfigResult, locate: (diagnostic: Diagnostic) => Diagnostic): ConfigResult {
  if (!result.ok) return { ...result, diagnostics: result.diagnostics.map(locate) }
  return { ...result, config: { ...result.config, warnings: result.config.warnings.map(locate) } }
}

function readFirst(path: string, options: LiveConfigOptions): ConfigResult {
  const { onNotice } = options
  const result = read(path, options)
  if (!result.ok) throw StartError.ofDiagnostics(result.diagnostics, path)
  for (const warning of result.config.warnings) onNotice(formatDiagnostic(warning))
  return result
}
