import type { Call, ReplySink } from '../contract/call.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Dropped, RequestFacts } from '../contract/route.ts'
import { readBody } from './body.ts'
import { clientName } from './client-name.ts'
import type { Exchange } from './exchange.ts'
import { isForm } from './guard/request-rules.ts'
import type { Refusal } from './guard/refusal.ts'
import type { GuardPolicy } from './guard/rule.ts'
import type { HotAction } from './operations.ts'
import { createReplySink } from './reply-sink.ts'
import { keepingSink } from './kept-response.ts'
import { sendJson } from './reply.ts'
import { readWork, type ReadRequest } from './read-work.ts'
import { toKeep, withHistory } from './stored-responses.ts'
import type { Admission, AppRecord, EarlyRequest, Executed, RequestHeaders, ServerDeps } from './server-deps.ts'

/** A request that was let in to a route on which models answer. */
export interface HotExchange extends Exchange {
  readonly app: AppRecord
  readonly action: HotAction
  /** Turns the request away although it was let in: its body proved too large. */
  refuse(refusal: Refusal): void
  /** True once the server drains: an answer that has not begun then ends its connection. */
  isClosing(): boolean
}

/**
 * From the first byte of a body to the last one of its answer: read, understand, plan, admit, execute. Each step
 * may end it with a failure in the client's dialect; whatever happens, the place under the app's limits is given
 * back.
 */
export async function serveHot(exchange: HotExchange, deps: ServerDeps, policy: GuardPolicy): Promise<void> {
  const form = isForm(exchange.head)
  if (exchange.awaitsContinue) exchange.response.writeContinue()
  const body = await readBody(exchange.request, form ? policy.formBytes : policy.bodyBytes)
  if (body.kind === 'gone') return
  if (body.kind === 'refused') {
    exchange.refuse(body.refusal)
    return
  }
  const { raw } = body
  const reading = readRequest(exchange, raw, deps)
  const request = reading instanceof Promise ? await reading : reading
  if (isFailure(request)) {
    fail(exchange, deps, { failure: request, requestBytes: raw.length })
    return
  }
  const { work } = request
  const facts = withKnownName(exchange, request.facts, deps)
  const planned = deps.plan(facts, exchange.app)
  if ('failure' in planned) {
    fail(exchange, deps, { ...planned, facts, requestBytes: raw.length })
    return
  }
  const admission = deps.admit(exchange.app, facts.promptTokensEstimate)
  if (isFailure(admission)) {
    fail(exchange, deps, { failure: admission, facts, requestBytes: raw.length })
    return
  }
  const atOnce = work.body.kind === 'json' ? answerAtOnce(exchange, work.body.json, deps) : undefined
  if (atOnce !== undefined) {
    admission.settle(0)
    admission.release()
    answered(exchange, deps, { body: atOnce, facts, requestBytes: raw.length })
    return
  }
  await execute(exchange, admission, { work, facts, plan: planned.plan, deps })
}

/** Ollama's clients put `:latest` behind every name that has no tag. */
function withKnownName({ action, app }: HotExchange, facts: RequestFacts, deps: ServerDeps): RequestFacts {
  if (!action.operation.startsWith('api/')) return facts
  const known = deps.describeModel(facts.model, app)?.name
  return known === undefined || known === facts.model ? facts : { ...facts, model: known }
}

function answerAtOnce(
  { action, startedAtMs }: HotExchange,
  body: JsonObject,
  deps: ServerDeps,
): JsonObject | undefined {
  return deps.dialects.answerAtOnce[action.operation]?.(body, Math.floor(startedAtMs / 1_000))
}

interface Execution {
  readonly work: Call['work']
  readonly facts: RequestFacts
  readonly plan: Call['plan']
  readonly deps: ServerDeps
}

async function execute(exchange: HotExchange, admission: Admission, execution: Execution): Promise<void> {
  const { deps, work, facts, plan } = execution
  let executed: Executed | undefined
  try {
    const call: Call = {
      id: exchange.id,
      app: exchange.app,
      facts,
      plan,
      work,
      client: clientName(exchange.head.fields.userAgent),
      ...forwardedHeaders(work, exchange.request.headers),
      startedAtMs: exchange.startedAtMs,
      startedMonotonicMs: exchange.startedMonotonicMs,
    }
    const plain = createReplySink({
      response: exchange.response,
      clock: deps.clock,
      headers: exchange.headers,
      limitHeaders: deps.limitHeaders(exchange.app),
      isClosing: () => exchange.isClosing(),
    })
    const sink = exchange.action.operation === 'responses' ? keeping(plain, call, deps.responses) : plain
    executed = await deps.execute(call, sink)
    if (!exchange.response.writableEnded && !exchange.response.destroyed) {
      throw new Error(`The engine left the reply to ${exchange.id} open.`)
    }
  } finally {
    const tokens = tokensUsed(executed)
    if (tokens !== undefined) admission.settle(tokens)
    admission.release()
  }
}

