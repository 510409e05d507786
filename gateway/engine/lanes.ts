import type { Call, JsonBody, Work } from '../contract/call.ts'
import type { ChatRequest, CompletionRequest } from '../contract/chat.ts'
import type { Dialect, EmbeddingsDialect, SentSoFar, WriterContext } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EmbeddingsTranslation, HttpRequest, Provider, Translation, VerbatimPath } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { editTopLevel } from '../kit/json-edit.ts'
import { PrefillGuard, Replay, SentText } from './continuation.ts'
import type { Delivery } from './delivery.ts'
import type { ApplyParams } from './deps.ts'
import type { Continuation } from './doctrine.ts'
import { PassthroughLane } from './lane-passthrough.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { TranslatedStream } from './lane-translated.ts'
import { VerbatimStream } from './lane-verbatim.ts'
import { WholeLane, type ReadWhole, type SendWhole } from './lane-whole.ts'
import { headerText } from './reply-headers.ts'
import { noteFacts } from './tally.ts'
import { passthroughBody, passthroughForm, verbatimBody, wantsUsage } from './verbatim-body.ts'

/** One attempt, as far as its lane depends on it. */
export interface LaneInput {
  readonly call: Call
  readonly target: Target
  readonly provider: Provider
  readonly applyParams: ApplyParams
  /** The monotonic clock. */
  readonly nowMs: () => number
  readonly delivery: Delivery
  readonly send: SendWhole
  /** Another target could take the answer up, should this one fail in the middle. */
  readonly keepSent: boolean
  /** The answer has begun elsewhere. */
  readonly continued?: { readonly how: Continuation; readonly sent: SentSoFar }
  /** Takes the names of parameters that the target's rules removed. */
  dropped(names: readonly string[]): void
}

/** The lane of one attempt; a failure where the target cannot serve the request at all. */
export function chooseLane(input: LaneInput): Lane | Failure {
  const { work } = input.call
  switch (work.operation) {
    case 'chat':
      return dialectLane(input, work, input.provider.chat)
    case 'completions':
      return dialectLane(input, work, input.provider.completions)
    case 'embeddings':
      return embeddingsLane(input, work, input.provider.embeddings)
    case 'passthrough':
      return passthroughLane(input, work)
    default:
      return work satisfies never
  }
}

/** What {@link ChatRequest} and {@link CompletionRequest} have in common for us. */
type Continuable = ChatRequest | CompletionRequest

interface DialectWork<Request> {
  readonly operation: 'chat' | 'completions'
  readonly dialect: Dialect<Request>
  readonly body: JsonBody
}

function dialectLane<Request extends Continuable>(
  input: LaneInput,
  work: DialectWork<Request>,
  translation: Translation<Request> | undefined,
): Lane | Failure {
  const applied = input.applyParams(work.body.json, input.target, input.provider)
  if (isFailure(applied)) return applied
  if (applied.dropped.length > 0) input.dropped(applied.dropped)
  const path = verbatimPath(input, work.dialect.verbatimRoute)
  if (path !== undefined) return verbatimLane(input, work, { path, edits: applied.edits })
  if (translation === undefined) return unsupported(input, work.operation)
  return translatedLane(input, work, { translation, edits: applied.edits })
}

/** The upstream's path for the client's own bytes; undefined where they have to be translated. */
function verbatimPath(input: LaneInput, route: Dialect<unknown>['verbatimRoute']): string | undefined {
  const { params } = input.target
  if (params.lane === 'translated' || params.mergeReasoning || input.continued !== undefined) return undefined
  return pathFor(input.provider.verbatim[route], input.target)
}

function pathFor(path: VerbatimPath | undefined, target: Target): string | undefined {
  return typeof path === 'function' ? path(target) : path
}

interface VerbatimParts {
  readonly path: string
  readonly edits: JsonObject
}

function verbatimLane<Request>(input: LaneInput, work: DialectWork<Request>, parts: VerbatimParts): Lane {
  const { target, provider, call, delivery } = input
  const { dialect, body } = work
  const { stream } = call.facts
  const sent = verbatimBody({ body, route: dialect.verbatimRoute, target, provider, edits: parts.edits, stream })
  const request: LaneRequest = { method: 'POST', path: parts.path, headers: JSON_TYPE, body: sent.bytes }
  if (!stream) return verbatimWhole(input, request, dialect)
  const { hideUsage } = sent
  const passing = dialect.passing({ hideUsage, fillUsage: wantsUsage(body.json), keepSent: input.keepSent })
  return new VerbatimStream(request, passing, delivery)
}

function verbatimWhole(input: LaneInput, request: LaneRequest, dialect: Pick<EmbeddingsDialect, 'readReply'>): Lane {
  const read: ReadWhole = (bytes, _head, tally) => {
    const facts = dialect.readReply(bytes.toString('utf8'))
    if (isFailure(facts)) return facts
    noteFacts(tally, facts)
    return bytes
  }
  return new WholeLane({ name: 'verbatim', request, read, send: input.send, ...refusals(input) })
}

