import type { IncomingMessage, RequestListener } from 'node:http'
import express, { type NextFunction, type Request, type Response } from 'express'
import type { Exchange } from './exchange.ts'
import { sendError, type PageAction } from './page-routes.ts'
import type { Route } from './route-table.ts'

export interface PageApp {
  /** Serves a request that the guard let in to the route with this action. */
  serve(exchange: Exchange, action: PageAction): void
}

interface Admitted {
  readonly exchange: Exchange
  readonly action: PageAction
}

/**
 * Express for everything small. It routes again by its own rules; should those ever disagree with the guard's
 * table, nothing is served, since each handler runs only for the action that the guard decided on.
 */
export function createPageApp(routes: readonly Route<PageAction>[], onBug: (error: unknown) => void): PageApp {
  const admitted = new WeakMap<IncomingMessage, Admitted>()
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('query parser', 'simple')

  for (const route of routes) {
    const serve = (request: Request, response: Response, next: NextFunction): void | Promise<void> => {
      const entry = admitted.get(request)
      // Express reports a promise that is rejected like an error that was thrown.
      if (entry?.action === route.action) return route.action.answer(entry.exchange, response)
      next()
      return undefined
    }
    app[methodName(route.method)](expressPath(route.path), serve)
    if (route.also !== undefined) app[methodName(route.also)](expressPath(route.path), serve)
  }
  app.use((_: Request, response: Response) => {
    sendError(response, { status: 404, code: 'not_routed', message: 'Nothing is served here.' })
  })
  // Express tells an error handler by its four parameters.
  app.use((error: unknown, _: Request, response: Response, _next: NextFunction) => {
    onBug(error)
    if (response.headersSent) response.destroy()
    else sendError(response, { status: 500, code: 'internal_error', message: 'Something broke inside Spillway.' })
  })

  const listener: RequestListener = app
  return {
    serve(exchange, action) {
      const { request, response, headers } = exchange
      for (let index = 0; index < headers.length; index += 2) {
        response.setHeader(headers[index] ?? '', headers[index + 1] ?? '')
      }
      admitted.set(request, { exchange, action })
      listener(request, response)
    },
  }
}

function methodName(method: Route<unknown>['method']): 'get' | 'post' | 'delete' {
  return method === 'GET' ? 'get' : method === 'POST' ? 'post' : 'delete'
}

/** `/v1/models/{id*}` as express writes it. */
function expressPath(path: string): string {
  return path.replaceAll(/\{([a-z]+)\*\}/g, '*$1').replaceAll(/\{([a-z]+)\}/g, ':$1')
}
