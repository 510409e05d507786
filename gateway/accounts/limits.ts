import type { Clock } from '../contract/clock.ts'
import type { AppSettings } from '../contract/config.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { createSlidingWindow, type SlidingWindow } from '../kit/sliding-window.ts'

/** What one app may do. Passed with every request, so that a reloaded configuration counts at once. */
export type AppLimits = Pick<AppSettings, 'name' | 'rpm' | 'tpm' | 'maxParallelRequests'>

/** A request that was let in. */
export interface Admission {
  /**
   * The tokens that the request really took, in place of the estimate; once only. Never called: the estimate stands,
   * so a request that used nothing is settled with 0.
   */
  settle(tokens: number): void
  /** The request is over, however it ended. Calling it again does nothing. */
  release(): void
}

/** Counts requests, tokens and parallel requests of every app. */
export interface Limiter {
  /** Lets a request in and counts it, or says which limit it breaks; one that is refused is not counted. */
  admit(app: AppLimits, estimatedTokens: number): Admission | Failure
  /** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, for the limits that the app has. */
  headers(app: AppLimits): Readonly<Record<string, string>>
  /** Forgets an app whose key was revoked. */
  forget(name: string): void
}

interface AppState {
  readonly requests: SlidingWindow
  readonly tokens: SlidingWindow
  parallel: number
}

const UNLIMITED: Admission = Object.freeze({
  settle: () => undefined,
  release: () => undefined,
})

/**
 * Requests and tokens are counted over the last 60 seconds, not per minute of the clock: a window that jumps lets
 * twice the limit through at its edge. Tokens are reserved by an estimate when a request comes and corrected when it
 * ends, so that a burst cannot spend what is not there.
 */
export function createLimiter(clock: Clock): Limiter {
  const states = new Map<string, AppState>()

  const stateOf = (name: string): AppState => {
    const known = states.get(name)
    if (known !== undefined) return known
    const state = { requests: newWindow(), tokens: newWindow(), parallel: 0 }
    states.set(name, state)
    return state
  }

  const admit = (app: AppLimits, estimatedTokens: number): Admission | Failure => {
    if (isUnlimited(app)) return UNLIMITED
    const state = stateOf(app.name)
    const nowMs = clock.monotonicMs()
    const refusal = refuse(app, state, { nowMs, tokens: estimatedTokens })
    return refusal ?? enter(state, { clock, nowMs, tokens: estimatedTokens })
  }

  return {
    admit,
    headers: (app) => rateHeaders(app, states.get(app.name), clock.monotonicMs()),
    forget: (name) => void states.delete(name),
  }
}

function newWindow(): SlidingWindow {
  return createSlidingWindow(limits.rateWindowMs, limits.rateWindowStepMs)
}

function isUnlimited({ rpm, tpm, maxParallelRequests }: AppLimits): boolean {
  return rpm === undefined && tpm === undefined && maxParallelRequests === undefined
}

function refuse(
  { name, rpm, tpm, maxParallelRequests }: AppLimits,
  state: AppState,
  { nowMs, tokens }: { readonly nowMs: number; readonly tokens: number },
): Failure | undefined {
  if (maxParallelRequests !== undefined && state.parallel >= maxParallelRequests) {
    const busy = `has ${state.parallel} requests in flight and its limit is ${maxParallelRequests}. Wait for one to end`
    return exceeded(name, 'max_parallel_requests', busy, undefined)
  }
  if (rpm !== undefined && state.requests.sum(nowMs) + 1 > rpm) {
    const waitMs = rpm < 1 ? undefined : state.requests.waitMs(rpm - 1, nowMs)
    return exceeded(name, 'rpm', `may send ${rpm} requests per minute and has done so. Wait`, waitMs)
  }
  if (tpm !== undefined && tokens > tpm) {
    const large = `may use ${tpm} tokens per minute and this request alone has about ${tokens}. Shorten it`
    return exceeded(name, 'tpm', large, undefined)
  }
  if (tpm !== undefined && state.tokens.sum(nowMs) + tokens > tpm) {
    const spent = `may use ${tpm} tokens per minute, used ${state.tokens.sum(nowMs)}, and this request has about ${tokens}. Wait`
    return exceeded(name, 'tpm', spent, state.tokens.waitMs(tpm - tokens, nowMs))
  }
  return undefined
}

function exceeded(name: string, setting: string, text: string, waitMs: number | undefined): Failure {
  return {
    kind: 'limit-exceeded',
    status: 429,
    code: 'rate_limit_exceeded',
    type: setting === 'tpm' ? 'tokens' : 'requests',
    message: `The key '${name}' ${text}, or raise ${setting} of this key in the configuration.`,
    ...(waitMs === undefined ? {} : { retryAfterMs: Math.ceil(waitMs) }),
  }
}

interface Entry {
  readonly clock: Clock
  readonly nowMs: number
  readonly tokens: number
}

function enter(state: AppState, { clock, nowMs, tokens }: Entry): Admission {
  state.parallel++
  state.requests.add(1, nowMs)
  const mark = state.tokens.add(tokens, nowMs)
  let isSettled = false
  let isReleased = false
  return {
    settle: (used) => {
      if (isSettled) return
      isSettled = true
      const laterMs = clock.monotonicMs()
      const change = used - tokens
      // What was not foreseen is spent now; what was not needed is given back to when it was reserved.
      if (change > 0) state.tokens.add(change, laterMs)
      else if (change < 0) state.tokens.correct(mark, change, laterMs)
    },
    release: () => {
      if (isReleased) return
      isReleased = true
      state.parallel--
    },
  }
}

function rateHeaders(app: AppLimits, state: AppState | undefined, nowMs: number): Readonly<Record<string, string>> {
  const { rpm, tpm } = app
  const headers: Record<string, string> = {}
  // Written out: names that are put together anew for every reply cost four times as much.
  if (rpm !== undefined) {
    headers['x-ratelimit-limit-requests'] = `${rpm}`
    headers['x-ratelimit-remaining-requests'] = remaining(rpm, state?.requests, nowMs)
    headers['x-ratelimit-reset-requests'] = reset(state?.requests, nowMs)
  }
  if (tpm !== undefined) {
    headers['x-ratelimit-limit-tokens'] = `${tpm}`
    headers['x-ratelimit-remaining-tokens'] = remaining(tpm, state?.tokens, nowMs)
    headers['x-ratelimit-reset-tokens'] = reset(state?.tokens, nowMs)
  }
  return headers
}

function remaining(limit: number, window: SlidingWindow | undefined, nowMs: number): string {
  return `${Math.max(0, limit - (window?.sum(nowMs) ?? 0))}`
}

function reset(window: SlidingWindow | undefined, nowMs: number): string {
  return asDuration(window?.waitMs(0, nowMs) ?? 0)
}

/** As OpenAI writes it: `60ms`, `1.5s`, `1m0s`. */
function asDuration(ms: number): string {
  const rounded = Math.ceil(ms)
  if (rounded < 1_000) return `${rounded}ms`
  const wholeS = rounded / 1_000
  if (wholeS < 60) return `${Number(wholeS.toFixed(3))}s`
  return `${Math.floor(wholeS / 60)}m${Number((wholeS % 60).toFixed(3))}s`
}
