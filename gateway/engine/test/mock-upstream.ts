import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Received {
  readonly path: string
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** Answers one request in any way that a socket allows. */
export type Script = (response: ServerResponse, received: Received) => void

/** An upstream on a real socket, whose every answer a test writes. */
export interface MockUpstream {
  readonly url: string
  readonly received: readonly Received[]
  script: Script
  /** The next time that a client closes a connection while it is being answered. */
  abandoned(): Promise<void>
  /** The next time that a request has arrived. */
  arrived(): Promise<Received>
  readonly sockets: number
  close(): Promise<void>
}

export async function startMockUpstream(script: Script): Promise<MockUpstream> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const onAbandoned: (() => void)[] = []
  const onArrived: ((received: Received) => void)[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    response.on('close', () => {
      if (!response.writableFinished) for (const resolve of onAbandoned.splice(0)) resolve()
    })
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1')
      const seen: Received = { path: request.url ?? '', body, headers: request.headers }
      received.push(seen)
      mock.script(response, seen)
      for (const resolve of onArrived.splice(0)) resolve(seen)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const mock: MockUpstream = {
    url: `http://127.0.0.1:${port}`,
    received,
    script,
    abandoned: () => new Promise((resolve) => onAbandoned.push(resolve)),
    arrived: () => new Promise((resolve) => onArrived.push(resolve)),
    get sockets() {
      return sockets.size
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
  return mock
}

/** The toy wire: one JSON object an event, then `[DONE]`. */
export function toyStream(words: readonly string[]): string {
  return [
    ...words.map((text) => toyEvent({ text })),
    toyEvent({ finish: 'stop', in: 3, out: words.length }),
    DONE,
  ].join('')
}

export function toyEvent(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`
}

export const DONE = 'data: [DONE]\n\n'

export function toyJson(text: string): string {
  return JSON.stringify({ text, finish: 'stop', in: 3, out: 2 })
}

/** Sends a whole stream. */
export function streams(...words: string[]): Script {
  return (response) => void response.writeHead(200, SSE).end(toyStream(words))
}

/** Sends one JSON reply. */
export function answers(text: string): Script {
  return (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(toyJson(text))
}

/** Sends an error status. */
export function refuses(status: number, message = 'no', headers: Record<string, string> = {}): Script {
  return (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ error: message }))
}

/** Sends the beginning of a stream and then breaks the connection, by RST or by FIN. */
export function diesAfter(beginning: string, by: 'RST' | 'FIN' = 'RST'): Script {
  return (response) => {
    response.writeHead(200, SSE)
    response.write(beginning, () => breakConnection(response, by))
  }
}

export function breakConnection(response: ServerResponse, by: 'RST' | 'FIN'): void {
  // Later, so that what was written leaves before the reset overtakes it.
  setTimeout(() => {
    if (by === 'RST') response.socket?.resetAndDestroy()
    else response.socket?.end()
  }, 5)
}

/** Sends a beginning, or nothing at all, and then falls silent. */
export function silentAfter(beginning: string | undefined): Script {
  return (response) => {
    if (beginning !== undefined) response.writeHead(200, SSE).write(beginning)
  }
}

/** One script after the other; the last one stays. */
export function inTurn(...scripts: Script[]): Script {
  let next = 0
  return (response, received) => {
    const script = scripts[Math.min(next, scripts.length - 1)]
    next++
    script?.(response, received)
  }
}

export const SSE = { 'content-type': 'text/event-stream' }