function translatedLane<Request extends Continuable>(
  input: LaneInput,
  work: DialectWork<Request>,
  { translation, edits }: { readonly translation: Translation<Request>; readonly edits: JsonObject },
): Lane | Failure {
  const { call, target, continued } = input
  const parsed = work.dialect.parse(edited(work.body.json, edits))
  if (isFailure(parsed)) return parsed
  const asked = continued?.how === 'prefill' ? { ...parsed, prefill: continued.sent.text } : parsed
  const { stream } = call.facts
  const http = translation.request(asked, target, { stream })
  if (isFailure(http)) return http
  const request = laneRequest(http, target)
  const context = writerContext(call, target, { nowMs: input.nowMs, sent: continued?.sent })
  if (!stream) return collected(input, request, { dialect: work.dialect, translation, context })
  const { id, model, createdS } = context
  const before = continued?.sent.text ?? ''
  return new TranslatedStream({
    request,
    reader: (head) => translation.reader(head),
    writer: work.dialect.writer(context),
    delivery: input.delivery,
    sent: input.keepSent ? new SentText({ id, model, createdS }, before) : undefined,
    ...(continued && {
      splice: continued.how === 'replay' ? new Replay(before) : new PrefillGuard(before),
      preface: `: spillway continued on ${headerText(target.id)}\n\n`,
    }),
  })
}

function collected<Request>(
  input: LaneInput,
  request: LaneRequest,
  parts: { dialect: Dialect<Request>; translation: Translation<Request>; context: WriterContext },
): Lane {
  const read: ReadWhole = (bytes, head, tally) => {
    const reader = parts.translation.reader(head)
    const collector = parts.dialect.collector(parts.context)
    for (const events of [reader.push(bytes), reader.end()]) {
      collector.push(events)
      for (const event of events) {
        if (event.type === 'usage') tally.usage = event.usage
        else if (event.type === 'end') tally.finish = event.reason
      }
    }
    const result = collector.result()
    return isFailure(result) ? result : JSON.stringify(result)
  }
  return new WholeLane({ name: 'translated', request, read, send: input.send, ...refusals(input) })
}

/**
 * LiteLLM's rule: `content_filter` is a failure exactly where there is a fallback for it. Where none is configured the
 * plan puts the general ones in its place, and those are not meant.
 */
function refusals({ call }: LaneInput): { readonly filteredIsRefusal: boolean } {
  const { contentPolicy, general } = call.plan.fallbacks
  return { filteredIsRefusal: contentPolicy.length > 0 && contentPolicy !== general }
}

function embeddingsLane(
  input: LaneInput,
  work: { readonly dialect: EmbeddingsDialect; readonly body: JsonBody },
  translation: EmbeddingsTranslation | undefined,
): Lane | Failure {
  const { target, provider } = input
  const applied = input.applyParams(work.body.json, target, provider)
  if (isFailure(applied)) return applied
  if (applied.dropped.length > 0) input.dropped(applied.dropped)
  const path = verbatimPath(input, work.dialect.verbatimRoute)
  if (path !== undefined) {
    const route = work.dialect.verbatimRoute
    const { bytes } = verbatimBody({ body: work.body, route, target, provider, edits: applied.edits, stream: false })
    return verbatimWhole(input, { method: 'POST', path, headers: JSON_TYPE, body: bytes }, work.dialect)
  }
  if (translation === undefined) return unsupported(input, 'embeddings')
  const request = work.dialect.parse(edited(work.body.json, applied.edits))
  if (isFailure(request)) return request
  const http = translation.request(request, target)
  if (isFailure(http)) return http
  const read: ReadWhole = (bytes, _head, tally) => {
    const reply = translation.reply(bytes.toString('utf8'))
    if (isFailure(reply)) return reply
    if (reply.inputTokens !== undefined) tally.usage = { input: reply.inputTokens, output: 0 }
    return JSON.stringify(work.dialect.write(reply, request))
  }
  return new WholeLane({ name: 'translated', request: laneRequest(http, target), read, send: input.send })
}

function passthroughLane(input: LaneInput, work: Extract<Work, { operation: 'passthrough' }>): Lane | Failure {
  const path = pathFor(input.provider.verbatim[work.route], input.target)
  if (path === undefined) return unsupported(input, work.route)
  const { body } = work
  if (body.kind === 'multipart') {
    const headers = { 'content-type': body.contentType }
    const form: LaneRequest = { method: 'POST', path, headers, body: passthroughForm(body, input.target) }
    return new PassthroughLane(form, input.delivery)
  }
  const applied = input.applyParams(body.json, input.target, withoutChatRefusals(input.provider))
  if (isFailure(applied)) return applied
  if (applied.dropped.length > 0) input.dropped(applied.dropped)
  const bytes = passthroughBody(body, input.target, applied.edits)
  return new PassthroughLane({ method: 'POST', path, headers: JSON_TYPE, body: bytes }, input.delivery)
}

/** What a provider refuses is told of chat: `n` pictures are another matter. */
function withoutChatRefusals(provider: Provider): Provider {
  return { ...provider, unsupportedParams: NO_REFUSALS }
}

const NO_REFUSALS: readonly string[] = []

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
    body: body.kind === 'json' ? body.json : {},
    promptTokensEstimate: call.facts.promptTokensEstimate,
    elapsedMs: () => nowMs() - call.startedMonotonicMs,
  }
}

const JSON_TYPE = { 'content-type': 'application/json' } as const

/** The client's body after the target's parameter rules; an edit to undefined removes the key. */
export function edited(body: JsonObject, edits: JsonObject): JsonObject {
  const result: Record<string, JsonObject[string]> = { ...body }
  for (const key in edits) {
    if (edits[key] === undefined) delete result[key]
    else result[key] = edits[key]
  }
  return result
}

function laneRequest(http: HttpRequest, target: Target): LaneRequest {
  const { extraBody } = target.params
  const isPlain = Object.keys(extraBody).length === 0
  return isPlain ? http : { ...http, body: editTopLevel(Buffer.from(http.body), extraBody) }
}

function unsupported({ target, provider }: LaneInput, what: string): Failure {
  return { kind: 'unsupported', message: `${provider.label} (${target.id}) does not serve ${what}.` }
}
