import type { CallerApp } from '../contract/call.ts'
import type { Alias, PatternRoute } from '../contract/config.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Capability } from '../contract/provider.ts'
import type { Locality, Route, Target } from '../contract/route.ts'
import { mayUse } from './allow-list.ts'
import { originOf } from './origin.ts'

/** One line of `/v1/models`. */
export interface ListedRoute {
  /** The name that a client asks for. */
  readonly id: string
  /** Clients need a number here and models have no date of their own, so it is always the same one. */
  readonly createdS: number
  /** Registry id of the first target's provider. */
  readonly ownedBy: string
  readonly origin: Route['origin']
  /** Of the first target. */
  readonly locality: Locality
  readonly contextTokens: number | undefined
  readonly capabilities: readonly Capability[] | undefined
  readonly mode: string | undefined
}

/** Which names to list. */
export interface ListOptions {
  /** Only what this app may use. */
  readonly app?: CallerApp
  /** Patterns too, as LiteLLM does for `return_wildcard_routes=true`. */
  readonly wildcards?: boolean
}

/** Where names come from; what the directory passes. */
export interface ListingSources {
  readonly configured: readonly Route[]
  readonly aliases: readonly Alias[]
  readonly patterns: readonly PatternRoute[]
  readonly discovered: ReadonlyMap<string, Route>
  readonly echo: Route
  resolve(name: string): { readonly name: string; readonly route: Route } | undefined
}

interface Entry {
  readonly name: string
  readonly route: Route
}

/** The date that LiteLLM gives every model: 2023-02-28. */
const CREATED_S = 1_677_610_602

/**
 * Configured names first, then the models of runners, then the echo. A runner's model is left out where a listed
 * route serves it already, and where its name leads somewhere else. Patterns are not names, so they are listed only
 * on request.
 */
export function listRoutes(sources: ListingSources, options: ListOptions): readonly ListedRoute[] {
  return entriesOf(sources, options).flatMap(({ name, route }) => {
    const usable = usableTargets(name, route, options.app)
    return usable[0] === undefined ? [] : [toListed(name, route, usable[0])]
  })
}

/** LiteLLM's `/model/info`, one object for each target that the app may use. */
export function modelInfo(sources: ListingSources, app: CallerApp | undefined): readonly JsonObject[] {
  const options = app === undefined ? { wildcards: true } : { app, wildcards: true }
  return entriesOf(sources, options).flatMap(({ name, route }) =>
    usableTargets(name, route, app).map((target) => toModelInfo(name, target)),
  )
}

function entriesOf(sources: ListingSources, options: ListOptions): readonly Entry[] {
  const entries = new Map<string, Route>()
  const add = (name: string, route: Route | undefined): void => {
    if (route !== undefined && !entries.has(name)) entries.set(name, route)
  }
  for (const route of sources.configured) if (!route.hidden) add(route.name, sources.resolve(route.name)?.route)
  for (const alias of sources.aliases) if (!alias.hidden) add(alias.name, sources.resolve(alias.name)?.route)
  for (const { pattern, route } of options.wildcards === true ? sources.patterns : []) {
    if (!route.hidden) add(pattern, { ...route, name: pattern })
  }
  const served = new Set([...entries.values()].flatMap((route) => route.targets.map(placeOf)))
  for (const route of sources.discovered.values()) {
    const place = route.targets.map(placeOf)
    const leadsThere = sources.resolve(route.name)?.route.targets.some((target) => place.includes(placeOf(target)))
    if (leadsThere === true && !place.some((one) => served.has(one))) add(route.name, route)
  }
  add(sources.echo.name, sources.echo)
  return [...entries].map(([name, route]) => ({ name, route }))
}

function usableTargets(name: string, route: Route, app: CallerApp | undefined): readonly Target[] {
  if (app === undefined) return route.targets
  return route.targets.filter((target) => mayUse(app, { names: [name], route, target }))
}

function toListed(name: string, route: Route, target: Target): ListedRoute {
  return {
    id: name,
    createdS: CREATED_S,
    ownedBy: target.provider,
    origin: route.origin,
    locality: target.locality,
    contextTokens: target.contextTokens,
    capabilities: target.capabilities,
    mode: target.mode,
  }
}

function toModelInfo(name: string, target: Target): JsonObject {
  return {
    model_name: name,
    litellm_params: {
      model: `${target.provider}/${target.model}`,
      api_base: withoutCredentials(target.baseUrl),
      rpm: target.rpm,
      tpm: target.tpm,
      weight: target.weight,
      order: target.tier,
    },
    model_info: {
      id: target.id,
      mode: target.mode ?? null,
      litellm_provider: target.provider,
      max_input_tokens: target.contextTokens ?? null,
      max_tokens: target.contextTokens ?? null,
      input_cost_per_token: target.price?.inputUsdPerToken ?? null,
      output_cost_per_token: target.price?.outputUsdPerToken ?? null,
      supports_function_calling: target.capabilities?.includes('tools') ?? null,
      supports_vision: target.capabilities?.includes('vision') ?? null,
      supports_reasoning: target.capabilities?.includes('reasoning') ?? null,
      locality: target.locality,
    },
  }
}

/** A base URL may carry a user and a query with a key; neither is shown. */
function withoutCredentials(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  return url === null ? '' : `${url.origin}${url.pathname}`
}

function placeOf(target: Target): string {
  return `${originOf(target.baseUrl)} ${target.model}`
}
