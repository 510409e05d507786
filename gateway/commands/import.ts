import { basename } from 'node:path'
import { formatDiagnostic } from '../config/format-diagnostic.ts'
import { readConfig } from '../config/read-config.ts'
import { readTextFile } from '../config/read-file.ts'
import { writeNative } from '../config/write-native.ts'
import { findProvider, providers } from '../providers/registry.ts'
import type { Command } from './command.ts'

/** Prints a LiteLLM `config.yaml` as `spillway.yaml`, with comments on what could not be carried over. */
export const importConfig: Command = async (args, io) => {
  const [path] = args
  if (path === undefined || args.length > 1 || path.startsWith('-')) {
    io.error('Usage: spillway import FILE > spillway.yaml')
    return 2
  }
  const providerIds = providers.map((provider) => provider.id)
  const result = readConfig({ path, env: io.env, readFile: readTextFile, findProvider, providerIds })
  if (!result.ok) {
    for (const diagnostic of result.diagnostics) io.error(formatDiagnostic(diagnostic))
    io.error(`${path} cannot be translated.`)
    return 2
  }
  if (result.format === 'native') {
    io.error(`${path} is a spillway.yaml already: serve it with --config ${path}. Nothing was translated.`)
    return 2
  }
  const warnings = result.config.warnings.map((warning) => ({ ...warning, file: basename(warning.file) }))
  const { text, moved } = writeNative(result.draft, { from: basename(path), warnings, exports: result.exports })
  io.out(text.trimEnd())
  for (const warning of result.config.warnings) io.error(formatDiagnostic(warning))
  for (const name of [...moved.keys(), ...result.exports.keys()]) io.error(`Set ${name} before starting Spillway.`)
  return 0
}
