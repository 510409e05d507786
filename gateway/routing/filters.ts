import type { CallerApp } from '../contract/call.ts'
import type { Mode, RoutingSettings } from '../contract/config.ts'
import type { Dropped, RequestFacts, Route, Snapshot, Target } from '../contract/route.ts'
import { mayUse } from './allow-list.ts'
import { missingCapabilities, servesOperation } from './ability.ts'
import type { RuleId } from './reasons.ts'

/** What the filters may look at. */
export interface FilterView {
  readonly facts: RequestFacts
  readonly app: CallerApp
  readonly routing: RoutingSettings
  readonly mode: Mode
  readonly snapshot: Snapshot
  readonly route: Route
  /** The names under which the route was asked for, before and after aliases. */
  readonly names: readonly string[]
}

/** What came through, and what did not: every target is in exactly one of the two. */
export interface Filtered {
  readonly kept: readonly Target[]
  readonly dropped: readonly Dropped[]
}

/** Says why a target cannot serve this request; undefined: it can. */
type Objection = (target: Target, view: FilterView) => string | undefined

/** A prompt estimated (characters / 4) at this many times the context is too long however it is counted. */
const SURELY_TOO_LONG = 2

const objections: readonly (readonly [RuleId, Objection])[] = [
  ['app', notAllowed],
  ['mode', forbiddenByMode],
  ['operation', wrongOperation],
  ['capability', lacksCapability],
  ['context', contextTooSmall],
  ['limits', limitReached],
  ['health', coolingDown],
]

/**
 * The hard filters, in order; the first objection to a target is the one that is told. Tags are judged over what is
 * left, as LiteLLM does: with its tagged targets down, a tagged request goes to the `default` ones.
 */
export function applyFilters(view: FilterView): Filtered {
  const dropped: Dropped[] = []
  const able = view.route.targets.filter((target) => {
    const objection = firstObjection(target, view)
    if (objection !== undefined) dropped.push(objection)
    return objection === undefined
  })
  const tagged = view.routing.tagFiltering ? splitByTags(able, view.facts.tags) : { kept: able, dropped: [] }
  const waiting = splitProbed(tagged.kept, view.snapshot)
  return { kept: waiting.kept, dropped: [...dropped, ...tagged.dropped, ...waiting.dropped] }
}

function firstObjection(target: Target, view: FilterView): Dropped | undefined {
  for (const [by, object] of objections) {
    const why = object(target, view)
    if (why !== undefined) return { target: target.id, by, why }
  }
  return undefined
}

function notAllowed(target: Target, { app, route, names }: FilterView): string | undefined {
  if (mayUse(app, { names, route, target })) return undefined
  return `the key '${app.name}' may not use ${target.endpoint}/${target.model}`
}

function forbiddenByMode({ locality }: Target, { mode }: FilterView): string | undefined {
  if (mode === 'local-only' && locality === 'cloud') return 'the mode is local-only and this runs in the cloud'
  if (mode === 'cloud-only' && (locality === 'device' || locality === 'lan')) {
    return `the mode is cloud-only and this runs on ${locality === 'device' ? 'this device' : 'the local network'}`
  }
  return undefined
}

function wrongOperation(target: Target, { facts }: FilterView): string | undefined {
  if (servesOperation(target.mode, facts.operation)) return undefined
  return `it is deployed for ${target.mode ?? 'something else'}, not for ${facts.operation}`
}

function lacksCapability(target: Target, { facts }: FilterView): string | undefined {
  const missing = missingCapabilities(target.capabilities, facts.needs)
  return missing.length === 0 ? undefined : `it cannot do ${missing.join(', ')}`
}

/**
 * Without `enable_pre_call_checks` the estimate is too rough to drop a target that might well serve; but a prompt
 * that is far too long under any way of counting is not sent to a runner that would silently cut it.
 */
function contextTooSmall({ contextTokens }: Target, { facts, routing }: FilterView): string | undefined {
  if (contextTokens === undefined) return undefined
  const tolerated = routing.preCallChecks ? contextTokens : contextTokens * SURELY_TOO_LONG
  if (facts.promptTokensEstimate <= tolerated) return undefined
  return `the prompt has about ${facts.promptTokensEstimate} tokens and its context holds ${contextTokens}`
}

/** LiteLLM's `rpm` and `tpm` are weights, and only bounds with usage-based routing or pre-call checks. */
function limitReached(target: Target, { facts, route, routing, snapshot }: FilterView): string | undefined {
  if (target.rpm === undefined && target.tpm === undefined) return undefined
  if (route.balance !== 'usage' && !routing.preCallChecks) return undefined
  const used = snapshot.usage(target.id)
  if (target.rpm !== undefined && used.requests >= target.rpm) {
    return `it served ${used.requests} requests in this minute and its rpm is ${target.rpm}`
  }
  if (target.tpm !== undefined && used.tokens + facts.promptTokensEstimate > target.tpm) {
    return `it served ${used.tokens} tokens in this minute, this request has about ${facts.promptTokensEstimate}, and its tpm is ${target.tpm}`
  }
  return undefined
}

function coolingDown(target: Target, { snapshot }: FilterView): string | undefined {
  const health = snapshot.health(target.id)
  if (health.state !== 'open') return undefined
  const leftS = Math.max(0, health.untilMs - snapshot.atMs) / 1_000
  return `it is left alone for ${leftS.toFixed(1)} s more after failures: ${health.why}`
}

/**
 * LiteLLM's tag routing: a tagged request goes to targets that share any of its tags, else to those tagged
 * `default`; an untagged one to those tagged `default`, else to all.
 */
function splitByTags(targets: readonly Target[], tags: readonly string[]): Filtered {
  const matching = targets.filter((target) => target.tags.some((tag) => tags.includes(tag)))
  const byDefault = targets.filter((target) => target.tags.includes('default'))
  const fitting = matching.length > 0 ? matching : byDefault
  const kept = fitting.length > 0 || tags.length > 0 ? fitting : targets
  const why =
    tags.length > 0
      ? `none of its tags is one of the request's: ${tags.join(', ')}`
      : 'the request has no tags, and another target is the default'
  return split(targets, kept, { by: 'tags', why })
}

/** One probe is enough; where there is nobody else, the request goes along with it rather than fail. */
function splitProbed(targets: readonly Target[], snapshot: Snapshot): Filtered {
  const free = targets.filter((target) => !isProbed(target, snapshot))
  if (free.length === 0) return { kept: targets, dropped: [] }
  return split(targets, free, { by: 'probe', why: 'another request is finding out whether it is well again' })
}

/** True while one request is finding out whether this target is well again. */
export function isProbed(target: Target, snapshot: Snapshot): boolean {
  const health = snapshot.health(target.id)
  return health.state === 'half-open' && health.probing
}

function split(
  targets: readonly Target[],
  kept: readonly Target[],
  reason: { readonly by: RuleId; readonly why: string },
): Filtered {
  if (kept.length === targets.length) return { kept, dropped: [] }
  const gone = targets.filter((target) => !kept.includes(target))
  return { kept, dropped: gone.map((target) => ({ target: target.id, ...reason })) }
}
