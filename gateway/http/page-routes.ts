import { limits } from '../contract/limits.ts'
import type { Response } from 'express'
import type { Exchange } from './exchange.ts'
import type { Route, RoutePolicy } from './route-table.ts'
import type { AppRecord, ListedRoute, ServerDeps } from './server-deps.ts'

/** A route that express serves: small answers, no model behind them. */
export interface PageAction {
  readonly kind: 'page'
  answer(exchange: Exchange, response: Response): void | Promise<void>
}

const WITH_KEY: RoutePolicy = { auth: 'key', body: 'none', browsable: false }
const FOR_PROBES: RoutePolicy = { auth: 'none', body: 'none', browsable: true }

/** Everything but the routes on which models answer. */
export function pageRoutes(deps: ServerDeps): readonly Route<PageAction>[] {
  return [
    page('/', FOR_PROBES, (_, response) => void response.type('text/plain').send(welcome(deps.version))),
    ...['/v1/models', '/models', '/openai/v1/models'].flatMap((path) => [
      page(path, WITH_KEY, (exchange, response) => void response.json(modelList(exchange, response, deps))),
      page(`${path}/{id*}`, WITH_KEY, (exchange, response) => answerModel(exchange, response, deps)),
    ]),
    ...['/model/info', '/v1/model/info'].map((path) =>
      page(path, WITH_KEY, (exchange, response) => void response.json({ data: deps.modelInfo(appOf(exchange)) })),
    ),
    page('/health', FOR_PROBES, (_, response) => void response.json({ status: 'ok' })),
    ...['/health/liveliness', '/health/liveness'].map((path) =>
      page(path, FOR_PROBES, (_, response) => void response.json("I'm alive!")),
    ),
    page('/health/readiness', FOR_PROBES, (_, response) => {
      const ready = deps.ready()
      response.status(ready ? 200 : 503).json({ status: ready ? 'healthy' : 'starting' })
    }),
  ]
}

function page(path: string, policy: RoutePolicy, answer: PageAction['answer']): Route<PageAction> {
  return { method: 'GET', path, policy, action: { kind: 'page', answer } }
}

function modelList(exchange: Exchange, response: Response, deps: ServerDeps): object {
  // LiteLLM's name for it; its other parameters concern what there is not here, and change nothing.
  const wildcards = response.req.query['return_wildcard_routes'] === 'true'
  if (response.req.headers['anthropic-version'] !== undefined) return anthropicList(exchange, deps)
  return { object: 'list', data: deps.listModels(appOf(exchange), { wildcards }).map(modelObject) }
}

/** The same for Anthropic's clients, who are known by the header that each of their requests must have. */
function anthropicList(exchange: Exchange, deps: ServerDeps): object {
  const data = deps.listModels(appOf(exchange), { wildcards: false }).map(({ id, createdS }) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: new Date(createdS * 1_000).toISOString(),
  }))
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

function modelObject(route: ListedRoute): object {
  return { id: route.id, object: 'model', created: route.createdS, owned_by: route.ownedBy }
}

function answerModel(exchange: Exchange, response: Response, deps: ServerDeps): void {
  const id = exchange.params['id'] ?? ''
  const listed = deps.listModels(appOf(exchange), { wildcards: false })
  const found = listed.find((route) => route.id === id)
  if (found !== undefined) {
    response.json(modelObject(found))
    return
  }
  const near = deps.suggestModel(id)
  // What this app may not use must not be told by a suggestion either.
  const hint = listed.some((route) => route.id === near)
    ? `Did you mean '${near}'?`
    : 'GET /v1/models lists what there is.'
  sendError(response, {
    status: 404,
    code: 'model_not_found',
    message: `There is no model '${id.slice(0, limits.quotedNameChars)}' here. ${hint}`,
  })
}

/** The policy of the route demands a key, so there is an app; without one the route table would be broken. */
function appOf(exchange: Exchange): AppRecord {
  if (exchange.app === undefined) throw new Error('A route that needs a key was reached without an app.')
  return exchange.app
}

/** An error in the shape that OpenAI's clients read. */
export function sendError(
  response: Response,
  error: { readonly status: number; readonly code: string; readonly message: string },
): void {
  const { status, code, message } = error
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  response.status(status).json({ error: { message, type, param: null, code } })
}

function welcome(version: string): string {
  return [
    `Spillway ${version}: one local URL for every model you have.`,
    '',
    'Point an OpenAI-compatible client here:',
    '  base URL   this address, followed by /v1',
    '  API key    the one that Spillway showed at its first start (`spillway keys` lists and creates them)',
    '  model      one of GET /v1/models',
    '',
    'Models answer on POST /v1/chat/completions, /v1/responses, /v1/completions, /v1/embeddings, on POST /v1/messages',
    '(base URL without /v1) and on POST /api/chat (clients of Ollama, which look here for: Ollama is running).',
    'GET /health says whether it runs.',
    '',
  ].join('\n')
}
