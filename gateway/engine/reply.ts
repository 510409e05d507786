import type { Dialect } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { HttpHead } from '../contract/provider.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { redact } from '../kit/redact.ts'
import type { CallState } from './call-state.ts'
import type { ReplyHead } from './delivery.ts'
import { addCostHeaders, addPassedHeaders, addStoryHeaders, contentTypeOf, headerText } from './reply-headers.ts'
import { costOf, type Tally } from './tally.ts'
import { writerContext } from './writer-context.ts'

/** The head of a reply that passes on what an upstream says. `contentType` undefined: the upstream's own. */
export function replyHead(state: CallState, head: HttpHead, contentType: string | undefined): ReplyHead {
  const isOwn = contentType === undefined
  return {
    status: isOwn ? head.status : 200,
    headers: () => {
      const headers: Record<string, string> = {
        'content-type': contentType ?? contentTypeOf(head, 'application/octet-stream'),
      }
      if (isOwn) addDisposition(headers, head)
      addPassedHeaders(headers, head)
      addOwnHeaders(headers, state)
      return headers
    },
  }
}

/** Sends a reply that came in one piece: only here its cost is known in time for a header. */
export function sendWhole(
  state: CallState,
  body: Uint8Array | string,
  { head, tally }: { readonly head: HttpHead; readonly tally: Tally },
): void {
  const costUsd = costOf(tally.usage, state.step?.target.price)
  const plain = replyHead(state, head, 'application/json')
  const headers = (): Record<string, string> => {
    const all = plain.headers()
    addCostHeaders(all, costUsd)
    return all
  }
  state.delivery.prepare({ status: 200, headers }, undefined)
  state.delivery.committed = true
  state.delivery.end(body)
}

/** What the client saw of the end. */
export interface ReplyEnd {
  readonly status: number
  readonly outcome: RequestLog['outcome']
}

/** Nobody is there to be told. */
const LEFT: ReplyEnd = { status: 499, outcome: 'cancelled' }

/**
 * Ends the client's reply. A failure is said in the way that is left: as a status, as an event in a stream that has
 * begun, or, where the bytes are not ours to add to, by breaking the connection off.
 */
export function endReply(state: CallState, failure: Failure | undefined): ReplyEnd {
  const { delivery, call } = state
  if (failure === undefined) return { status: delivery.status, outcome: 'ok' }
  if (failure.kind === 'client-gone') return LEFT
  const shown: Failure = { ...failure, message: redact(failure.message) }
  const outcome = delivery.committed ? 'truncated' : 'error'
  if (!delivery.headSent) return refuse(state, shown)
  const { dialect } = call.work
  if (!('writer' in dialect) || !call.facts.stream) {
    delivery.destroy()
    return { status: delivery.status, outcome }
  }
  delivery.end(inBand(state, dialect, shown))
  return { status: delivery.status, outcome }
}

function refuse(state: CallState, failure: Failure): ReplyEnd {
  const error = state.call.work.dialect.error(failure)
  const headers: Record<string, string> = { 'content-type': 'application/json', ...error.headers }
  addOwnHeaders(headers, state)
  state.delivery.prepare({ status: error.status, headers: () => headers }, undefined)
  state.delivery.end(JSON.stringify(error.body))
  return { status: error.status, outcome: 'error' }
}

function inBand(state: CallState, dialect: Pick<Dialect<never>, 'writer'>, failure: Failure): string {
  const target = state.speaker?.target ?? state.step?.target
  const own = state.speaker?.lane?.fail?.(failure)
  if (own !== undefined || target === undefined) return own ?? ''
  const context = writerContext(state.call, target, { nowMs: state.core.deps.clock.monotonicMs, sent: state.sent })
  return dialect.writer({ ...context, continued: state.delivery.committed }).fail(failure)
}

function addOwnHeaders(headers: Record<string, string>, state: CallState): void {
  const { call, step, attemptCount } = state
  const groups = groupsEntered(state)
  const story = {
    id: call.id,
    plan: call.plan,
    reason: reasonOf(state),
    attempts: attemptCount,
    retries: Math.max(0, attemptCount - Math.max(1, groups)),
    fallbacks: Math.max(0, groups - 1),
    dropped: state.droppedParams,
    conversions: state.conversions,
  }
  addStoryHeaders(headers, story, step?.target)
}

function groupsEntered({ asked, step }: CallState): number {
  // Nearly every answer comes from the first target asked.
  if (asked.length === 0) return step === undefined ? 0 : 1
  const groups = new Set(asked.map((other) => other.group))
  if (step !== undefined) groups.add(step.group)
  return groups.size
}

/** Why it was this target: the plan's reason, unless what happened on the way says more. */
export function reasonOf(state: CallState): string {
  const why = state.step?.why ?? 'primary'
  return headerText(why === 'primary' ? state.call.plan.reason : why)
}

function addDisposition(headers: Record<string, string>, head: HttpHead): void {
  const value = head.headers['content-disposition']
  if (typeof value === 'string') headers['content-disposition'] = headerText(value)
}
