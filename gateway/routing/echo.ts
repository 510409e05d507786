import type { GatewayConfig } from '../contract/config.ts'
import type { Route, Target } from '../contract/route.ts'
import { bareTarget } from './bare-target.ts'
import { singleRoute } from './discovered.ts'

/** The built-in model's name: always there, never chosen unless it is asked for by this name. */
export const ECHO_NAME = 'spillway/echo'

/** The route of the built-in model, which answers inside this process and so has neither address nor key. */
export function echoRoute(config: GatewayConfig, provider: string): Route {
  const target: Target = {
    ...bareTarget,
    id: ECHO_NAME,
    provider,
    endpoint: 'spillway',
    model: 'echo',
    locality: 'builtin',
    baseUrl: '',
    retries: 0,
    params: config.routing.params,
    mode: 'chat',
  }
  return singleRoute(ECHO_NAME, target, config)
}
