import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createPageApp, type PageApp } from './app.ts'
import { findCaller } from './caller.ts'
import type { Exchange } from './exchange.ts'
import { ALL_METHODS, badExpectation, notRouted, noTunnel, noUpgrade, shuttingDown } from './guard/fixed-refusals.ts'
import { guardRules, inspectRequest } from './guard/guard.ts'
import { policyInForce } from './guard/policy.ts'
import type { Refusal } from './guard/refusal.ts'
import { readHead } from './guard/request-head.ts'
import type { GuardPolicy, Inbound, Rule } from './guard/rule.ts'
import { parseTarget } from './guard/target.ts'
import { serveHot, type HotExchange } from './hot-route.ts'
import { ollamaPages } from './ollama-pages.ts'
import { hotRoutes, type HotAction } from './operations.ts'
import { pageRoutes, type PageAction } from './page-routes.ts'
import { parserRefusal, refuseOnSocket } from './raw-reply.ts'
import { responsePages } from './response-pages.ts'
import { preflightHeaders, replyHeaders } from './reply-headers.ts'
import { sendJson, sendRefusal } from './reply.ts'
import { allowedMethods, createRouteTable, type RouteMatch, type RouteTable } from './route-table.ts'
import type { ServerDeps } from './server-deps.ts'

type Action = HotAction | PageAction

/** What tests replace to prove that each part of the guard is needed. */
export interface DoorTuning {
  readonly rules: readonly Rule[]
  readonly findCaller: typeof findCaller
}

/** A request as the rules see it, with what is needed to serve it. */
interface Arrival extends Inbound {
  readonly match: RouteMatch<Action> | undefined
  readonly request: IncomingMessage
}

/** Rules that read the request-target, which CONNECT writes differently. */
const TARGET_RULES: ReadonlySet<string> = new Set(['target', 'method', 'route'])

/**
 * What happens to everything that arrives on the port, in the order of arrival: guard, key, route. Node offers
 * five doors beside `request`, and a framework sees only that one; so all of them lead through here.
 */
export class FrontDoor {
  readonly #deps: ServerDeps
  readonly #rules: readonly Rule[]
  readonly #findCaller: typeof findCaller
  readonly #table: RouteTable<Action>
  readonly #policy: () => GuardPolicy
  readonly #pages: PageApp
  /** Connections whose end was announced, and the answer that did: what still comes on them is not served. */
  readonly #condemned = new WeakMap<Duplex, ServerResponse | undefined>()
  /** The youngest response of each connection: tells whether a raw answer would run into another one. */
  readonly #youngest = new WeakMap<Duplex, ServerResponse>()
  #draining = false

  constructor(deps: ServerDeps, tuning: Partial<DoorTuning> = {}) {
    const pages = [...pageRoutes(deps), ...responsePages(deps), ...ollamaPages(deps)]
    this.#deps = deps
    this.#rules = tuning.rules ?? guardRules
    this.#findCaller = tuning.findCaller ?? findCaller
    this.#table = createRouteTable<Action>([...hotRoutes, ...pages])
    this.#policy = policyInForce(() => deps.config(), this.#table.paths)
    this.#pages = createPageApp(pages, (error) => deps.onBug?.(error))
  }

  /** From now on every answer ends its connection, and what comes new is turned away. */
  drain(): void {
    this.#draining = true
  }

