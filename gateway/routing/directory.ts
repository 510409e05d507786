import type { CallerApp } from '../contract/call.ts'
import type { Alias, GatewayConfig, PatternRoute } from '../contract/config.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Route, Target } from '../contract/route.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { providerOfName } from '../kit/known-models.ts'
import { createLruMap } from '../kit/lru-map.ts'
import { closest } from '../kit/suggest.ts'
import { AUTO_NAME, autoRoute } from './auto.ts'
import { discover, enrich, type Discovered, type FindProvider } from './discovered.ts'
import { ECHO_NAME, echoRoute } from './echo.ts'
import { createEndpointResolver } from './endpoints.ts'
import { listRoutes, modelInfo, type ListedRoute, type ListOptions } from './listing.ts'
import { createPatternMatcher, type PatternMatcher } from './patterns.ts'
import { routeForMatch } from './pattern-route.ts'

/** Where a name led. */
export interface Resolution {
  /** The name after aliases: what fallbacks and an exact entry of an allow-list go by. */
  readonly name: string
  readonly route: Route
}

/** Every name that can be asked for. Immutable: a new one is made when the configuration or the runners change. */
export interface Directory {
  /** Undefined: nothing has this name. The same object for the same name, for as long as it is remembered. */
  resolve(name: string): Resolution | undefined
  /** What `/v1/models` shows. */
  list(options?: ListOptions): readonly ListedRoute[]
  /** LiteLLM's `/model/info`: one object for each target of each listed route, without credentials. */
  modelInfo(app?: CallerApp): readonly JsonObject[]
  /** The listed name that was probably meant; only among those that the app may use. */
  suggest(name: string, app?: CallerApp): string | undefined
}

/**
 * Names are resolved in LiteLLM's order, with what it lacks in between:
 *
 *  1. aliases, which may lead to any of the following (and to one another)
 *  2. routes by their exact name, then `spillway/echo` and `auto`
 *  3. a target's own id, then a configured target's `endpoint/model` or `provider/model`
 *  4. patterns, the most specific one first
 *  5. models of the runners found here by `runner/model`, then any `endpoint/model` or `provider/model`
 *  6. plain names of models of these runners, with or without `:latest`
 *  7. plain names that tell their provider (`gpt-5`) as `provider/name`, through 4 and 5
 *  8. the pattern `*`
 *
 * The pattern `*` comes last, not with the other patterns: else a model that `/v1/models` lists as local would go
 * to wherever `*` leads. Everything up to 3 is one look-up in a table; the rest is remembered, up to a bound.
 */
export function createDirectory(
  config: GatewayConfig,
  runners: readonly FoundRunner[],
  findProvider: FindProvider,
): Directory {
  const discovered = discover(config, runners)
  const configured = config.routes.map((route) => enrichRoute(route, discovered))
  const dynamic = createDynamicResolver(config, discovered, findProvider)
  const echo = echoRoute(config, (findProvider('spillway') ?? findProvider('echo'))?.id ?? 'spillway')
  const fixed = fixedNames(configured, echo, autoRoute(config.mode, configured, discovered.routes.values()))
  const remembered = createLruMap<Resolution>(limits.resolvedNames)

  const resolveName = (name: string): Resolution | undefined => {
    const known = fixed.get(name) ?? remembered.get(name)
    if (known !== undefined) return known
    const route = dynamic(name)
    if (route === undefined) return undefined
    const resolution = { name, route }
    remembered.set(name, resolution)
    return resolution
  }

  const aliases = resolveAliases(config.aliases, resolveName)
  const resolve = (name: string): Resolution | undefined => {
    const trimmed = name.trim()
    return aliases.get(trimmed) ?? resolveName(trimmed)
  }
  const sources = {
    configured,
    aliases: config.aliases,
    patterns: config.patterns,
    discovered: discovered.routes,
    echo,
    resolve,
  }
  const list = (options: ListOptions = {}): readonly ListedRoute[] => listRoutes(sources, options)
  return {
    resolve,
    list,
    modelInfo: (app) => modelInfo(sources, app),
    suggest: (name, app) => {
      const names = list(app === undefined ? {} : { app }).map((listed) => listed.id)
      return closest(name, names.slice(0, limits.suggestedFrom))
    },
  }
}

