import type { Call, JsonBody } from '../contract/call.ts'
import type { SentSoFar, WriterContext } from '../contract/dialect.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Target } from '../contract/route.ts'
import { wantsUsage } from './verbatim-body.ts'

export interface Writing {
  /** The monotonic clock, in milliseconds. */
  readonly nowMs: () => number
  /** What the client has of an answer that goes on. */
  readonly sent?: SentSoFar | undefined
}

/** How the client's dialect is written for this call; a continued answer keeps the name it has. */
export function writerContext(call: Call, target: Target, { nowMs, sent }: Writing): WriterContext {
  const { dialect, body } = call.work
  const prefix = 'idPrefix' in dialect ? dialect.idPrefix : ''
  return {
    id: sent?.id ?? prefix + call.id,
    model: sent?.model ?? call.facts.model,
    createdS: sent?.createdS ?? Math.floor(call.startedAtMs / 1_000),
    includeUsage: body.kind === 'json' && wantsUsage(body.json),
    mergeReasoning: target.params.mergeReasoning,
    continued: sent !== undefined,
    ...(sent?.nextEvent !== undefined && { nextEvent: sent.nextEvent }),
    body: body.kind === 'json' ? asAsked(body) : {},
    promptTokensEstimate: call.facts.promptTokensEstimate,
    elapsedMs: () => nowMs() - call.startedMonotonicMs,
  }
}

/** The body as the client sent it, as far as a reply repeats it. */
function asAsked({ json, resolved }: JsonBody): JsonObject {
  return resolved === undefined ? json : { ...json, ...resolved }
}
