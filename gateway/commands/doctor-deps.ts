import { parseArgs } from 'node:util'
import { defaultConfig, readConfig } from '../config/read-config.ts'
import { readTextFile } from '../config/read-file.ts'
import { createProber } from '../engine/prober.ts'
import { findProvider, providers } from '../providers/registry.ts'
import { readMachine } from '../sensors/machine.ts'
import { createRunnerScout } from '../sensors/scout.ts'
import { VERSION } from '../version.ts'
import type { Command } from './command.ts'
import { createDoctorCommand, DOCTOR_USAGE } from './doctor.ts'

const providerIds = providers.map((provider) => provider.id)

export interface DoctorSetting {
  readonly dataDir: string
  readonly defaultConfigPath: string | undefined
}

/** `spillway doctor`, with the real machine behind it, for the configuration that `serve` would read. */
export function createDoctor({ dataDir, defaultConfigPath }: DoctorSetting): Command {
  return async (args, io) => {
    const { clock, env } = io
    const asked = readOptions(args)
    if (asked === undefined) {
      io.error(DOCTOR_USAGE)
      return 2
    }
    const file = asked.config ?? defaultConfigPath
    const result =
      file === undefined
        ? undefined
        : readConfig({ path: file, env, readFile: readTextFile, findProvider, providerIds })
    const config = result?.ok ? result.config : defaultConfig()
    const prober = createProber(clock)
    const diagnostics = result === undefined ? [] : result.ok ? result.config.warnings : result.diagnostics
    const doctor = createDoctorCommand({
      version: VERSION,
      dataDir,
      port: config.server.port,
      providers,
      scout: createRunnerScout({ clock, env, probe: prober.probe, findProvider }),
      checkConfig: () => Promise.resolve({ file, diagnostics }),
      readMachine: () => readMachine(clock),
    })
    try {
      return await doctor([], io)
    } finally {
      await prober.close()
    }
  }
}

function readOptions(args: readonly string[]): { readonly config?: string } | undefined {
  try {
    return parseArgs({ args: [...args], options: { config: { type: 'string' } } }).values
  } catch {
    return undefined
  }
}
