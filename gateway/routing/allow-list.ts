import type { CallerApp } from '../contract/call.ts'
import type { Route, Target } from '../contract/route.ts'
import { withoutLatest } from './discovered.ts'

/** How a target came to be considered: the names by which an allow-list may permit it. */
export interface Reached {
  /** The name that was asked for (or the fallback's), before and after aliases. */
  readonly names: readonly string[]
  /** The route that it led to. */
  readonly route: Pick<Route, 'name' | 'origin'>
  readonly target: Target
}

/**
 * Whether an app may use this target by this way.
 *
 * An entry without `*` permits what it names: the name asked for, the route, or `endpoint/model`. An entry that ends
 * in `*` permits by prefix, but only what the gateway itself named (the route, `endpoint/model`): a client can ask for
 * any name at all, so a name that it made up proves nothing about where it leads. Case counts, surrounding blanks
 * do not. `:latest` is the same as nothing where the gateway itself named something, and for models that were found
 * here, whose runners say so; elsewhere the name with it may lead to another place than the name without.
 */
export function mayUse(app: CallerApp, reached: Reached): boolean {
  if (app.models === undefined) return true
  const { names, route, target } = reached
  const real = [route.name, `${target.endpoint}/${target.model}`]
  const isFoundHere = route.origin === 'discovered' && target.locality !== 'cloud'
  const tagged = isFoundHere ? [...names, ...real] : real
  return app.models.some((entry) => permits(entry.trim(), { names, real, tagged }))
}

interface Named {
  readonly names: readonly string[]
  readonly real: readonly string[]
  /** Of both: those where `:latest` makes no difference. */
  readonly tagged: readonly string[]
}

function permits(entry: string, { names, real, tagged }: Named): boolean {
  if (entry.endsWith('*')) return real.some((one) => one.startsWith(entry.slice(0, -1)))
  const wanted = withoutLatest(entry)
  return names.includes(entry) || tagged.some((one) => withoutLatest(one) === wanted)
}
