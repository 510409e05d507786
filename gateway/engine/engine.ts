import type { Call, ReplySink } from '../contract/call.ts'
import type { Failure } from '../contract/failure.ts'
import type { Snapshot } from '../contract/route.ts'
import { Roster } from '../kit/roster.ts'
import { createAnswers } from './answers.ts'
import type { EngineCore } from './call-state.ts'
import type { EngineDeps } from './deps.ts'
import { Execution, type Outcome } from './execution.ts'
import { createHealthBook } from './health.ts'
import { probeUrl, type ProbeInit, type ProbeReply } from './probe.ts'
import { createSlots } from './slots.ts'
import { REVOKED, SHUTTING_DOWN } from './stop-reasons.ts'
import { createUpstream } from './upstream.ts'

/** The only effects in the request path. */
export interface Engine {
  /** Resolves when the reply has ended, however it ended; never rejects. */
  execute(call: Call, sink: ReplySink): Promise<Outcome>
  /** A live view of the targets' health and load, for planning. */
  snapshot(): Snapshot
  /** One small GET for sensors; undefined when nothing useful answered in time. */
  probe(url: string, init: ProbeInit): Promise<ProbeReply | undefined>
  /** Ends the running calls of an app whose key was revoked, with an error that says so. */
  cancelApp(appId: string): void
  /** Refuses new calls, lets running ones finish for `graceMs`, and then ends them with an error. */
  drain(graceMs: number): Promise<void>
  /** Ends everything now. */
  close(): Promise<void>
  /** Calls that are running. */
  readonly active: number
}

export function createEngine(deps: EngineDeps): Engine {
  const upstream = createUpstream(deps.report)
  const health = createHealthBook(deps.clock, () => deps.settings().cooldown)
  const core: EngineCore = { deps, upstream, health, slots: createSlots(), answers: createAnswers(deps.tokens) }
  const running = new Roster<Execution>()
  let isDraining = false
  const whenIdle: (() => void)[] = []

  const ended = (execution: Execution): void => {
    running.remove(execution)
    if (running.size === 0) for (const resolve of whenIdle.splice(0)) resolve()
  }

  const stopAll = (failure: Failure, concerns: (execution: Execution) => boolean): void => {
    for (const execution of running.list()) if (concerns(execution)) execution.stop(failure)
  }

  const idle = (): Promise<void> =>
    new Promise((resolve) => {
      if (running.size === 0) resolve()
      else whenIdle.push(resolve)
    })

  const drain = async (graceMs: number): Promise<void> => {
    isDraining = true
    const timer = deps.clock.startTimer(graceMs, () => stopAll(SHUTTING_DOWN, () => true))
    await idle()
    timer.cancel()
  }

  return {
    execute: (call, sink) => {
      const execution = new Execution(core, { call, sink }, ended)
      if (isDraining) execution.stop(SHUTTING_DOWN)
      running.add(execution)
      return execution.run()
    },
    snapshot: () => health.snapshot,
    probe: (url, init) => probeUrl(deps.clock, upstream, { url, ...init }),
    cancelApp: (appId) => stopAll(REVOKED, (execution) => execution.appId === appId),
    drain,
    close: async () => {
      await drain(0)
      await upstream.close()
    },
    get active() {
      return running.size
    },
  }
}
