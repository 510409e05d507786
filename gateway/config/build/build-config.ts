import { createHash } from 'node:crypto'
import type { AppSettings, GatewayConfig, RoutingSettings, ServerSettings, StaticKey } from '../../contract/config.ts'
import { limits } from '../../contract/limits.ts'
import type { CooldownRules } from '../../contract/route.ts'
import type { Draft, RoutingDraft } from '../native/file-keys.ts'
import type { BuildContext } from './build-context.ts'
import { createEndpointBook } from './endpoints.ts'
import { checkReferences } from './references.ts'
import { buildAliases, buildRoutes, fallbacksOf, retryRules } from './routes.ts'
import { createTargetMaker } from './targets.ts'
import { paramRules, statedTimeouts } from './treatment.ts'

/** The port when none is stated: LiteLLM's, so that clients need no change. */
const DEFAULT_PORT = 4000
const MEBIBYTE = 1024 * 1024

/**
 * Turns what a file states into the configuration in force, filling in every default. What cannot be used is
 * reported and left out; whether that is fatal is for the caller to decide by the report.
 */
export function buildConfig(draft: Draft, context: BuildContext): GatewayConfig {
  const routing = draft.routing ?? {}
  const book = createEndpointBook(draft, context)
  const { routes, patterns } = buildRoutes(draft, createTargetMaker(book, routing, context), context)
  const open = book.all().filter((configured) => configured.draft.unlisted_models ?? true)
  const config: GatewayConfig = {
    mode: draft.mode ?? 'local-first',
    routes,
    patterns,
    aliases: buildAliases(draft, context),
    routing: buildRouting(routing),
    endpoints: open.map(({ endpoint }) => endpoint),
    server: buildServer(draft, context),
    logs: {
      keepDays: draft.logs?.keep_days ?? limits.logKeepDays,
      maxMb: draft.logs?.max_mb ?? limits.logMaxMb,
      responses: draft.logs?.responses ?? true,
    },
    apps: buildApps(draft),
    discovery: draft.discovery ?? true,
    warnings: [],
  }
  checkReferences(draft, config, context)
  return { ...config, warnings: context.report.diagnostics() }
}

function buildRouting(routing: RoutingDraft): RoutingSettings {
  return {
    balance: routing.balance ?? 'shuffle',
    retries: retryRules(routing.retries ?? {}),
    cooldown: buildCooldown(routing),
    timeouts: {
      connectMs: limits.connectTimeoutMs,
      firstTokenMs: limits.firstTokenTimeoutMs,
      betweenTokensMs: limits.betweenTokensTimeoutMs,
      totalMs: limits.totalTimeoutMs,
      ...statedTimeouts(routing.timeouts ?? {}),
    },
    params: paramRules({ drop_params: routing.drop_params }),
    fallbacks: new Map([...(routing.model_fallbacks ?? [])].map(([name, given]) => [name, fallbacksOf(given)])),
    defaultFallbacks: routing.fallbacks ?? [],
    maxFallbacks: routing.max_fallbacks ?? limits.maxFallbacks,
    preCallChecks: routing.pre_call_checks ?? false,
    tagFiltering: routing.tag_filtering ?? false,
  }
}

function buildCooldown({ cooldown = {} }: RoutingDraft): CooldownRules {
  return {
    disabled: cooldown.disabled ?? false,
    cooldownMs: cooldown.ms ?? limits.cooldownMs,
    allowedFails: cooldown.allowed_fails,
    allowedFailsByKind: Object.fromEntries(cooldown.allowed_fails_by_kind ?? []),
  }
}

function buildServer({ server = {}, auth, keys }: Draft, context: BuildContext): ServerSettings {
  const staticKeys: StaticKey[] = []
  for (const [name, { secret }] of keys ?? []) {
    if (secret === undefined) continue
    staticKeys.push({ name, sha256: createHash('sha256').update(secret.reveal()).digest('hex') })
  }
  if (auth === 'off' && staticKeys.length > 0) {
    const at = [...(keys?.values() ?? [])][0]?.at
    const message = 'auth is off, so the keys stated here are not asked for.'
    if (at !== undefined) context.report.warn(at, { code: 'unused-keys', message })
  }
  return {
    port: server.port ?? DEFAULT_PORT,
    extraHosts: server.hosts ?? [],
    origins: server.origins ?? [],
    auth: auth ?? 'key',
    staticKeys,
    maxBodyBytes: server.max_body_mb === undefined ? limits.requestBodyBytes : server.max_body_mb * MEBIBYTE,
  }
}

function buildApps({ apps }: Draft): readonly AppSettings[] {
  return [...(apps ?? [])].map(([name, app]) => ({
    name,
    models: app.models,
    origins: app.origins ?? [],
    rpm: app.rpm,
    tpm: app.tpm,
    maxParallelRequests: app.max_parallel,
  }))
}