/** Steps 2 and 3; what comes first keeps its name. */
function fixedNames(
  configured: readonly Route[],
  echo: Route,
  auto: Route | undefined,
): ReadonlyMap<string, Resolution> {
  const names = new Map<string, Resolution>()
  const add = (name: string, route: Route): void => {
    if (!names.has(name)) names.set(name, { name, route })
  }
  for (const route of configured) add(route.name, route)
  add(ECHO_NAME, echo)
  if (auto !== undefined) add(AUTO_NAME, auto)
  for (const route of configured) {
    for (const target of route.targets) add(target.id, { ...route, targets: [target] })
  }
  for (const [name, route] of routesByModel(configured)) add(name, route)
  return names
}

/** LiteLLM's `litellm_params.model`: every configured target of that model, whatever route it is in. */
function routesByModel(configured: readonly Route[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>()
  for (const route of configured) {
    for (const target of route.targets) {
      for (const name of new Set([`${target.endpoint}/${target.model}`, `${target.provider}/${target.model}`])) {
        const known = routes.get(name)
        routes.set(name, { ...(known ?? route), name, targets: [...(known?.targets ?? []), target] })
      }
    }
  }
  return routes
}

/** Follows aliases to what they stand for; a circle of aliases stands for nothing. */
function resolveAliases(
  aliases: readonly Alias[],
  resolveName: (name: string) => Resolution | undefined,
): ReadonlyMap<string, Resolution> {
  const models = new Map(aliases.map((alias) => [alias.name, alias.model]))
  const resolved = new Map<string, Resolution>()
  for (const { name } of aliases) {
    let model = name
    const seen = new Set<string>()
    for (let next = models.get(model); next !== undefined && !seen.has(model); next = models.get(model)) {
      seen.add(model)
      model = next
    }
    const resolution = seen.has(model) ? undefined : resolveName(model)
    if (resolution !== undefined) resolved.set(name, resolution)
  }
  return resolved
}

/** Steps 4 to 8. */
function createDynamicResolver(
  config: GatewayConfig,
  discovered: Discovered,
  findProvider: FindProvider,
): (name: string) => Route | undefined {
  const isDefault = (pattern: PatternRoute): boolean => pattern.pattern === '*'
  const specific = createPatternMatcher(config.patterns.filter((pattern) => !isDefault(pattern)))
  const anything = createPatternMatcher(config.patterns.filter(isDefault))
  const atEndpoint = createEndpointResolver(config, discovered, findProvider)
  const byPattern = (matcher: PatternMatcher, name: string): Route | undefined => {
    const match = matcher(name)
    return match && enrichRoute(routeForMatch(match, name, findProvider), discovered)
  }
  const byPlainName = (name: string): Route | undefined => discovered.routes.get(discovered.plainNames.get(name) ?? '')
  const byProviderOf = (name: string): Route | undefined => {
    const provider = providerOfName(name)
    if (provider === undefined) return undefined
    return byPattern(specific, `${provider}/${name}`) ?? atEndpoint(`${provider}/${name}`)
  }
  return (name) => {
    if (name === '' || name.length > limits.modelNameChars) return undefined
    return (
      byPattern(specific, name) ??
      discovered.routes.get(name) ??
      atEndpoint(name) ??
      byPlainName(name) ??
      byProviderOf(name) ??
      byPattern(anything, name)
    )
  }
}

function enrichRoute(route: Route, discovered: Discovered): Route {
  const targets = route.targets.map((target) => enrichTarget(target, discovered))
  return targets.every((target, index) => target === route.targets[index]) ? route : { ...route, targets }
}

function enrichTarget(target: Target, discovered: Discovered): Target {
  return enrich(target, discovered.facts(target.baseUrl, target.model))
}
