import type { GatewayConfig } from '../contract/config.ts'
import type { Diagnostic } from '../contract/diagnostic.ts'
import type { Route, Target } from '../contract/route.ts'
import { formatDiagnostic } from '../config/format-diagnostic.ts'
import { configReference } from '../config/native/config-reference.ts'
import { readConfig } from '../config/read-config.ts'
import { readTextFile } from '../config/read-file.ts'
import { findProvider, providers } from '../providers/registry.ts'
import type { Command } from './command.ts'

const USAGE = 'Usage: spillway check FILE [--json]\n       spillway check --reference'

/** Reads a configuration and says what is wrong with it, and what it would serve. Starts nothing. */
export const check: Command = async (args, io) => {
  if (args.length === 1 && args[0] === '--reference') {
    io.out(configReference())
    return 0
  }
  const files = args.filter((arg) => !arg.startsWith('-'))
  const [path] = files
  const isKnown = args.every((arg) => !arg.startsWith('-') || arg === '--json')
  if (path === undefined || files.length > 1 || !isKnown) {
    io.error(USAGE)
    return 2
  }
  const providerIds = providers.map((provider) => provider.id)
  const result = readConfig({ path, env: io.env, readFile: readTextFile, findProvider, providerIds })
  const diagnostics = result.ok ? result.config.warnings : result.diagnostics
  if (args.includes('--json')) {
    io.out(JSON.stringify({ ok: result.ok, diagnostics, routes: result.ok ? summarized(result.config) : [] }, null, 2))
  } else {
    for (const diagnostic of diagnostics) io.error(formatDiagnostic(diagnostic))
    if (result.ok) for (const line of summary(result.config, diagnostics)) io.out(line)
    else io.error(`${path} cannot be used.`)
  }
  return result.ok ? 0 : 2
}

function summary(config: GatewayConfig, warnings: readonly Diagnostic[]): readonly string[] {
  const routes = allRoutes(config)
  const served =
    routes.length === 0 ? 'no models of its own' : `${routes.length} ${routes.length === 1 ? 'model' : 'models'}`
  const count = warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`
  return [
    `The configuration is usable: ${served}, ${count}.`,
    `mode ${config.mode}, auth ${config.server.auth}, discovery ${config.discovery ? 'on' : 'off'}, port ${config.server.port}`,
    ...routes.flatMap((route) => [
      `  ${route.name}`,
      ...route.targets.map((target) => `    ${describeTarget(target, route)}`),
    ]),
    ...config.aliases.map((alias) => `  ${alias.name} -> ${alias.model}`),
  ]
}

function describeTarget(target: Target, route: Route): string {
  const tier = route.targets.some((other) => other.tier !== target.tier) ? `, tier ${target.tier}` : ''
  const key = target.key === undefined ? ', no key' : ''
  return `${target.id}: ${target.provider} at ${target.baseUrl || 'no address'} (${target.locality}${tier}${key})`
}

/** What scripts get: nothing but names and places. */
function summarized(config: GatewayConfig): unknown {
  return allRoutes(config).map(({ name, balance, fallbacks, targets }) => ({
    name,
    balance,
    fallbacks,
    targets: targets.map(({ id, provider, model, locality, baseUrl, tier, key }) => ({
      id,
      provider,
      model,
      locality,
      baseUrl,
      tier,
      hasKey: key !== undefined,
    })),
  }))
}

function allRoutes(config: GatewayConfig): readonly Route[] {
  return [...config.routes, ...config.patterns.map(({ route }) => route)]
}
