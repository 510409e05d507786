import type { CallerApp } from '../contract/call.ts'
import type { Random } from '../contract/clock.ts'
import type { Mode, RoutingSettings } from '../contract/config.ts'
import type { Dropped, Plan, Planned, RequestFacts, Snapshot } from '../contract/route.ts'
import type { Directory, Resolution } from './directory.ts'
import { planFallbacks, type Alternatives, type PlannedFallbacks } from './fallbacks.ts'
import { planGroup, type PlannedGroup } from './group.ts'
import type { Reason } from './reasons.ts'
import { refuseModel, refuseNoTarget, refuseUnknownModel } from './refusals.ts'

/** Everything that a plan depends on: the same input gives the same plan. */
export interface PlanInput {
  readonly facts: RequestFacts
  readonly app: CallerApp
  readonly directory: Pick<Directory, 'resolve' | 'suggest'>
  readonly routing: RoutingSettings
  readonly mode: Mode
  readonly snapshot: Snapshot
  readonly random: Random
}

/**
 * Which targets to try, in which order, and why; and for every other target why not.
 *
 * A breaker that is open is final for this plan, even where it guards the only target: the request fails at once and
 * says when to come back, instead of hammering what is down. Fallbacks serve in its place, where there are any.
 */
export function plan(input: PlanInput): Planned {
  const { facts, app, directory } = input
  const resolution = directory.resolve(facts.model)
  if (resolution !== undefined) return planResolved(resolution, undefined, input)
  const byDefault = defaultFallback(input)
  const planned = byDefault && planResolved(byDefault, 'default-fallback', input)
  // A default fallback that this key may not use is none.
  if (planned !== undefined && !isModelNotAllowed(planned)) return planned
  return { failure: refuseUnknownModel(facts.model, directory.suggest(facts.model, app)), dropped: [] }
}

function isModelNotAllowed(planned: Planned): boolean {
  return 'failure' in planned && planned.failure.kind === 'model-not-allowed'
}

/** LiteLLM sends a name that nothing has to the first default fallback. */
function defaultFallback({ facts, directory, routing }: PlanInput): Resolution | undefined {
  const name = routing.defaultFallbacks[0]
  if (name === undefined || facts.controls.disableFallbacks) return undefined
  const resolution = directory.resolve(name)
  const isBuiltin = resolution?.route.targets.some((target) => target.locality === 'builtin') ?? false
  return isBuiltin ? undefined : resolution
}

function planResolved(resolution: Resolution, reason: Reason | undefined, input: PlanInput): Planned {
  const { facts, app, snapshot } = input
  const { route } = resolution
  // A name that only a default fallback made serviceable grants nothing.
  const names = reason === undefined ? [facts.model.trim(), resolution.name] : [resolution.name]
  const primary = planGroup({ ...input, route, names })
  if (isForbidden(primary)) return { failure: refuseModel(facts.model, app), dropped: primary.dropped }

  const alternatives = planFallbacks(resolution, input)
  const dropped = allDropped(primary, alternatives)
  const group: PlannedGroup = reason === undefined ? primary : { ...primary, reason }
  if (primary.attempts.length > 0) return { plan: toPlan(group, alternatives, dropped) }
  return promote(primary, alternatives, dropped) ?? { failure: refuseNoTarget(route.name, dropped, snapshot), dropped }
}

/** Refused for lack of permission alone: the client must not learn more, and no fallback helps it around. */
function isForbidden({ attempts, dropped }: PlannedGroup): boolean {
  return attempts.length === 0 && dropped.length > 0 && dropped.every(({ by }) => by === 'app')
}

/** The route asked for has nothing to try, so its first fallback takes its place. */
function promote(primary: PlannedGroup, alternatives: Alternatives, dropped: readonly Dropped[]): Planned | undefined {
  const tooLong = primary.dropped.some(({ by }) => by === 'context')
  const [first, ...rest] = tooLong ? alternatives.contextWindow.groups : alternatives.general.groups
  if (first === undefined) return undefined
  const reason: Reason = tooLong ? 'fallback:context-window' : 'fallback:general'
  const without = (groups: readonly PlannedGroup[]): PlannedFallbacks => ({
    groups: groups.filter((group) => group.route !== first.route),
    dropped: [],
  })
  const left: Alternatives = {
    general: tooLong ? without(alternatives.general.groups) : without(rest),
    contextWindow: without(alternatives.contextWindow.groups),
    contentPolicy: without(alternatives.contentPolicy.groups),
  }
  return { plan: toPlan({ ...first, reason }, left, dropped) }
}

function toPlan(group: PlannedGroup, alternatives: Alternatives, dropped: readonly Dropped[]): Plan {
  const { route, attempts, retries, reason } = group
  return {
    route,
    attempts,
    retries,
    reason,
    dropped,
    fallbacks: {
      general: alternatives.general.groups,
      contextWindow: alternatives.contextWindow.groups,
      contentPolicy: alternatives.contentPolicy.groups,
    },
  }
}

/** Each target and rule once: the same fallback may stand in all three lists. */
function allDropped(primary: PlannedGroup, alternatives: Alternatives): readonly Dropped[] {
  const { general, contextWindow, contentPolicy } = alternatives
  const extra = [...general.dropped, ...contextWindow.dropped, ...contentPolicy.dropped]
  if (extra.length === 0) return primary.dropped
  const unique = new Map([...primary.dropped, ...extra].map((drop) => [`${drop.target} ${drop.by}`, drop]))
  return [...unique.values()]
}
