import type { Call, ReplySink } from '../contract/call.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { RequestLog } from '../contract/request-log.ts'
import type { Target } from '../contract/route.ts'
import type { Usage } from '../contract/stream-event.ts'
import type { Attempt } from './attempt.ts'
import type { CallState, EngineCore } from './call-state.ts'
import { continuationAt, maySplice, rememberRefusal } from './continuation.ts'
import { Delivery } from './delivery.ts'
import { firstStep, nextStep, type Ask, type View } from './doctrine.ts'
import { hideKey } from './hide-key.ts'
import { endReply, reasonOf, type ReplyEnd } from './reply.ts'
import { logMessage, rowOf } from './row.ts'
import { startAttempt, type Started } from './start-attempt.ts'
import { costOf, newTally } from './tally.ts'

/** The last request of an attempt, and why it failed. */
interface Ran {
  readonly last: Started
  readonly failure: Failure | undefined
}

/** How a call ended, for the one who settles the app's limits. */
export interface Outcome {
  /** As sent to the client; 499 when it left first. */
  readonly status: number
  readonly outcome: RequestLog['outcome']
  readonly usage: Usage | undefined
  readonly targetId: string | undefined
  readonly costUsd: number | undefined
}

/**
 * One call from its plan to its row: asks one target after the other, as the doctrine says, until one has served the
 * answer or none is left. Whatever happens, the client gets an end and the log gets one row.
 */
export class Execution {
  readonly #state: CallState
  readonly #view: View
  readonly #deadlineMs: number
  /** Why the call ends before its time: the client has gone, the key was revoked, the deadline has passed. */
  #stopped: Failure | undefined
  /** The engine's, for its list of what is running. */
  place = -1
  /** What is under way right now; not held through a closure, which would keep every request alive for long. */
  #attempt: Attempt | undefined
  /** Ends what is being waited for right now. */
  #interrupt: ((failure: Failure) => void) | undefined

