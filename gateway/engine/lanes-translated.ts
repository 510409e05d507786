import type { JsonBody } from '../contract/call.ts'
import type { ChatRequest, CompletionRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { Dialect, WriterContext } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { HttpHead, HttpRequest, Reader, Translation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { editTopLevel } from '../kit/json-edit.ts'
import { PrefillGuard, Replay, SentText } from './continuation.ts'
import { mayDrop, refusedConversion } from './conversion-report.ts'
import type { LaneInput } from './lane-input.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { TranslatedStream } from './lane-translated.ts'
import { refusals, WholeLane, type ReadWhole } from './lane-whole.ts'
import { headerText } from './reply-headers.ts'
import { noteUsage } from './tally.ts'
import { writerContext } from './writer-context.ts'

/** What {@link ChatRequest} and {@link CompletionRequest} have in common for us. */
export type Continuable = ChatRequest | CompletionRequest

export interface DialectWork<Request> {
  readonly operation: 'chat' | 'completions'
  readonly dialect: Dialect<Request>
  readonly body: JsonBody
}

/** How one translated request is asked and its answer read. */
interface Asked<Request> {
  readonly dialect: Dialect<Request>
  readonly request: LaneRequest
  reader(head: HttpHead): Reader
  readonly context: WriterContext
}

/** The client's request in the upstream's wire, and back; a failure where the target cannot serve it. */
export function translatedLane<Request extends Continuable>(
  input: LaneInput,
  work: DialectWork<Request>,
  { translation, edits }: { readonly translation: Translation<Request>; readonly edits: JsonObject },
): Lane | Failure {
  const { call, target, continued } = input
  const parsed = work.dialect.parse(edited(work.body.json, edits))
  if (isFailure(parsed)) return parsed
  const recalled = input.answers.recall(parsed, call.app.id)
  const request = continued?.how === 'prefill' ? { ...recalled, prefill: continued.sent.text } : recalled
  const { stream } = call.facts
  const http = translation.request(request, target, { stream })
  if (isFailure(http)) return http
  const refused = report(input, work.body.json, [...conversionsOf(parsed), ...(http.conversions ?? [])])
  if (refused !== undefined) return refused
  const asked: Asked<Request> = {
    dialect: work.dialect,
    request: laneRequest(http, target),
    reader: (head) => input.answers.watch(translation.reader(head, request, target), { ...input, request }),
    context: writerContext(call, target, { nowMs: input.nowMs, sent: continued?.sent }),
  }
  return stream ? streamed(input, asked) : collected(input, asked)
}

function conversionsOf(request: Continuable): readonly Conversion[] {
  return 'messages' in request ? (request.conversions ?? []) : []
}

/** Notes what is not carried over, or gives the refusal of it. */
function report(input: LaneInput, body: JsonObject, conversions: readonly Conversion[]): Failure | undefined {
  if (conversions.length === 0) return undefined
  const refused = mayDrop(input.target, body) ? undefined : refusedConversion(conversions, input.provider)
  if (refused === undefined) input.converted(conversions)
  return refused
}

function streamed<Request>(input: LaneInput, { dialect, request, reader, context }: Asked<Request>): Lane {
  const { continued, target } = input
  const { id, model, createdS } = context
  const before = continued?.sent.text ?? ''
  return new TranslatedStream({
    request,
    reader,
    writer: dialect.writer(context),
    delivery: input.delivery,
    sent: input.keepSent && dialect.continues === true ? new SentText({ id, model, createdS }, before) : undefined,
    ...(continued && {
      splice: continued.how === 'replay' ? new Replay(before) : new PrefillGuard(before),
      preface: `: spillway continued on ${headerText(target.id)}\n\n`,
    }),
  })
}

function collected<Request>(input: LaneInput, { dialect, request, reader, context }: Asked<Request>): Lane {
  const read: ReadWhole = (bytes, head, tally) => {
    const upstream = reader(head)
    const collector = dialect.collector(context)
    for (const events of [upstream.push(bytes), upstream.end()]) {
      collector.push(events)
      for (const event of events) {
        if (event.type === 'usage') noteUsage(tally, event)
        else if (event.type === 'end') tally.finish = event.reason
      }
    }
    const result = collector.result()
    return isFailure(result) ? result : JSON.stringify(result)
  }
  return new WholeLane({ name: 'translated', request, read, send: input.send, ...refusals(input.call) })
}

/** The client's body after the target's parameter rules; an edit to undefined removes the key. */
export function edited(body: JsonObject, edits: JsonObject): JsonObject {
  const result: Record<string, JsonObject[string]> = { ...body }
  for (const key in edits) {
    if (edits[key] === undefined) delete result[key]
    else result[key] = edits[key]
  }
  return result
}

/** A translated request with what the configuration lays over it. */
export function laneRequest(http: HttpRequest, target: Target): LaneRequest {
  const { extraBody } = target.params
  const isPlain = Object.keys(extraBody).length === 0
  return isPlain ? http : { ...http, body: editTopLevel(Buffer.from(http.body), extraBody) }
}