function keeping(sink: ReplySink, call: Call, responses: ServerDeps['responses']): ReplySink {
  const read = responses.isKept() ? toKeep(call, responses) : undefined
  if (read === undefined) return sink
  return keepingSink(sink, (response) => {
    const kept = read(response)
    if (kept !== undefined) void responses.store.save(kept)
  })
}

/** The client's headers that its dialect knows to be an upstream's business; never a credential or a cookie. */
function forwardedHeaders(work: Call['work'], headers: RequestHeaders): Pick<Call, 'clientHeaders'> {
  const names = 'forwardedHeaders' in work.dialect ? work.dialect.forwardedHeaders : undefined
  if (names === undefined) return NOTHING_FORWARDED
  const clientHeaders: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (typeof value === 'string' && value !== '') clientHeaders[name] = value
  }
  return { clientHeaders }
}

const NOTHING_FORWARDED: Pick<Call, 'clientHeaders'> = {}

/** Undefined: nobody knows; an error without any usage has used nothing. */
function tokensUsed(executed: Executed | undefined): number | undefined {
  if (executed?.usage !== undefined) return executed.usage.input + executed.usage.output
  return executed === undefined || executed.status >= 400 ? 0 : undefined
}

function withHeaders(headers: readonly string[], more: Readonly<Record<string, string>>): readonly string[] {
  const flat = [...headers]
  for (const name in more) flat.push(name, more[name] ?? '')
  return flat
}

/** Only Responses wait for something here, so that every other request stays in one turn of the event loop. */
function readRequest(
  exchange: HotExchange,
  raw: Buffer,
  deps: ServerDeps,
): RequestToServe | Failure | Promise<RequestToServe | Failure> {
  const read = readWork(
    {
      action: exchange.action,
      raw,
      contentType: exchange.head.fields.contentType ?? '',
      isForm: isForm(exchange.head),
      pathModel: exchange.params['model'],
    },
    deps.dialects,
  )
  if (isFailure(read)) return read
  const steering = deps.readControls(read.fields, exchange.request.headers)
  if (isFailure(steering)) return steering
  const facts = { ...read.facts, controls: steering.controls, tags: steering.tags }
  if (exchange.action.operation === 'responses') return withStored(exchange, { work: read.work, facts }, deps)
  return { work: read.work, facts }
}

interface RequestToServe {
  readonly work: ReadRequest['work']
  readonly facts: RequestFacts
}

async function withStored(
  exchange: HotExchange,
  request: RequestToServe,
  deps: ServerDeps,
): Promise<RequestToServe | Failure> {
  const { work } = request
  if (work.operation !== 'chat') return request
  const body = await withHistory(work.body, exchange.app, deps.responses)
  if (isFailure(body)) return body
  if (body === work.body) return request
  const inspected = work.dialect.inspect(body.json)
  return isFailure(inspected) ? inspected : { work: { ...work, body }, facts: { ...request.facts, ...inspected } }
}

interface Failed {
  readonly failure: Failure
  readonly facts?: RequestFacts
  readonly dropped?: readonly Dropped[]
  readonly requestBytes: number
}

/** Answers a failure that came before the engine, and tells the log. */
function fail(exchange: HotExchange, deps: ServerDeps, { failure, facts, dropped, requestBytes }: Failed): void {
  const reply = errorDialect(exchange.action, deps).error(failure)
  sendJson(exchange.response, {
    status: reply.status,
    body: JSON.stringify(reply.body),
    headers: withHeaders(exchange.headers, { ...deps.limitHeaders(exchange.app), ...reply.headers }),
  })
  const event = earlyRequest(exchange, deps, { status: reply.status, facts, requestBytes })
  deps.onFailed?.({ ...event, failure, dropped: dropped ?? [] })
}

interface Answered {
  readonly body: JsonObject
  readonly facts: RequestFacts
  readonly requestBytes: number
}

/** Sends an answer that needs no model, and tells the log. */
function answered(exchange: HotExchange, deps: ServerDeps, { body, facts, requestBytes }: Answered): void {
  const headers = withHeaders(exchange.headers, deps.limitHeaders(exchange.app))
  sendJson(exchange.response, { status: 200, body: JSON.stringify(body), headers })
  deps.onAnswered?.(earlyRequest(exchange, deps, { status: 200, facts, requestBytes }))
}

function earlyRequest(
  exchange: HotExchange,
  { clock }: ServerDeps,
  known: Pick<EarlyRequest, 'status' | 'facts' | 'requestBytes'>,
): EarlyRequest {
  return {
    id: exchange.id,
    app: exchange.app,
    client: clientName(exchange.head.fields.userAgent),
    operation: exchange.action.operation,
    atMs: exchange.startedAtMs,
    totalMs: clock.monotonicMs() - exchange.startedMonotonicMs,
    ...known,
  }
}

function errorDialect(action: HotAction, { dialects }: ServerDeps): ServerDeps['dialects']['errors'] {
  return dialects.byRoute[action.operation]?.dialect ?? dialects.errors
}
