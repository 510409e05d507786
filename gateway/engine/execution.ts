import type { Call, ReplySink } from '../contract/call.ts'
import type { Random } from '../contract/clock.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { RequestLog } from '../contract/request-log.ts'
import type { Target } from '../contract/route.ts'
import type { Usage } from '../contract/stream-event.ts'
import type { Attempt } from './attempt.ts'
import type { CallState, EngineCore } from './call-state.ts'
import { continuationAt, mayRefusePrefill, maySplice, rememberRefusal } from './continuation.ts'
import { Delivery } from './delivery.ts'
import { firstStep, nextStep, type Ask, type Continuation, type View } from './doctrine.ts'
import { hideKey } from './hide-key.ts'
import { endReply, reasonOf, type ReplyEnd } from './reply.ts'
import { logMessage, rowOf } from './row.ts'
import { startAttempt, type Started } from './start-attempt.ts'
import { CLIENT_GONE, DEADLINE_PASSED, TOO_SLOW } from './stop-reasons.ts'
import { costOf, newTally } from './tally.ts'

/** How a call ended, for the one who settles the app's limits. */
export interface Outcome {
  /** As sent to the client; 499 when it left first. */
  readonly status: number
  readonly outcome: RequestLog['outcome']
  readonly usage: Usage | undefined
  readonly targetId: string | undefined
  readonly costUsd: number | undefined
}

/** What the engine is asked to do, and where the reply goes. */
export interface CallAndSink {
  readonly call: Call
  readonly sink: ReplySink
}

/**
 * One call from its plan to its row: asks one target after the other, as the doctrine says, until one has served the
 * answer or none is left. Whatever happens, the client gets an end and the log gets one row.
 */
export class Execution implements View {
  readonly random: Random
  readonly retries: number | undefined
  readonly #state: CallState
  readonly #ended: (execution: Execution) => void
  readonly #deadlineMs: number
  /** Why the call ends before its time: the client has gone, the key was revoked, the deadline has passed. */
  #stopped: Failure | undefined
  /** The engine's, for its list of what is running. */
  place = -1
  /** What is under way right now; not held through a closure, which would keep every request alive for long. */
  #attempt: Attempt | undefined
  /** Ends what is being waited for right now. */
  #interrupt: ((failure: Failure) => void) | undefined

  /** @param ended is told when the reply has ended; one function for all executions. */
  constructor(core: EngineCore, { call, sink }: CallAndSink, ended: (execution: Execution) => void) {
    const { clock, settings, random } = core.deps
    this.random = random
    this.retries = call.facts.controls.retries
    this.#ended = ended
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
    const deadline = deps.clock.startTimer(Math.max(0, this.timeLeftMs()), () => this.stop(DEADLINE_PASSED))
    try {
      return this.#conclude(await this.#walk())
    } catch (error) {
      deps.report(error)
      return this.#conclude(INTERNAL)
    } finally {
      deadline.cancel()
      this.#state.delivery.close()
      this.#ended(this)
    }
  }

  ready(target: Target): boolean {
    return this.#state.core.health.ready(target)
  }

  continuation(target: Target): Continuation | undefined {
    const { call, core, sent } = this.#state
    const { work, facts } = call
    if (work.operation !== 'chat' || work.dialect.continues !== true) return undefined
    if (!facts.stream || !maySplice(work.body.json)) return undefined
    return continuationAt(sent, target, core.deps.findProvider(target.provider))
  }

  timeLeftMs(): number {
    return this.#deadlineMs - this.#state.core.deps.clock.monotonicMs()
  }

  /** Undefined: served. Else what the client is to be told. */
  async #walk(): Promise<Failure | undefined> {
    const { call, asked, delivery } = this.#state
    let step = firstStep(call.plan, this)
    for (;;) {
      if (step.do === 'give-up') return step.failure
      if (step.delayMs > 0) await this.#pause(step.delayMs)
      if (this.#stopped !== undefined) return this.#stopped
      const failure = await this.#ask(step)
      if (failure === undefined || this.#stopped !== undefined) return failure
      asked.push({ target: step.target, group: step.group, failure, committed: delivery.committed })
      step = nextStep(call.plan, asked, this)
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
    let failure: Failure | undefined = INTERNAL
    let started: Started | undefined
    let durationMs = 0
    try {
      const starting = this.#stopped ?? startAttempt(this.#state, step)
      const begun = starting instanceof Promise ? await starting : starting
      if (begun === undefined || isFailure(begun)) {
        failure = begun
      } else {
        started = begun
        this.#state.core.health.started(step.target)
        let ended = await this.#runPart(begun)
        // An answer may take several requests to its target; the last one knows how the whole has ended.
        for (let more = begun.more(); ended === undefined && more !== undefined; more = more.more()) {
          started = more
          ended = this.#stopped ?? (await this.#runPart(more))
        }
        failure = ended && hideKey(ended, step.target)
      }
    } finally {
      durationMs = deps.clock.monotonicMs() - startedMs
      if (started !== undefined) this.#finishAttempt(step, started, { startedMs, durationMs, failure })
      slots.release(step.target)
    }
    if (started !== undefined) failure = this.#afterAttempt(step, started, failure)
    this.#logAttempt(step, { startedMs, durationMs, status: started?.attempt.status, failure })
    return failure
  }

  #runPart({ attempt }: Started): Promise<Failure | undefined> {
    this.#attempt = attempt
    return attempt.run()
  }

  #finishAttempt(step: Ask, { attempt, lane }: Started, { startedMs, durationMs, failure }: Ran): void {
    const { firstTokenAtMs } = attempt
    const firstTokenMs = firstTokenAtMs === undefined ? undefined : firstTokenAtMs - startedMs
    const result = { failure, usage: lane.tally.usage, firstTokenMs, durationMs }
    this.#attempt = undefined
    this.#state.core.health.finished(step.target, result, { alone: step.group.attempts.length === 1 })
  }

  /** Notes what an attempt has left behind, and what its failure means in the middle of an answer. */
  #afterAttempt(step: Ask, { attempt, lane }: Started, failure: Failure | undefined): Failure | undefined {
    const state = this.#state
    // What an attempt had to tell counts only once the client has seen some of it.
    if (failure === undefined || (lane.committed && state.delivery.committed)) {
      state.speaker = { target: step.target, tally: lane.tally, lane }
      state.firstTokenAtMs ??= attempt.firstTokenAtMs
    }
    if (failure === undefined) return undefined
    if (lane.committed) state.sent = lane.sent()
    const refusesPrefill = step.continuation === 'prefill' && !lane.committed && mayRefusePrefill(failure)
    if (!refusesPrefill) return failure
    rememberRefusal(step.target)
    return { ...failure, kind: 'prefill-refused' }
  }

  #logAttempt(step: Ask, ran: Ran & { readonly status: number | undefined }): void {
    const { attempts, call } = this.#state
    attempts.push({
      target: step.target.id,
      atMs: ran.startedMs - call.startedMonotonicMs,
      durationMs: ran.durationMs,
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

/** One attempt that is over. */
interface Ran {
  /** On the monotonic clock. */
  readonly startedMs: number
  readonly durationMs: number
  /** Undefined: it served the answer. */
  readonly failure: Failure | undefined
}

const INTERNAL: Failure = {
  kind: 'internal',
  status: 500,
  message: 'Spillway failed while it served this request. This is a bug; its log says more.',
}
