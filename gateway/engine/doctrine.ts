import type { Random } from '../contract/clock.ts'
import { remedyFor, type Failure, type FailureKind, type Remedy } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { FallbackGroup, Plan, Target } from '../contract/route.ts'

/*
 * The doctrine of retries and fallbacks, in one place.
 *
 * The commit point is the first content event that is handed to the client. Before it a failure moves on unseen:
 *
 *  1. What no target can do better (a bad request, our own refusals) ends the walk.
 *  2. A target that has not been asked yet is better than one that failed, and costs no pause: first in the same tier,
 *     as long as retries are left, then in the next tier of the group, which has retries of its own.
 *  3. A target that failed is asked again only when no fresh one is left in its group, after a pause: what it asked
 *     for (Retry-After up to ten seconds), else 0.5 s, 1 s, 2 s ... 8 s with jitter. One that asked for more, or whose
 *     failure would repeat, is not asked again at all.
 *  4. One that was silent (refused, no first token, stalled) is asked again only when the fallback groups are used up.
 *  5. Then the fallback groups, each with retries of its own. A refusal for length or content goes at once to the
 *     groups made for it, where there are such, and never again to the same model.
 *
 * After it the answer can only be continued, on a target that has not failed yet: see `continueElsewhere`.
 */

/** One target that was asked, and how that failed. */
export interface Asked {
  readonly target: Target
  readonly group: FallbackGroup
  readonly failure: Failure
  /** The client had been sent content, from this attempt or an earlier one. */
  readonly committed: boolean
}

/** How a cut answer can go on at another target; see `continuation.ts`. */
export type Continuation = 'prefill' | 'replay'

/** What the doctrine needs to know about the world. */
export interface View {
  /** False: at its parallel limit or cooling down, so passed over while another is there. */
  ready(target: Target): boolean
  /** Undefined: the answer so far cannot be continued there. */
  continuation(target: Target): Continuation | undefined
  readonly random: Random
  /** How many retries the client itself asked for. */
  readonly retries: number | undefined
  /** Until the request's deadline. */
  timeLeftMs(): number
}

export type Step = Ask | GiveUp

export interface Ask {
  readonly do: 'ask'
  readonly target: Target
  readonly group: FallbackGroup
  readonly delayMs: number
  /** For the log: `primary`, `next`, `next-tier`, `retry`, `fallback:context-window`, `continue:prefill`... */
  readonly why: string
  readonly continuation?: Continuation
}

export interface GiveUp {
  readonly do: 'give-up'
  readonly failure: Failure
}

/** Whom to ask first: the plan's first target, unless it is busy and another is not. */
export function firstStep(plan: Plan, view: View): Step {
  const planned = plan.attempts[0]
  if (planned === undefined) return { do: 'give-up', failure: nothingPlanned(plan) }
  const target = plan.attempts.find((candidate) => view.ready(candidate)) ?? planned
  return { do: 'ask', target, group: plan, delayMs: 0, why: target === planned ? 'primary' : 'spill:busy' }
}

/** What to do after the last of `asked` failed. */
export function nextStep(plan: Plan, asked: readonly Asked[], view: View): Step {
  const last = asked.at(-1)
  if (last === undefined) return firstStep(plan, view)
  if (asked.length >= limits.maxAttempts || remedyOf(last) === 'give-up') return giveUp(asked)
  if (last.committed) return continueElsewhere(plan, asked, view) ?? giveUp(asked)

  const stay = hasOwnFallbacks(plan, last.failure) ? undefined : freshInGroup(asked, last, view)
  const again = (): Step | undefined => (hasOwnFallbacks(plan, last.failure) ? undefined : askAgain(asked, last, view))
  const elsewhere = (): Step | undefined => fallback(plan, asked, last, view)
  if (stay !== undefined) return stay
  if (SILENT.has(last.failure.kind)) return elsewhere() ?? again() ?? giveUp(asked)
  return again() ?? elsewhere() ?? giveUp(asked)
}

