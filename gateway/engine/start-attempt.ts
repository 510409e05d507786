import { isFailure, type Failure } from '../contract/failure.ts'
import type { HttpHead, Provider } from '../contract/provider.ts'
import { addressOf } from './address.ts'
import { answerBuiltin } from './attempt-builtin.ts'
import { Attempt } from './attempt.ts'
import type { CallState } from './call-state.ts'
import type { Ask } from './doctrine.ts'
import type { Lane } from './lane.ts'
import { chooseLane, edited, writerContext } from './lanes.ts'
import { replyHead, sendWhole } from './reply.ts'
import { requestHeaders } from './request-headers.ts'
import { newTally } from './tally.ts'
import { timeoutsFor } from './timeouts.ts'

/** An attempt that is ready to run. */
export interface Started {
  readonly attempt: Attempt
  readonly lane: Lane
}

/** Makes the attempt that a step asks for. A failure: the target cannot be asked this. Undefined: answered here. */
export function startAttempt(state: CallState, step: Ask): Started | Failure | undefined {
  const { deps } = state.core
  const { target } = step
  const provider = deps.findProvider(target.provider)
  if (provider === undefined) return unsupported(`There is no provider '${target.provider}'.`)
  if (provider.respond !== undefined) return answerHere(state, step, provider)
  const address = addressOf(target)
  if (address === undefined) return unsupported(`The base URL of ${target.id} is no http or https URL.`)
  let head: HttpHead = NO_HEAD
  const lane = laneOf(state, step, { provider, head: () => head })
  if (isFailure(lane)) return lane
  const attempt = new Attempt({
    clock: deps.clock,
    upstream: state.core.upstream,
    delivery: state.delivery,
    lane,
    target,
    provider,
    address,
    timeouts: timeoutsFor(target, deps.settings().timeouts, state.call.facts.controls),
    headers: requestHeaders(lane.request.headers, { target, provider, userAgent: deps.userAgent }),
    replyHead: (received) => {
      head = received
      return replyHead(state, received, lane.contentType)
    },
  })
  return { attempt, lane }
}

function laneOf(
  state: CallState,
  step: Ask,
  { provider, head }: { readonly provider: Provider; head(): HttpHead },
): Lane | Failure {
  const { continuation: how, target } = step
  const continued = how && state.sent && { how, sent: state.sent }
  return chooseLane({
    call: state.call,
    target,
    provider,
    applyParams: state.core.deps.applyParams,
    nowMs: state.core.deps.clock.monotonicMs,
    delivery: state.delivery,
    send: (body, tally) => sendWhole(state, body, { head: head(), tally }),
    keepSent: hasOthers(state, step),
    ...(continued && { continued }),
    dropped: (names) => {
      state.droppedParams = names
    },
  })
}

/** Whether anybody could take up an answer that this attempt leaves unfinished. */
function hasOthers({ call }: CallState, step: Ask): boolean {
  const { attempts, fallbacks } = call.plan
  return attempts.length > 1 || step.group.attempts.length > 1 || fallbacks.general.length > 0
}

function answerHere(state: CallState, step: Ask, provider: Provider): Failure | undefined {
  const { work, facts } = state.call
  if (work.operation !== 'chat' || provider.respond === undefined) return unsupported(`${step.target.id} only chats.`)
  const applied = state.core.deps.applyParams(work.body.json, step.target, provider)
  if (isFailure(applied)) return applied
  const tally = newTally()
  state.droppedParams = applied.dropped
  const context = writerContext(state.call, step.target, { nowMs: state.core.deps.clock.monotonicMs })
  const writer = work.dialect.writer(context)
  const failure = answerBuiltin({
    dialect: work.dialect,
    writer,
    body: edited(work.body.json, applied.edits),
    respond: provider.respond,
    context,
    stream: facts.stream,
    delivery: state.delivery,
    replyHead: replyHead(state, NO_HEAD, writer.contentType),
    send: (body, whole) => sendWhole(state, body, { head: NO_HEAD, tally: whole }),
    tally,
  })
  if (failure === undefined) state.speaker = { target: step.target, tally, lane: undefined }
  return failure
}

const NO_HEAD: HttpHead = { status: 200, headers: {} }

function unsupported(message: string): Failure {
  return { kind: 'unsupported', message }
}
