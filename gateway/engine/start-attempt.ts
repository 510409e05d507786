import type { Call } from '../contract/call.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { HttpHead, Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import type { Signer } from '../contract/signer.ts'
import { addressOf } from './address.ts'
import { answerBuiltin } from './attempt-builtin.ts'
import { Attempt, type AttemptParts } from './attempt.ts'
import type { CallState } from './call-state.ts'
import type { Ask } from './doctrine.ts'
import type { Lane } from './lane.ts'
import { chooseLane } from './lanes.ts'
import { edited } from './lanes-translated.ts'
import { replyHead, sendWhole } from './reply.ts'
import { requestHeaders } from './request-headers.ts'
import { newTally } from './tally.ts'
import { timeoutsFor } from './timeouts.ts'
import { writerContext } from './writer-context.ts'

/** An attempt that is ready to run. */
export interface Started {
  readonly attempt: Attempt
  readonly lane: Lane
  /** After it has ended well: what else has to be asked of the same target before the answer is whole. */
  more(): Started | undefined
}

/** Makes the attempt that a step asks for. A failure: the target cannot be asked this. Undefined: answered here. */
export function startAttempt(state: CallState, step: Ask): Started | Failure | Promise<undefined> | undefined {
  const { deps } = state.core
  const { target } = step
  // What was done for a target that has failed unseen says nothing of this one's answer.
  if (!state.delivery.committed) {
    state.droppedParams = []
    state.conversions = []
  }
  const provider = deps.findProvider(target.provider)
  if (provider === undefined) return unsupported(`There is no provider '${target.provider}'.`)
  if (provider.respond !== undefined) return answerHere(state, step, provider)
  const address = addressOf(target)
  if (address === undefined) return unsupported(`The base URL of ${target.id} is no http or https URL.`)
  let head: HttpHead = NO_HEAD
  const lane = laneOf(state, step, { provider, head: () => head })
  if (lane === undefined) return answerCount(state, step)
  if (isFailure(lane)) return lane
  const make = (own: Lane): Started => ({
    attempt: createAttempt(own),
    lane: own,
    more: () => own.next && make(own.next),
  })
  const createAttempt = (own: Lane): Attempt =>
    new Attempt({
      clock: deps.clock,
      upstream: state.core.upstream,
      delivery: state.delivery,
      lane: own,
      target,
      provider,
      address,
      timeouts: timeoutsFor(target, deps.settings().timeouts, state.call.facts.controls),
      headers: requestHeaders(own.request.headers, { target, provider, userAgent: deps.userAgent }),
      ...signingOf(provider, target, deps.signer),
      replyHead: (received) => {
        head = received
        return replyHead(state, received, own.contentType)
      },
    })
  return make(lane)
}

/** The signature over a request, where this target wants one. */
function signingOf(provider: Provider, target: Target, signer: Signer): Pick<AttemptParts, 'sign'> {
  const signing = provider.signing?.(target)
  if (signing === undefined) return NOT_SIGNED
  return {
    sign: ({ method, origin, path, headers, body }) =>
      signer.sign({ method, url: origin + path, headers, body: body ?? '' }, target, signing),
  }
}

const NOT_SIGNED: Pick<AttemptParts, 'sign'> = {}

function laneOf(
  state: CallState,
  step: Ask,
  { provider, head }: { readonly provider: Provider; head(): HttpHead },
): Lane | Failure | undefined {
  const { continuation: how, target } = step
  const continued = how && state.sent && { how, sent: state.sent }
  return chooseLane({
    call: state.call,
    target,
    provider,
    applyParams: state.core.deps.applyParams,
    answers: state.core.answers,
    forwarded: forwardedHeaders(state.call),
    nowMs: state.core.deps.clock.monotonicMs,
    delivery: state.delivery,
    send: (body, tally) => sendWhole(state, body, { head: head(), tally }),
    keepSent: hasOthers(state, step),
    ...(continued && { continued }),
    dropped: (names) => {
      state.droppedParams = names
    },
    converted: (conversions) => {
      state.conversions = [...state.conversions, ...conversions]
    },
  })
}

/** Whether anybody could take up an answer that this attempt leaves unfinished. */
function hasOthers({ call }: CallState, step: Ask): boolean {
  const { attempts, fallbacks } = call.plan
  return attempts.length > 1 || step.group.attempts.length > 1 || fallbacks.general.length > 0
}

/** What the client's dialect wants an upstream of its own wire to see, such as Anthropic's beta headers. */
function forwardedHeaders({ clientHeaders }: Call): Readonly<Record<string, string>> {
  return clientHeaders ?? NO_HEADERS
}

const NO_HEADERS: Readonly<Record<string, string>> = {}

/** Counts the tokens of a request whose target cannot be asked. */
async function answerCount(state: CallState, step: Ask): Promise<undefined> {
  const { work } = state.call
  if (work.operation !== 'count') throw new Error(`There is no lane for ${work.operation}.`)
  const chat = work.dialect.parse(work.body.json)
  // The reader of the body has found it sound, so what cannot be read now is the gateway's mistake.
  if (isFailure(chat)) throw new Error(chat.message)
  const inputTokens = await state.core.deps.tokens.countChat(chat)
  const tally = newTally()
  state.speaker = { target: step.target, tally, lane: undefined }
  sendWhole(state, JSON.stringify(work.dialect.write(inputTokens, work.body.json)), { head: NO_HEAD, tally })
}

function answerHere(state: CallState, step: Ask, provider: Provider): Failure | Promise<undefined> | undefined {
  const { work, facts } = state.call
  if (work.operation === 'count') return answerCount(state, step)
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
