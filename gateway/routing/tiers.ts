import type { Mode } from '../contract/config.ts'
import type { Locality, Route, Target } from '../contract/route.ts'

/** What the tiers of a route come from. */
export type TierSource = 'stated' | 'local-first' | 'cloud-first' | 'none'

/** Gives every target of a route its tier; lower is tried first. */
export interface Tiering {
  readonly source: TierSource
  tierOf(target: Target): number
}

const STATED: Tiering = { source: 'stated', tierOf: (target) => target.tier }
const NONE: Tiering = { source: 'none', tierOf: () => 0 }

/**
 * Tiers that the user stated stand. Where a route states none, the mode decides: `local-first` tries the device, then
 * the network, then the cloud; `cloud-first` the reverse. A stated weight says "these share the load", so it joins
 * what the mode would separate: a weight on a device or network target joins these two, a weight on a cloud target
 * joins all three.
 */
export function tieringOf(route: Route, mode: Mode): Tiering {
  const { targets } = route
  const first = targets[0]
  if (first === undefined || targets.length === 1) return NONE
  if (targets.some((target) => target.tier !== first.tier)) return STATED
  const ranks = ranksOf(targets)
  if (targets.every((target) => ranks[target.locality] === ranks[first.locality])) return NONE
  const cloudFirst = mode === 'cloud-first' || mode === 'cloud-only'
  const direction = cloudFirst ? -1 : 1
  return {
    source: cloudFirst ? 'cloud-first' : 'local-first',
    tierOf: (target) => direction * ranks[target.locality],
  }
}

/** The targets by tier, lowest tier first, each tier in the given order. */
export function groupByTier(targets: readonly Target[], tiering: Tiering): readonly (readonly Target[])[] {
  // Most routes have one target: nothing to group.
  if (targets.length === 1) return [targets]
  const tiers = new Map<number, Target[]>()
  for (const target of targets) {
    const tier = tiering.tierOf(target)
    const known = tiers.get(tier)
    if (known === undefined) tiers.set(tier, [target])
    else known.push(target)
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([, group]) => group)
}

function ranksOf(targets: readonly Target[]): Readonly<Record<Locality, number>> {
  const weighted = (locality: Locality): boolean =>
    targets.some((target) => target.locality === locality && target.weight !== undefined)
  if (weighted('cloud')) return { builtin: 0, device: 0, lan: 0, cloud: 0 }
  return { builtin: 0, device: 0, lan: weighted('device') || weighted('lan') ? 0 : 1, cloud: 2 }
}
