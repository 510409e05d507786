import type { Endpoint, GatewayConfig } from '../contract/config.ts'
import type { Route } from '../contract/route.ts'
import { enrich, singleRoute, targetAt, type Discovered, type FindProvider } from './discovered.ts'

/**
 * Resolves `endpoint/model`, where the endpoint is a configured one or a runner found here, by its own name or by its
 * provider's. The model need not be listed: it may have been pulled a second ago, and where it is missing the
 * upstream itself says so best.
 */
export function createEndpointResolver(
  config: GatewayConfig,
  discovered: Discovered,
  findProvider: FindProvider,
): (name: string) => Route | undefined {
  const byName = new Map<string, Endpoint>()
  const byProvider = new Map<string, Endpoint>()
  for (const endpoint of [...config.endpoints, ...discovered.endpoints.values()]) {
    if (!byName.has(endpoint.name)) byName.set(endpoint.name, endpoint)
    if (!byProvider.has(endpoint.provider)) byProvider.set(endpoint.provider, endpoint)
  }

  return (name) => {
    const slash = name.indexOf('/')
    const model = name.slice(slash + 1)
    if (slash <= 0 || model === '') return undefined
    const prefix = name.slice(0, slash)
    const endpoint = byName.get(prefix) ?? byProvider.get(findProvider(prefix)?.id ?? '')
    if (endpoint === undefined) return undefined
    const target = enrich(targetAt(endpoint, model), discovered.facts(endpoint.baseUrl, model))
    return singleRoute(target.id, target, config)
  }
}
