import { defaultConfig, readConfig } from '../config/read-config.ts'
import { formatDiagnostic } from '../config/format-diagnostic.ts'
import { readTextFile } from '../config/read-file.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { createProber } from '../engine/prober.ts'
import { findProvider, providers } from '../providers/registry.ts'
import { createDirectory } from '../routing/directory.ts'
import { createRunnerScout } from '../sensors/scout.ts'
import type { CommandIo } from './command.ts'
import type { ExplainWorld } from './explain.ts'

const providerIds = providers.map((provider) => provider.id)

/** Reads the configuration and looks for runners once, as `serve` would; lines say what is wrong. */
export async function prepareWorld(
  configPath: string | undefined,
  io: CommandIo,
): Promise<ExplainWorld | readonly string[]> {
  const { env } = io
  const result =
    configPath === undefined
      ? undefined
      : readConfig({ path: configPath, env, readFile: readTextFile, findProvider, providerIds })
  if (result !== undefined && !result.ok) return result.diagnostics.map(formatDiagnostic)
  const config = result?.config ?? defaultConfig()
  const runners = config.discovery ? await lookOnce(io) : []
  return { config, directory: createDirectory(config, runners, findProvider) }
}

async function lookOnce({ clock, env }: CommandIo): Promise<readonly FoundRunner[]> {
  const prober = createProber(clock)
  const runners = await createRunnerScout({ clock, env, probe: prober.probe, findProvider }).refresh()
  await prober.close()
  return runners
}
