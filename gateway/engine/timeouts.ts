import { limits } from '../contract/limits.ts'
import type { RequestControls, Target, Timeouts } from '../contract/route.ts'

/** The clocks of one attempt. Undefined `totalMs`: only the request's own deadline holds. */
export interface AttemptTimeouts {
  readonly connectMs: number
  readonly firstTokenMs: number
  readonly betweenTokensMs: number
  readonly totalMs: number | undefined
  /** The same for an answer that is not streamed; undefined: as `totalMs`. */
  readonly answerMs: number | undefined
}

/** The client's wish, else the target's own, else what is configured for all. */
export function timeoutsFor(target: Target, settings: Timeouts, controls: RequestControls): AttemptTimeouts {
  const own = target.timeouts
  return {
    connectMs: own.connectMs ?? settings.connectMs,
    firstTokenMs: controls.firstTokenTimeoutMs ?? own.firstTokenMs ?? defaultFirstTokenMs(target, settings),
    betweenTokensMs: own.betweenTokensMs ?? settings.betweenTokensMs,
    totalMs: own.totalMs,
    answerMs: own.answerMs ?? settings.answerMs,
  }
}

/** How long one attempt may take from its start to the end of its answer. */
export function attemptLimitMs({ totalMs, answerMs }: AttemptTimeouts, streams: boolean): number | undefined {
  if (streams || answerMs === undefined) return totalMs
  return totalMs === undefined ? answerMs : Math.min(totalMs, answerMs)
}

/** A runner may first have to load the model from disk, unless somebody chose a time that holds for all. */
function defaultFirstTokenMs(target: Target, settings: Timeouts): number {
  const isLocal = target.locality === 'device' || target.locality === 'lan'
  const isChosen = settings.firstTokenMs !== limits.firstTokenTimeoutMs
  return isLocal && !isChosen ? limits.firstTokenTimeoutLocalMs : settings.firstTokenMs
}
