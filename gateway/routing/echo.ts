import type { GatewayConfig } from '../contract/config.ts'
import type { Route, Target } from '../contract/route.ts'
import { singleRoute } from './discovered.ts'

/** The built-in model's name: always there, never chosen unless it is asked for by this name. */
export const ECHO_NAME = 'spillway/echo'

/** The route of the built-in model, which answers inside this process and so has neither address nor key. */
export function echoRoute(config: GatewayConfig, provider: string): Route {
  const target: Target = {
    id: ECHO_NAME,
    provider,
    endpoint: 'spillway',
    model: 'echo',
    locality: 'builtin',
    baseUrl: '',
    key: undefined,
    tier: 1,
    weight: undefined,
    rpm: undefined,
    tpm: undefined,
    maxParallelRequests: undefined,
    timeouts: {},
    retries: 0,
    cooldownMs: undefined,
    params: config.routing.params,
    contextTokens: undefined,
    capabilities: undefined,
    mode: 'chat',
    price: undefined,
    tags: [],
  }
  return singleRoute(ECHO_NAME, target, config)
}