/** Failures of a target from which nothing was heard. */
const SILENT: ReadonlySet<FailureKind> = new Set([
  'unreachable',
  'connect-timeout',
  'first-token-timeout',
  'stalled',
  'upstream-timeout',
  'total-timeout',
])

/** Refusals that depend on the model and the prompt alone. */
const REFUSALS: ReadonlySet<FailureKind> = new Set(['context-length', 'content-policy'])

/** The connection ended after the request had been sent and before anything came back. */
export const UNANSWERED = 'unanswered'

/** The general remedy, where the circumstances do not ask for another. */
function remedyOf(asked: Asked): Remedy {
  const { failure, target } = asked
  // A target's own time limit; the request's deadline ends the walk elsewhere.
  if (failure.kind === 'total-timeout') return 'next'
  // The work may have been done, and paid for: a cloud is not asked to do it twice.
  if (failure.code === UNANSWERED && target.locality === 'cloud') return 'next'
  if ((failure.retryAfterMs ?? 0) > limits.retryAfterMaxMs && remedyFor[failure.kind] === 'retry') return 'next'
  return remedyFor[failure.kind]
}

function freshInGroup(asked: readonly Asked[], last: Asked, view: View): Step | undefined {
  const { group } = last
  const fresh = group.attempts.filter((target) => isFresh(asked, target))
  const sameTier = fresh.filter((target) => target.tier === last.target.tier)
  const pick = retriesLeft(asked, last, view) ? preferReady(sameTier, view) : undefined
  if (pick !== undefined) return { do: 'ask', target: pick, group, delayMs: 0, why: 'next' }
  const later = fresh.filter((target) => target.tier !== last.target.tier && !wasEntered(asked, group, target.tier))
  const target = preferReady(later, view)
  return target && { do: 'ask', target, group, delayMs: 0, why: 'next-tier' }
}

/** The target of the group that may be asked again soonest. */
function askAgain(asked: readonly Asked[], last: Asked, view: View): Step | undefined {
  const { group } = last
  const options = group.attempts.flatMap((target) => {
    const failed = asked.findLast((other) => other.target.id === target.id && other.group === group)
    if (failed === undefined || isSpent(asked, target) || !retriesLeft(asked, failed, view)) return []
    return [{ target, delayMs: delayBefore(asked, failed, view.random) }]
  })
  const ready = options.filter((option) => view.ready(option.target))
  const best = (ready.length > 0 ? ready : options).reduce<(typeof options)[number] | undefined>(
    (least, option) => (least === undefined || option.delayMs < least.delayMs ? option : least),
    undefined,
  )
  if (best === undefined || best.delayMs >= view.timeLeftMs()) return undefined
  return { do: 'ask', target: best.target, group, delayMs: best.delayMs, why: 'retry' }
}

function fallback(plan: Plan, asked: readonly Asked[], last: Asked, view: View): Step | undefined {
  if (new Set(asked.map((other) => other.group)).size > limits.maxFallbacks) return undefined
  const list = fallbackList(plan, last.failure)
  for (const group of plan.fallbacks[list]) {
    if (group.route === plan.route || asked.some((other) => other.group.route === group.route)) continue
    const target = preferReady(
      group.attempts.filter((candidate) => isFresh(asked, candidate)),
      view,
    )
    if (target !== undefined) return { do: 'ask', target, group, delayMs: 0, why: FALLBACK_WORD[list] }
  }
  return undefined
}

const FALLBACK_WORD = {
  general: 'fallback',
  contextWindow: 'fallback:context-window',
  contentPolicy: 'fallback:content-policy',
} as const

function fallbackList(plan: Plan, failure: Failure): keyof Plan['fallbacks'] {
  if (failure.kind === 'context-length' && plan.fallbacks.contextWindow.length > 0) return 'contextWindow'
  if (failure.kind === 'content-policy' && plan.fallbacks.contentPolicy.length > 0) return 'contentPolicy'
  return 'general'
}

function hasOwnFallbacks(plan: Plan, failure: Failure): boolean {
  return fallbackList(plan, failure) !== 'general'
}

/**
 * After the commit point. Each target that has not failed in this request may try once, without pauses and retries:
 * the client is waiting in the middle of a sentence. Refusals are no accident of transport and end the answer.
 */
