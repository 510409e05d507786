import type { Endpoint, GatewayConfig } from '../contract/config.ts'
import type { ListedModel, Provider } from '../contract/provider.ts'
import type { Locality, ParamRules, Route, Target } from '../contract/route.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { isOllamaCloud } from '../wire/ollama-tags.ts'
import { bareTarget } from './bare-target.ts'
import { originOf } from './origin.ts'

/** Finds a provider by its id or one of its aliases. */
export type FindProvider = (idOrAlias: string) => Provider | undefined

/** Models of the runners found on this machine, as routes named `runner/model`. */
export interface Discovered {
  /** By `runner/model`, in the order in which the runners list them. */
  readonly routes: ReadonlyMap<string, Route>
  /** Plain model names, with and without `:latest` -> the route's name; the first runner that has it wins. */
  readonly plainNames: ReadonlyMap<string, string>
  /** By the prefix that their models have: a place to ask for a model that is not listed (yet). */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** What a runner at this base URL says of this model; undefined when no runner is there or it does not list it. */
  facts(baseUrl: string, model: string): ListedModel | undefined
}

/** Runner and the endpoint that its models belong to. */
interface Place {
  readonly endpoint: Endpoint
  readonly runner: FoundRunner
}

/** What the runners that were found add to the configuration. */
export function discover(config: GatewayConfig, runners: readonly FoundRunner[]): Discovered {
  const places = placesOf(config, runners)
  const listed = new Map<string, ListedModel>()
  for (const { runner } of places) {
    for (const model of runner.models) listed.set(factsKey(runner.baseUrl, model.id), model)
  }
  const routes = routesOf(places, config)
  return {
    routes,
    plainNames: plainNamesOf(routes),
    endpoints: new Map(places.map(({ endpoint }) => [endpoint.name, endpoint])),
    facts: (baseUrl, model) => listed.get(factsKey(baseUrl, model)) ?? listed.get(factsKey(baseUrl, `${model}:latest`)),
  }
}

/**
 * What the configuration leaves open about a target, from what its runner says. The locality is the exception: a
 * model that a local runner forwards to somebody's cloud is in the cloud, whatever the configuration assumes.
 */
export function enrich(target: Target, model: ListedModel | undefined): Target {
  const locality = localityOf(target, model)
  const contextTokens = target.contextTokens ?? model?.contextTokens
  const capabilities = target.capabilities ?? model?.capabilities
  const same =
    locality === target.locality && contextTokens === target.contextTokens && capabilities === target.capabilities
  return same ? target : { ...target, locality, contextTokens, capabilities }
}

/** Asked for as `name`, found as `name:latest`, or the other way round: Ollama takes both. */
export function withoutLatest(name: string): string {
  return name.endsWith(':latest') ? name.slice(0, -':latest'.length) : name
}

function localityOf(target: Target, model: ListedModel | undefined): Locality {
  if (model?.remote === true) return 'cloud'
  // Ollama runs its `:cloud` and `-cloud` tags on ollama.com; known by name even before the runner was asked.
  return target.provider === 'ollama' && isOllamaCloud(target.model) ? 'cloud' : target.locality
}

/**
 * A runner at the address of a configured endpoint is that endpoint, so that its models are listed once, under the
 * name that the user gave it. Others are named after their provider; a second one of a kind gets its port.
 */
function placesOf(config: GatewayConfig, runners: readonly FoundRunner[]): readonly Place[] {
  const configured = new Map(config.endpoints.map((endpoint) => [originOf(endpoint.baseUrl), endpoint]))
  const taken = new Set(config.endpoints.map((endpoint) => endpoint.name))
  return runners.map((runner) => {
    const known = configured.get(originOf(runner.baseUrl))
    if (known !== undefined) return { endpoint: known, runner }
    const name = taken.has(runner.provider) ? `${runner.provider}-${portOf(runner.baseUrl)}` : runner.provider
    taken.add(name)
    return { endpoint: endpointOf(name, runner, config.routing.params), runner }
  })
}

function endpointOf(name: string, runner: FoundRunner, params: ParamRules): Endpoint {
  const { provider, baseUrl, locality } = runner
  const template: Target = { ...bareTarget, id: '', provider, endpoint: name, model: '', locality, baseUrl, params }
  return { name, provider, baseUrl, locality, template }
}

function routesOf(places: readonly Place[], config: GatewayConfig): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>()
  for (const { endpoint, runner } of places) {
    for (const model of runner.models) {
      const name = `${endpoint.name}/${model.id}`
      if (!routes.has(name)) routes.set(name, singleRoute(name, enrich(targetAt(endpoint, model.id), model), config))
    }
  }
  return routes
}

/** A target for any model at an endpoint. */
export function targetAt(endpoint: Endpoint, model: string): Target {
  return { ...endpoint.template, id: `${endpoint.name}/${model}`, model }
}

/** A route of one target that nobody configured: the general settings hold. */
export function singleRoute(name: string, target: Target, config: GatewayConfig): Route {
  return {
    name,
    targets: [target],
    balance: config.routing.balance,
    retries: config.routing.retries,
    fallbacks: { general: [], contextWindow: [], contentPolicy: [] },
    hidden: false,
    origin: target.locality === 'builtin' ? 'builtin' : 'discovered',
  }
}

function plainNamesOf(routes: ReadonlyMap<string, Route>): ReadonlyMap<string, string> {
  const exact = new Map<string, string>()
  const short = new Map<string, string>()
  for (const route of routes.values()) {
    const model = route.targets[0]?.model ?? ''
    for (const [names, name] of [
      [exact, model],
      [short, withoutLatest(model)],
      [short, `${model}:latest`],
    ] as const) {
      if (!names.has(name)) names.set(name, route.name)
    }
  }
  return new Map([...short, ...exact])
}

function factsKey(baseUrl: string, model: string): string {
  return `${originOf(baseUrl)} ${model}`
}

function portOf(baseUrl: string): string {
  return originOf(baseUrl).split(':').at(-1) ?? ''
}
