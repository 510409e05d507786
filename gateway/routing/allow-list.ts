import type { CallerApp } from '../contract/call.ts'
import type { Target } from '../contract/route.ts'
import { withoutLatest } from './discovered.ts'

/** How a target came to be considered: the names by which an allow-list may permit it. */
export interface Reached {
  /** The name that was asked for (or the fallback's), before and after aliases. */
  readonly names: readonly string[]
  /** The route that it led to. */
  readonly route: string
  readonly target: Target
}

/**
 * Whether an app may use this target by this way.
 *
 * An entry without `*` permits what it names: the name asked for, the route, or `endpoint/model`. An entry that ends
 * in `*` permits by prefix, but only what the gateway itself named (the route, `endpoint/model`): a client can ask for
 * any name at all, so a name that it made up proves nothing about where it leads. Case counts, surrounding blanks
 * do not, and `:latest` is the same as nothing.
 */
export function mayUse(app: CallerApp, reached: Reached): boolean {
  if (app.models === undefined) return true
  const { names, route, target } = reached
  const real = [route, `${target.endpoint}/${target.model}`]
  return app.models.some((entry) => permits(entry.trim(), names, real))
}

function permits(entry: string, names: readonly string[], real: readonly string[]): boolean {
  if (entry.endsWith('*')) return real.some((one) => one.startsWith(entry.slice(0, -1)))
  const wanted = withoutLatest(entry)
  return [...names, ...real].some((one) => withoutLatest(one) === wanted)
}