  onRequest(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const { socket } = request
    if (this.#condemned.has(socket)) return
    this.#youngest.set(socket, response)
    const inbound = this.#inbound(request)
    const refusal = this.#draining ? shuttingDown : inspectRequest(inbound, this.#policy(), this.#rules)
    if (refusal !== undefined) this.#refuse(inbound, response, refusal)
    else if (request.method === 'OPTIONS') answerOptions(inbound, response)
    else this.#admit(inbound, response, awaitsContinue)
  }

  /** An `Expect` that is not "100-continue": nothing here could meet it. */
  onExpectation(request: IncomingMessage, response: ServerResponse): void {
    if (this.#condemned.has(request.socket)) return
    this.#youngest.set(request.socket, response)
    const inbound = this.#inbound(request)
    this.#refuse(inbound, response, inspectRequest(inbound, this.#policy(), this.#rules) ?? badExpectation)
  }

  /** WebSockets, h2c: none is served, and the guard's other reasons come first. */
  onUpgrade(request: IncomingMessage, socket: Duplex): void {
    const inbound = this.#inbound(request)
    this.#refuseSocket(inbound, socket, inspectRequest(inbound, this.#policy(), this.#rules) ?? noUpgrade)
  }

  onConnect(request: IncomingMessage, socket: Duplex): void {
    const inbound = this.#inbound(request)
    const rules = this.#rules.filter((rule) => !TARGET_RULES.has(rule.id))
    this.#refuseSocket(inbound, socket, inspectRequest(inbound, this.#policy(), rules) ?? noTunnel)
  }

  /** Bytes that the parser refused, or that came too slowly. */
  onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#condemned.has(socket)) {
      // The refusal was waiting for the rest of its request, which will never be whole.
      this.#condemned.get(socket)?.end()
      return
    }
    this.#condemned.set(socket, undefined)
    if (error.code === 'ECONNRESET' || !this.#mayAnswer(socket)) socket.destroy()
    else refuseOnSocket(socket, parserRefusal(error.code), this.#deps.clock)
  }

  #inbound(request: IncomingMessage): Arrival {
    const head = readHead(request)
    const target = parseTarget(head.target)
    return { head, target, match: target === undefined ? undefined : this.#table.match(target.path), request }
  }

  /** False while an answer is on its way on this connection, or another request still waits for its own. */
  #mayAnswer(socket: Duplex): boolean {
    const youngest = this.#youngest.get(socket)
    if (youngest === undefined || youngest.writableFinished) return true
    return !youngest.headersSent && !youngest.req.complete && youngest.socket !== null
  }

  #refuse(inbound: Inbound, response: ServerResponse, refusal: Refusal): void {
    const { socket } = response.req
    this.#report(inbound, refusal)
    if (refusal.rule === 'peer') {
      socket.destroy()
      return
    }
    const path = inbound.target?.path
    const closes = sendRefusal(response, refusal, { headers: replyHeaders(undefined), clock: this.#deps.clock, path })
    if (closes) this.#condemned.set(socket, response)
  }

  #refuseSocket(inbound: Inbound, socket: Duplex, refusal: Refusal): void {
    this.#report(inbound, refusal)
    this.#condemned.set(socket, undefined)
    const youngest = this.#youngest.get(socket)
    // Pipelined behind a request that still waits for its answer: a raw one would land in the middle of it.
    if (youngest === undefined || youngest.writableFinished) refuseOnSocket(socket, refusal, this.#deps.clock)
    else socket.destroy()
  }

  #report({ head }: Inbound, { rule, status, code }: Refusal): void {
    const { host, origin } = head.fields
    this.#deps.onRefused?.({ rule, status, code, host: host?.slice(0, 200), origin: origin?.slice(0, 200) })
  }

  #admit(inbound: Arrival, response: ServerResponse, awaitsContinue: boolean): void {
    const { head, target, match, request } = inbound
    if (match === undefined || target === undefined) {
      // The rule for unknown routes has refused it already; without that rule nothing is served either.
      sendRefusal(response, notRouted, { headers: replyHeaders(undefined), clock: this.#deps.clock })
      return
    }
    const caller = match.route.policy.auth === 'key' ? this.#findCaller(head, this.#deps) : undefined
    if (caller !== undefined && 'refusal' in caller) {
      this.#refuse(inbound, response, caller.refusal)
      return
    }
    if (target.form === 'absolute') request.url = target.query === '' ? target.path : `${target.path}?${target.query}`
    const id = this.#deps.newId()
    const exchange: Exchange = {
      id,
      request,
      response,
      head,
      params: match.params,
      app: caller?.app,
      // OpenAI's libraries read the second name and show it with every error.
      headers: [...replyHeaders(head.fields.origin), 'x-spillway-request-id', id, 'x-request-id', id],
      awaitsContinue,
      startedAtMs: this.#deps.clock.nowMs(),
      startedMonotonicMs: this.#deps.clock.monotonicMs(),
    }
    if (match.route.action.kind === 'page') this.#pages.serve(exchange, match.route.action)
    else this.#serveHot(inbound, exchange, match.route.action)
  }

  #serveHot(inbound: Inbound, exchange: Exchange, action: HotAction): void {
    const { app, response } = exchange
    if (app === undefined) throw new Error('A route on which models answer was reached without an app.')
    const hot: HotExchange = {
      ...exchange,
      app,
      action,
      refuse: (refusal) => this.#refuse(inbound, response, refusal),
      isClosing: () => this.#draining,
    }
    serveHot(hot, this.#deps, this.#policy()).catch((error: unknown) => this.#confess(exchange, error))
  }

  /** A bug: the client is told so, or, where its answer has begun, cut off rather than left with half of it. */
  #confess({ response, headers }: Exchange, error: unknown): void {
    this.#deps.onBug?.(error)
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const reply = this.#deps.dialects.errors.error({
      kind: 'internal',
      status: 500,
      message: 'Something broke inside Spillway; its own log says what. The request may be sent again.',
    })
    sendJson(response, {
      status: reply.status,
      body: JSON.stringify(reply.body),
      headers: [...headers, ...Object.entries(reply.headers).flat()],
    })
  }
}

/** A preflight of a listed page, or a program's question about what is possible here. */
function answerOptions({ head, match }: Inbound, response: ServerResponse): void {
  const { origin, requestedMethod, requestedPrivateNetwork } = head.fields
  const headers =
    origin !== undefined && requestedMethod !== undefined
      ? preflightHeaders(origin, requestedPrivateNetwork === 'true')
      : [...replyHeaders(origin), 'allow', match === undefined ? ALL_METHODS : allowedMethods(match.route)]
  response.writeHead(204, [...headers])
  response.end()
}
