import type { Response } from 'express'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { textAt } from '../kit/json-fields.ts'
import type { Exchange } from './exchange.ts'
import { showOf, tagOf } from './ollama-model.ts'
import { readPageBody } from './page-body.ts'
import type { PageAction } from './page-routes.ts'
import type { Route, RoutePolicy } from './route-table.ts'
import type { AppRecord, ListedRoute, ModelCard, ServerDeps } from './server-deps.ts'

/**
 * The version that clients are told. They refuse old ones (VS Code below 0.6.4), and 0.14.0 is the first that has every
 * route that is served here: `/v1/responses` came with 0.13.3, `/v1/messages` with 0.14.0.
 */
export const OLLAMA_VERSION = '0.14.0'

const FOR_PROBES: RoutePolicy = { auth: 'none', body: 'none', browsable: true }
const LISTS: RoutePolicy = { auth: 'key', body: 'none', browsable: false }
const ASKS: RoutePolicy = { auth: 'key', body: 'json', browsable: false }

/** The routes of Ollama's own API (docs/api.md) behind which no model answers. */
export function ollamaPages(deps: ServerDeps): readonly Route<PageAction>[] {
  return [
    page('/api/version', FOR_PROBES, (_, response) => void response.json({ version: OLLAMA_VERSION })),
    page('/api/tags', LISTS, (exchange, response) => void response.json({ models: tags(exchange, deps) })),
    // Which models are loaded is known to their runners alone; clients take an empty list for "nothing to unload".
    page('/api/ps', LISTS, (_, response) => void response.json({ models: [] })),
    asking('/api/show', deps, (request) => void request.response.json(showOf(request.listed, request.card))),
    asking('/api/pull', deps, answerPull),
    ...NOT_SERVED.map(({ method, path, what }) => notServed(method, path, what)),
  ]
}

const NOT_SERVED = [
  { method: 'POST', path: '/api/create', what: 'Models are not made' },
  { method: 'POST', path: '/api/copy', what: 'Models are not copied' },
  { method: 'POST', path: '/api/push', what: 'Models are not pushed' },
  { method: 'DELETE', path: '/api/delete', what: 'Models are not deleted' },
] as const

function page(path: string, policy: RoutePolicy, answer: PageAction['answer']): Route<PageAction> {
  return { method: 'GET', path, policy, action: { kind: 'page', answer } }
}

function notServed(method: 'POST' | 'DELETE', path: string, what: string): Route<PageAction> {
  const message = `${what} here: Spillway serves models that other servers have. Ask the runner itself, or edit the configuration.`
  return {
    method,
    path,
    policy: ASKS,
    action: { kind: 'page', answer: (_, response) => sendText(response, 501, message) },
  }
}

/** A request about one model that exists. */
interface ModelRequest {
  readonly response: Response
  readonly body: JsonObject
  readonly listed: Pick<ListedRoute, 'createdS'>
  readonly card: ModelCard
}

function asking(path: string, deps: ServerDeps, answer: (request: ModelRequest) => void): Route<PageAction> {
  const read = async (exchange: Exchange, response: Response): Promise<void> => {
    const body = await readPageBody(exchange, response, deps.clock)
    if (body === undefined) return
    if (isFailure(body)) sendText(response, body.status ?? 400, body.message)
    else answerAbout(body.json, { exchange, response, deps, answer })
  }
  // Express would report a bug in the shape that OpenAI's clients read.
  const confess = (response: Response, error: unknown): void => {
    deps.onBug?.(error)
    if (response.headersSent) response.destroy()
    else sendText(response, 500, 'Something broke inside Spillway; its own log says what.')
  }
  const serve: PageAction['answer'] = (exchange, response) =>
    read(exchange, response).catch((error: unknown) => confess(response, error))
  return { method: 'POST', path, policy: ASKS, action: { kind: 'page', answer: serve } }
}

interface Asking {
  readonly exchange: Exchange
  readonly response: Response
  readonly deps: ServerDeps
  answer(request: ModelRequest): void
}

function answerAbout(body: JsonObject, { exchange, response, deps, answer }: Asking): void {
  // Older clients call it `name`.
  const name = (textAt(body, 'model') ?? textAt(body, 'name') ?? '').trim()
  if (name === '') {
    sendText(response, 400, '`model` is missing: name one of GET /api/tags.')
    return
  }
  const app = appOf(exchange)
  const card = name.length > limits.modelNameChars ? undefined : deps.describeModel(name, app)
  if (card === undefined) {
    sendText(response, 404, `model '${name.slice(0, limits.quotedNameChars)}' not found`)
    return
  }
  answer({ response, body, card, listed: listedAs(card.name, app, deps) })
}

/** A model that is there needs no pulling; only a name that leads nowhere is an error. */
function answerPull({ response, body }: ModelRequest): void {
  const success = { status: 'success' }
  if (body['stream'] === false) {
    response.json(success)
    return
  }
  const lines = [{ status: 'pulling manifest' }, success].map((line) => `${JSON.stringify(line)}\n`)
  response.type('application/x-ndjson').send(lines.join(''))
}

function tags(exchange: Exchange, deps: ServerDeps): readonly JsonObject[] {
  const app = appOf(exchange)
  return deps.listModels(app, { wildcards: false }).flatMap((listed) => {
    const card = deps.describeModel(listed.id, app)
    return card === undefined ? [] : [tagOf(listed, card)]
  })
}

function listedAs(name: string, app: AppRecord, deps: ServerDeps): Pick<ListedRoute, 'createdS'> {
  return deps.listModels(app, { wildcards: false }).find(({ id }) => id === name) ?? { createdS: 0 }
}

/** The policy of these routes demands a key, so there is an app. */
function appOf(exchange: Exchange): AppRecord {
  if (exchange.app === undefined) throw new Error('A route that needs a key was reached without an app.')
  return exchange.app
}

/** An error in the shape that Ollama's clients read. */
function sendText(response: Response, status: number, message: string): void {
  response.status(status).json({ error: message })
}