function continueElsewhere(plan: Plan, asked: readonly Asked[], view: View): Step | undefined {
  const last = asked.at(-1)
  if (last === undefined || REFUSALS.has(last.failure.kind)) return undefined
  for (const group of [last.group, ...plan.fallbacks.general]) {
    const fresh = group.attempts.filter((target) => isFresh(asked, target) && view.continuation(target) !== undefined)
    const target = preferReady(fresh, view)
    const continuation = target && view.continuation(target)
    if (target === undefined || continuation === undefined) continue
    return { do: 'ask', target, group, delayMs: 0, why: `continue:${continuation}`, continuation }
  }
  return undefined
}

function isFresh(asked: readonly Asked[], target: Target): boolean {
  return !asked.some((other) => other.target.id === target.id) && !isSpent(asked, target)
}

/** Never to be asked again in this request. */
function isSpent(asked: readonly Asked[], target: Target): boolean {
  return asked.some((other) =>
    REFUSALS.has(other.failure.kind)
      ? other.target.model === target.model
      : other.target.id === target.id && remedyOf(other) !== 'retry',
  )
}

/** True while the tier of `failed` has attempts left, by the rules that fit its failure best. */
function retriesLeft(asked: readonly Asked[], failed: Asked, view: View): boolean {
  const { group, target, failure } = failed
  const allowed = target.retries ?? group.retries.byKind[failure.kind] ?? view.retries ?? group.retries.count
  return countInTier(asked, group, target.tier) - 1 < allowed || failure.kind === 'unsupported'
}

/** A target that could not even be asked (`unsupported`) used nothing up. */
function countInTier(asked: readonly Asked[], group: FallbackGroup, tier: number): number {
  return asked.filter(
    (other) => other.group === group && other.target.tier === tier && other.failure.kind !== 'unsupported',
  ).length
}

function wasEntered(asked: readonly Asked[], group: FallbackGroup, tier: number): boolean {
  return asked.some((other) => other.group === group && other.target.tier === tier)
}

function preferReady(targets: readonly Target[], view: View): Target | undefined {
  return targets.find((target) => view.ready(target)) ?? targets[0]
}

/** LiteLLM's numbers: 0.5 s doubling to 8 s, up to 0.75 s of jitter, Retry-After where the upstream gave one. */
function delayBefore(asked: readonly Asked[], failed: Asked, random: Random): number {
  const { failure, target, group } = failed
  const failures = asked.filter((other) => other.target.id === target.id).length
  // Most often a kept connection that the upstream had just closed: a fresh one works at once.
  if (failure.code === UNANSWERED && failures === 1) return 0
  const jitterMs = random() * limits.retryJitterMs
  if (failure.retryAfterMs !== undefined && failure.retryAfterMs > 0) return failure.retryAfterMs + jitterMs
  const backoffMs = Math.min(limits.retryDelayMs * 2 ** (failures - 1), limits.retryDelayMaxMs)
  return Math.max(backoffMs, group.retries.minDelayMs) + jitterMs
}

/** The client hears of the last failure that means something, and which targets were asked before. */
function giveUp(asked: readonly Asked[]): GiveUp {
  const shown = asked.filter((other) => other.failure.kind !== 'prefill-refused')
  const last = shown.at(-1)
  if (last === undefined) return { do: 'give-up', failure: NOTHING_LEFT }
  const before = shown.slice(0, -1).map((other) => `${other.target.id} (${other.failure.kind})`)
  if (before.length === 0) return { do: 'give-up', failure: last.failure }
  const message = `${last.failure.message} Asked before: ${before.join(', ')}.`
  return { do: 'give-up', failure: { ...last.failure, message } }
}

const NOTHING_LEFT: Failure = { kind: 'no-target', message: 'No target is left that could continue this answer.' }

function nothingPlanned(plan: Plan): Failure {
  const why = plan.dropped.map((dropped) => `${dropped.target}: ${dropped.why}`).join('; ')
  return { kind: 'no-target', message: `No target of '${plan.route}' can serve this request. ${why}`.trim() }
}
