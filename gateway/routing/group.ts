import type { Random } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import type { Dropped, FallbackGroup, RetryRules, Snapshot, Target } from '../contract/route.ts'
import { strategies } from './balance/strategies.ts'
import { applyFilters, isProbed, type Filtered, type FilterView } from './filters.ts'
import type { Reason } from './reasons.ts'
import { groupByTier, tieringOf, type Tiering } from './tiers.ts'

/** What planning one route needs. */
export interface GroupView extends FilterView {
  readonly random: Random
}

/** One route, planned: the same for the route asked for and for every fallback. */
export interface PlannedGroup extends FallbackGroup {
  readonly dropped: readonly Dropped[]
  readonly reason: Reason
}

/**
 * Filters, then tiers, then the balance inside each tier; last, whoever is at its parallel limit moves behind those
 * who are not, across all tiers: this is where load spills over. Nobody is dropped for being busy.
 */
export function planGroup(view: GroupView): PlannedGroup {
  const { route, snapshot } = view
  const filtered = applyFilters(view)
  const tiering = tieringOf(route, view.mode)
  const tiers = groupByTier(filtered.kept, tiering)
  const balance = strategies[route.balance]
  const inOrder = tiers.flatMap((tier) => (tier.length === 1 ? tier : balance(tier, view)))
  const attempts = spillOver(inOrder, snapshot)
  const reason = reasonOf({ view, filtered, tiering, inOrder, first: attempts[0], alone: tiers[0]?.length === 1 })
  return { route: route.name, retries: retriesOf(view), reason, ...bounded(attempts, filtered.dropped) }
}

function spillOver(inOrder: readonly Target[], snapshot: Snapshot): readonly Target[] {
  const isFree = (target: Target): boolean =>
    target.maxParallelRequests === undefined || snapshot.inFlight(target.id) < target.maxParallelRequests
  if (inOrder.every(isFree)) return inOrder
  return [...inOrder.filter(isFree), ...inOrder.filter((target) => !isFree(target))]
}

function bounded(
  attempts: readonly Target[],
  dropped: readonly Dropped[],
): { readonly attempts: readonly Target[]; readonly dropped: readonly Dropped[] } {
  if (attempts.length <= limits.maxAttempts) return { attempts, dropped }
  const why = `no request makes more than ${limits.maxAttempts} attempts`
  const surplus = attempts.slice(limits.maxAttempts).map((target) => ({ target: target.id, by: 'bound', why }))
  return { attempts: attempts.slice(0, limits.maxAttempts), dropped: [...dropped, ...surplus] }
}

function retriesOf({ route, facts }: GroupView): RetryRules {
  const asked = facts.controls.retries
  return asked === undefined ? route.retries : { ...route.retries, count: Math.min(asked, limits.maxAttempts) }
}

interface ReasonView {
  readonly view: GroupView
  readonly filtered: Filtered
  readonly tiering: Tiering
  readonly inOrder: readonly Target[]
  readonly first: Target | undefined
  /** The first tier that is left has one target. */
  readonly alone: boolean
}

function reasonOf({ view, filtered, tiering, inOrder, first, alone }: ReasonView): Reason {
  if (first?.locality === 'builtin') return 'builtin'
  if (first !== undefined && isProbed(first, view.snapshot)) return 'probe'
  if (first !== inOrder[0]) return 'spill:busy'
  const spilled = first && spillReason(first, { view, filtered, tiering })
  if (spilled !== undefined) return spilled
  if (inOrder.length <= 1) return 'only-target'
  if (!alone) return view.route.balance
  return tiering.source === 'stated' || tiering.source === 'none' ? 'tier-1' : tiering.source
}

/** Why an earlier tier was left, where the reason lies in the moment or the request and not in a standing rule. */
function spillReason(
  first: Target,
  { view, filtered, tiering }: Pick<ReasonView, 'view' | 'filtered' | 'tiering'>,
): Reason | undefined {
  if (filtered.dropped.length === 0) return undefined
  const tiers = new Map(view.route.targets.map((target) => [target.id, tiering.tierOf(target)]))
  const current = tiering.tierOf(first)
  const earlier = filtered.dropped.filter(({ target }) => (tiers.get(target) ?? current) < current)
  const causes = new Set(earlier.map(({ by }) => by))
  if (causes.has('health') || causes.has('probe')) return 'spill:down'
  if (causes.has('limits')) return 'spill:limits'
  return causes.has('capability') || causes.has('context') ? 'spill:unable' : undefined
}
