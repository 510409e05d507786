import type { Mode } from '../contract/config.ts'
import type { Route, Target } from '../contract/route.ts'

/** The name that always means "whatever is best here". */
export const AUTO_NAME = 'auto'

/** Names of models that cannot chat, where their runner does not say what they can do. */
const NOT_FOR_CHAT = /embed|rerank|whisper|tts|bge-|clip|diffusion/i

/**
 * What `auto` stands for, always the same for the same configuration and runners: the first local model, in the order
 * in which the runners list them, that can call tools; else the first that can chat; else the first configured route.
 * In the modes that prefer the cloud the configured route comes before the local model. Undefined where there is
 * neither: the built-in echo is never chosen.
 */
export function autoRoute(mode: Mode, configured: Iterable<Route>, discovered: Iterable<Route>): Route | undefined {
  const local = bestLocal([...discovered])
  const route = [...configured].find((one) => !one.hidden && one.targets.some(canChat))
  return mode === 'cloud-first' || mode === 'cloud-only' ? (route ?? local) : (local ?? route)
}

function bestLocal(routes: readonly Route[]): Route | undefined {
  const chatting = routes.filter((route) =>
    route.targets.some((target) => target.locality !== 'cloud' && canChat(target)),
  )
  return chatting.find((route) => route.targets[0]?.capabilities?.includes('tools')) ?? chatting[0]
}

function canChat(target: Target): boolean {
  if (target.mode !== undefined) return target.mode === 'chat'
  if (target.capabilities === undefined) return !NOT_FOR_CHAT.test(target.model)
  return target.capabilities.includes('chat') || target.capabilities.includes('completion')
}
