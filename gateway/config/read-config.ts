import type { GatewayConfig } from '../contract/config.ts'
import type { Diagnostic } from '../contract/diagnostic.ts'
import type { Provider } from '../contract/provider.ts'
import type { Secret } from '../contract/secret.ts'
import { buildConfig } from './build/build-config.ts'
import { withoutRefused } from './build/without-refused.ts'
import { type Environment, environmentOf } from './environment.ts'
import { isLitellm } from './litellm/sections.ts'
import { translateLitellm } from './litellm/translate.ts'
import { createSourceLoader, type SourceLoader } from './load-source.ts'
import type { Draft } from './native/file-keys.ts'
import { readNative } from './native/read-native.ts'
import { nativeHome } from './native/sections.ts'
import type { ReadFile } from './read-file.ts'
import type { Reading } from './reading.ts'
import { createReport, type Report } from './report.ts'
import { isBlank, type MapNode } from './source-node.ts'

export interface ConfigInput {
  /** Of the file; also what included files are relative to. */
  readonly path: string
  /** The file's text when it is at hand; read from `path` when absent. */
  readonly text?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: ReadFile
  /** To suggest a provider for a mistyped name. */
  readonly providerIds?: readonly string[]
  readonly findProvider: (idOrAlias: string) => Provider | undefined
}

export type ConfigFormat = 'native' | 'litellm'

/** A configuration that may be put in force, or what is wrong with it. Warnings are in `config.warnings`. */
export type ConfigResult =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      readonly format: ConfigFormat
      /** What the file states, for {@link writeNative}. */
      readonly draft: Draft
      /** Environment variables that the file itself sets, as LiteLLM's `environment_variables` do. */
      readonly exports: ReadonlyMap<string, Secret>
      /** Every file that was read or looked for, to be watched. */
      readonly files: readonly string[]
      /** The files' texts in one string, to be kept as the last good copy: see {@link readKeptConfig}. Holds secrets. */
      readonly source: string
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly files: readonly string[] }

/** Reads `spillway.yaml` or LiteLLM's `config.yaml`; which of them it is shows in its top-level keys. */
export function readConfig(input: ConfigInput): ConfigResult {
  const report = createReport()
  const { text } = input
  const readFile: ReadFile = (path) => (text !== undefined && path === input.path ? { text } : input.readFile(path))
  const loader = createSourceLoader(readFile, report)
  const read = readRoot(loader, input, report)
  const { files } = loader
  if (read === undefined || report.hasErrors) return { ok: false, diagnostics: report.diagnostics(), files }
  return { ok: true, ...read, files, source: JSON.stringify(loader.texts) }
}

/** Reads the copy that an earlier {@link ConfigResult.source} kept, without looking at the files again. */
export function readKeptConfig(source: string, input: Omit<ConfigInput, 'text' | 'readFile'>): ConfigResult {
  const texts = keptTexts(source)
  const readFile: ReadFile = (path) => {
    const text = texts.get(path)
    return text === undefined ? { problem: 'missing' } : { text }
  }
  return readConfig({ ...input, readFile })
}

/** The configuration without any file: what runs on this machine is served, with a created key. */
export function defaultConfig(): GatewayConfig {
  const environment: Environment = () => undefined
  const findProvider = (): undefined => undefined
  return buildConfig({}, { report: createReport(), environment, manner: 'strict', refused: new Set(), findProvider })
}

interface ReadRoot {
  readonly config: GatewayConfig
  readonly format: ConfigFormat
  readonly draft: Draft
  readonly exports: ReadonlyMap<string, Secret>
}

function readRoot(loader: SourceLoader, input: ConfigInput, report: Report): ReadRoot | undefined {
  const root = loader.load(input.path)
  if (root === undefined) return undefined
  if (isBlank(root) || (root.kind === 'map' && root.entries.length === 0)) {
    const message = 'The file states nothing. Without any file Spillway serves what it finds on this machine.'
    const suggestion = 'Write at least "discovery: true", or remove the file.'
    report.error(root.at, { code: 'empty-file', message, suggestion })
    return undefined
  }
  if (root.kind !== 'map') {
    report.error(root.at, { code: 'bad-value', message: 'A configuration is a map of keys, such as "models:".' })
    return undefined
  }
  const environment = environmentOf(input.env)
  return isLitellm(root)
    ? readLitellmRoot(root, { loader, environment, report, input })
    : readNativeRoot(root, { environment, report, input })
}

interface RootContext {
  readonly environment: Environment
  readonly report: Report
  readonly input: ConfigInput
}

function readNativeRoot(root: MapNode, { environment, report, input }: RootContext): ReadRoot {
  const reading: Reading = { report, environment, manner: 'strict', belongs: nativeHome }
  const draft = readNative(root, reading)
  const { findProvider, providerIds } = input
  const refused = new Set<object>()
  const config = buildConfig(draft, { report, environment, manner: 'strict', refused, findProvider, providerIds })
  return { config, format: 'native', draft, exports: new Map() }
}

function readLitellmRoot(root: MapNode, context: RootContext & { loader: SourceLoader }): ReadRoot {
  const { loader, report, input } = context
  const { path, findProvider } = input
  const translation = { path, loader, report, environment: context.environment, findProvider }
  const { draft, environment, exports } = translateLitellm(root, translation)
  const refused = new Set<object>()
  const { providerIds } = input
  const config = buildConfig(draft, { report, environment, manner: 'lenient', refused, findProvider, providerIds })
  return { config, format: 'litellm', draft: withoutRefused(draft, refused), exports }
}

function keptTexts(source: string): ReadonlyMap<string, string> {
  try {
    const kept: unknown = JSON.parse(source)
    const pairs = typeof kept === 'object' && kept !== null ? Object.entries(kept) : []
    return new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
  } catch {
    return new Map()
  }
}