  constructor(core: EngineCore, call: Call, sink: ReplySink) {
    const { clock, settings } = core.deps
    this.#state = {
      core,
      call,
      delivery: new Delivery(sink, clock, () => this.stop(TOO_SLOW)),
      asked: [],
      attempts: [],
      attemptCount: 0,
      step: undefined,
      speaker: undefined,
      sent: undefined,
      droppedParams: [],
      conversions: [],
      firstTokenAtMs: undefined,
    }
    this.#deadlineMs = call.startedMonotonicMs + (call.facts.controls.timeoutMs ?? settings().timeouts.totalMs)
    this.#view = this.#createView()
    sink.onGone(() => this.stop(CLIENT_GONE))
  }

  get appId(): string {
    return this.#state.call.app.id
  }

  /** Ends the call for a reason of ours or the client's; what is under way is broken off before this returns. */
  stop(failure: Failure): void {
    if (this.#stopped !== undefined) return
    this.#stopped = failure
    this.#attempt?.stop(failure)
    this.#interrupt?.(failure)
  }

  async run(): Promise<Outcome> {
    const { deps } = this.#state.core
    const leftMs = Math.max(0, this.#deadlineMs - deps.clock.monotonicMs())
    const deadline = deps.clock.startTimer(leftMs, () => this.stop(DEADLINE_PASSED))
    try {
      return this.#conclude(await this.#walk())
    } catch (error) {
      deps.report(error)
      return this.#conclude(INTERNAL)
    } finally {
      deadline.cancel()
      this.#state.delivery.close()
    }
  }

  /** Undefined: served. Else what the client is to be told. */
  async #walk(): Promise<Failure | undefined> {
    const { call, asked, delivery } = this.#state
    let step = firstStep(call.plan, this.#view)
    for (;;) {
      if (step.do === 'give-up') return step.failure
      if (step.delayMs > 0) await this.#pause(step.delayMs)
      if (this.#stopped !== undefined) return this.#stopped
      const failure = await this.#ask(step)
      if (failure === undefined || this.#stopped !== undefined) return failure
      asked.push({ target: step.target, group: step.group, failure, committed: delivery.committed })
      step = nextStep(call.plan, asked, this.#view)
    }
  }

  async #ask(step: Ask): Promise<Failure | undefined> {
    const { slots, deps } = this.#state.core
    if (!slots.tryTake(step.target)) {
      const failure = await this.#waitForSlot(step.target)
      if (failure !== undefined) return failure
    }
    const startedMs = deps.clock.monotonicMs()
    this.#state.step = step
    this.#state.attemptCount++
    let failure: Failure | undefined
    let started: Started | Failure | undefined
    try {
      const starting = this.#stopped ?? startAttempt(this.#state, step)
      started = starting instanceof Promise ? await starting : starting
      failure = started === undefined || isFailure(started) ? started : await this.#run(step, started)
    } finally {
      slots.release(step.target)
    }
    const status = started === undefined || isFailure(started) ? undefined : started.attempt.status
    this.#logAttempt(step, { startedMs, status, failure })
    return failure
  }

  async #run(step: Ask, started: Started): Promise<Failure | undefined> {
    const { health, deps } = this.#state.core
    const startedMs = deps.clock.monotonicMs()
    let ran: Ran = { last: started, failure: INTERNAL }
    health.started(step.target)
    try {
      ran = await this.#runAll(started, step.target)
    } finally {
      this.#attempt = undefined
      const { firstTokenAtMs } = started.attempt
      health.finished(
        step.target,
        {
          failure: ran.failure,
          usage: ran.last.lane.tally.usage,
          firstTokenMs: firstTokenAtMs === undefined ? undefined : firstTokenAtMs - startedMs,
          durationMs: deps.clock.monotonicMs() - startedMs,
        },
        { alone: step.group.attempts.length === 1 },
      )
    }
    return this.#afterAttempt(step, ran.last, ran.failure)
  }

  /** One request, or as many as the target needs for one answer: the last one knows how the whole has ended. */
  async #runAll(started: Started, target: Target): Promise<Ran> {
    for (let last = started; ;) {
      this.#attempt = last.attempt
      const failure = await last.attempt.run()
      const more = failure === undefined ? last.more() : undefined
      if (more === undefined) return { last, failure: failure && hideKey(failure, target) }
      last = more
      if (this.#stopped !== undefined) return { last, failure: this.#stopped }
    }
  }

  /** Notes what an attempt has left behind, and what its failure means in the middle of an answer. */
  #afterAttempt(step: Ask, { attempt, lane }: Started, failure: Failure | undefined): Failure | undefined {
    const state = this.#state
    if (failure === undefined || lane.committed) {
      state.speaker = { target: step.target, tally: lane.tally, lane }
      state.firstTokenAtMs ??= attempt.firstTokenAtMs
    }
    if (failure === undefined) return undefined
    if (lane.committed) state.sent = lane.sent()
    const refusesPrefill = step.continuation === 'prefill' && !lane.committed && REFUSES_PREFILL.has(failure.kind)
    if (!refusesPrefill) return failure
    rememberRefusal(step.target)
    return { ...failure, kind: 'prefill-refused' }
  }

  #logAttempt(
    step: Ask,
    ran: { readonly startedMs: number; readonly status: number | undefined; readonly failure: Failure | undefined },
  ): void {
    const { attempts, call, core } = this.#state
    attempts.push({
      target: step.target.id,
      atMs: ran.startedMs - call.startedMonotonicMs,
      durationMs: core.deps.clock.monotonicMs() - ran.startedMs,
      status: ran.status,
      failure: ran.failure?.kind,
      message: ran.failure && logMessage(ran.failure),
      why: step.why,
    })
  }

  #waitForSlot(target: Target): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      const waiting = this.#state.core.slots.wait(target, () => {
        this.#interrupt = undefined
        resolve(undefined)
      })
      if (isFailure(waiting)) {
        resolve(waiting)
        return
      }
      this.#interrupt = (failure) => {
        waiting.cancel()
        resolve(failure)
      }
    })
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#state.core.deps.clock.startTimer(ms, resolve)
      this.#interrupt = () => {
        timer.cancel()
        resolve()
      }
    })
    this.#interrupt = undefined
  }

  #createView(): View {
    const { call, core } = this.#state
    const { clock, random, findProvider } = core.deps
    const deadlineMs = this.#deadlineMs
    return {
      ready: (target) => core.health.ready(target),
      continuation: (target) => {
        const { work, facts } = call
        if (work.operation !== 'chat' || work.dialect.continues !== true) return undefined
        if (!facts.stream || !maySplice(work.body.json)) return undefined
        return continuationAt(this.#state.sent, target, findProvider(target.provider))
      },
      random,
      retries: call.facts.controls.retries,
      // A method: an accessor in an object made for each request would give each a hidden class of its own.
      timeLeftMs: () => deadlineMs - clock.monotonicMs(),
    }
  }

  /** Tells the client and the log how it ended. Nothing that breaks here may keep either from its end. */
  #conclude(failure: Failure | undefined): Outcome {
    const state = this.#state
    const { deps } = state.core
    const end = this.#endReply(failure)
    const tally = state.speaker?.tally ?? newTally()
    const costUsd = costOf(tally.usage, state.speaker?.target.price)
    const sinceArrival = (atMs: number): number => atMs - state.call.startedMonotonicMs
    const row = rowOf(state.call, {
      ...end,
      failure,
      speaker: state.speaker,
      tally,
      costUsd,
      attempts: state.attempts,
      reason: reasonOf(state),
      conversions: state.conversions,
      firstTokenMs: state.firstTokenAtMs === undefined ? undefined : sinceArrival(state.firstTokenAtMs),
      totalMs: sinceArrival(deps.clock.monotonicMs()),
      replyBytes: state.delivery.bytes,
    })
    deps.log.append(row)
    return { ...end, usage: tally.usage, targetId: row.target, costUsd }
  }

  #endReply(failure: Failure | undefined): ReplyEnd {
    try {
      return endReply(this.#state, failure)
    } catch (error) {
      this.#state.core.deps.report(error)
      this.#state.delivery.destroy()
      return { status: 500, outcome: 'error' }
    }
  }
}

/** What a target answers that cannot go on from the beginning of an answer. */
const REFUSES_PREFILL: ReadonlySet<Failure['kind']> = new Set([
  'bad-request',
  'unsupported',
  'invalid-request',
  'context-length',
  'content-policy',
  'request-too-large',
])

const CLIENT_GONE: Failure = { kind: 'client-gone', message: 'The client went away before the answer was complete.' }
const TOO_SLOW: Failure = { kind: 'client-gone', message: 'The client stopped reading, so the answer was given up.' }
const DEADLINE_PASSED: Failure = {
  kind: 'total-timeout',
  message: 'The answer was not complete by the deadline of this request. Raise the timeout, or ask for less.',
}
const INTERNAL: Failure = {
  kind: 'internal',
  status: 500,
  message: 'Spillway failed while it served this request. This is a bug; its log says more.',
}
