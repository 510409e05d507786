import type { GatewayConfig } from '../../contract/config.ts'
import { limits } from '../../contract/limits.ts'
import { closest } from '../../kit/suggest.ts'
import { LOOPBACK_HOSTS } from './authority.ts'
import { isListableOrigin } from './origin-rule.ts'
import type { GuardPolicy } from './rule.ts'

/** What one configuration means to the guard. `paths` are those that exist, for the hint in a 404. */
export function createGuardPolicy(config: GatewayConfig, paths: readonly string[]): GuardPolicy {
  const origins = [...config.server.origins, ...config.apps.flatMap((app) => app.origins)]
  return {
    hosts: new Set([...LOOPBACK_HOSTS, ...config.server.extraHosts.map((host) => host.toLowerCase())]),
    origins: new Set(origins.filter(isListableOrigin)),
    bodyBytes: config.server.maxBodyBytes,
    formBytes: Math.max(limits.multipartBodyBytes, config.server.maxBodyBytes),
    nearestPath: (path) => closest(path, paths),
  }
}

/** Gives the policy of the configuration in force, computed once for each configuration. */
export function policyInForce(config: () => GatewayConfig, paths: readonly string[]): () => GuardPolicy {
  let known: GatewayConfig | undefined
  let policy: GuardPolicy | undefined
  return () => {
    const current = config()
    if (policy === undefined || current !== known) {
      policy = createGuardPolicy(current, paths)
      known = current
    }
    return policy
  }
}
