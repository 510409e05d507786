import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

/** The cheapest honest pass-through: the body is collected, dispatched, and the reply piped with back-pressure. */
export function createForward(upstream: string): (request: IncomingMessage, response: ServerResponse) => void {
  const pool = new Pool(upstream, { connections: 4_096, pipelining: 1 })
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer bench-upstream' }
      const body = chunks.length === 1 ? (chunks[0] ?? '') : Buffer.concat(chunks)
      pool.dispatch({ path: request.url ?? '/', method: 'POST', headers, body }, replyTo(response))
    })
  }
}

function replyTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller) => {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'))
      })
    },
    onResponseStart: (_controller, status, headers) => {
      response.writeHead(status, { 'content-type': String(headers['content-type']) })
    },
    onResponseData: (controller, chunk) => {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd: () => void response.end(),
    onResponseError: () => void response.destroy(),
  }
}
