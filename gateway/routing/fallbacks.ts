import type { RoutingSettings } from '../contract/config.ts'
import type { Dropped, Fallbacks } from '../contract/route.ts'
import type { Resolution } from './directory.ts'
import { planGroup, type GroupView, type PlannedGroup } from './group.ts'

/** The three kinds of fallback. */
export type FallbackKind = keyof Fallbacks

/** What planning fallbacks needs beyond what planning a route needs. */
export interface FallbackView extends Omit<GroupView, 'route' | 'names'> {
  readonly directory: { resolve(name: string): Resolution | undefined }
}

/** Fallback routes that have something to try, and why others have not. */
export interface PlannedFallbacks {
  readonly groups: readonly PlannedGroup[]
  readonly dropped: readonly Dropped[]
}

/** The fallbacks of every kind. */
export type Alternatives = Readonly<Record<FallbackKind, PlannedFallbacks>>

const NO_FALLBACKS: PlannedFallbacks = { groups: [], dropped: [] }

/**
 * Plans the fallbacks of every kind, each like a route of its own, through the same filters. The route that failed is
 * not its own fallback, no route comes twice, and the built-in echo is nobody's: an answer that is not a model's
 * must never stand in for one.
 */
export function planFallbacks(primary: Resolution, view: FallbackView): Alternatives {
  if (view.facts.controls.disableFallbacks) {
    return { general: NO_FALLBACKS, contextWindow: NO_FALLBACKS, contentPolicy: NO_FALLBACKS }
  }
  const generalNames = fallbackNames('general', primary, view)
  const general = planNames(generalNames, primary, view)
  const planKind = (kind: FallbackKind): PlannedFallbacks => {
    const names = fallbackNames(kind, primary, view)
    return names === generalNames ? general : planNames(names, primary, view)
  }
  return { general, contextWindow: planKind('contextWindow'), contentPolicy: planKind('contentPolicy') }
}

function planNames(names: readonly string[], primary: Resolution, view: FallbackView): PlannedFallbacks {
  if (names.length === 0) return NO_FALLBACKS
  const groups: PlannedGroup[] = []
  const dropped: Dropped[] = []
  const seen = new Set([primary.route.name])
  for (const name of names) {
    if (groups.length >= view.routing.maxFallbacks) break
    const resolution = view.directory.resolve(name)
    const objection = resolution === undefined ? `no model has the name '${name}'` : objectionTo(resolution)
    if (resolution === undefined || objection !== undefined) {
      dropped.push({ target: name, by: 'fallback', why: objection ?? '' })
      continue
    }
    const { route } = resolution
    if (seen.has(route.name)) continue
    seen.add(route.name)
    const group = planGroup({ ...view, route, names: [name, resolution.name] })
    dropped.push(...group.dropped)
    if (group.attempts.length > 0) groups.push(group)
  }
  return { groups, dropped }
}

function objectionTo({ route }: Resolution): string | undefined {
  const isBuiltin = route.targets.some((target) => target.locality === 'builtin')
  return isBuiltin ? 'the built-in echo is never a fallback' : undefined
}

/**
 * LiteLLM's look-up. What the client sends with its request replaces everything. A kind that is configured for no
 * route at all is served by the general fallbacks; one that is configured, but not for this route, by none.
 */
function fallbackNames(kind: FallbackKind, primary: Resolution, { facts, routing }: FallbackView): readonly string[] {
  if (facts.controls.fallbacks !== undefined) return facts.controls.fallbacks
  const configured = configuredNames(kind, primary, routing)
  if (configured !== undefined) return configured
  if (kind === 'general') return routing.defaultFallbacks
  if (kindsInUse(routing).has(kind)) return []
  return configuredNames('general', primary, routing) ?? routing.defaultFallbacks
}

/** The route's own, else by the exact name, the name without its provider, and `*`. */
function configuredNames(
  kind: FallbackKind,
  { name, route }: Resolution,
  routing: RoutingSettings,
): readonly string[] | undefined {
  const own = route.fallbacks[kind]
  if (own.length > 0) return own
  if (routing.fallbacks.size === 0) return undefined
  for (const key of [name, route.name, name.slice(name.indexOf('/') + 1), '*']) {
    const names = routing.fallbacks.get(key)?.[kind]
    if (names !== undefined && names.length > 0) return names
  }
  return undefined
}

/** Settings never change, so what they use is found out once. */
const kindsBySettings = new WeakMap<RoutingSettings, ReadonlySet<FallbackKind>>()

function kindsInUse(routing: RoutingSettings): ReadonlySet<FallbackKind> {
  const known = kindsBySettings.get(routing)
  if (known !== undefined) return known
  const kinds = new Set<FallbackKind>()
  for (const fallbacks of routing.fallbacks.values()) {
    if (fallbacks.contextWindow.length > 0) kinds.add('contextWindow')
    if (fallbacks.contentPolicy.length > 0) kinds.add('contentPolicy')
  }
  kindsBySettings.set(routing, kinds)
  return kinds
}
