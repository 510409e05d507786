import type { Route, Target } from '../contract/route.ts'
import type { FindProvider } from './discovered.ts'
import { substitute, type PatternMatch } from './patterns.ts'

/**
 * The route of a name that fits a pattern. It keeps the pattern as its name, so that an allow-list judges what the
 * user configured and not what the client made up; its targets get the model that was asked for, and an id of that
 * model, so that one model that fails does not cool down all others behind the same pattern.
 */
export function routeForMatch(match: PatternMatch, requested: string, findProvider: FindProvider): Route {
  const { route, pattern } = match.pattern
  const seen = new Map<string, number>()
  const targets = route.targets.map((target) => {
    if (!target.model.includes('*')) return target
    const model = substitute(target.model, match.captured, withoutProvider(requested, target, findProvider))
    const id = `${target.endpoint}/${model}`
    const count = (seen.get(id) ?? 0) + 1
    seen.set(id, count)
    return { ...target, model, id: count === 1 ? id : `${id}#${count}` }
  })
  return { ...route, name: pattern, targets }
}

function withoutProvider(requested: string, target: Target, findProvider: FindProvider): string {
  const slash = requested.indexOf('/')
  if (slash < 0) return requested
  const prefix = requested.slice(0, slash)
  const same = prefix === target.endpoint || findProvider(prefix)?.id === target.provider
  return same ? requested.slice(slash + 1) : requested
}
