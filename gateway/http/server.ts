import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { limits } from '../contract/limits.ts'
import { FrontDoor, type DoorTuning } from './front-door.ts'
import { listenOnLoopback, type ListenResult } from './listen.ts'
import type { ServerDeps } from './server-deps.ts'

/** The port. It is bound to loopback, and to nothing else. */
export interface GatewayServer {
  /** Binds 127.0.0.1 and ::1; port 0 takes a free one. Call it once. */
  listen(port: number): Promise<ListenResult>
  /** Undefined while nothing is bound. */
  readonly address: { readonly port: number; readonly hosts: readonly string[] } | undefined
  /** Accepts nothing more, lets running answers end for at most `drainMs`, then cuts what is left. */
  close(drainMs: number): Promise<void>
}

/** How patient the server is with slow senders. */
export interface Patience {
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly connectionsCheckingIntervalMs: number
  readonly keepAliveTimeoutMs: number
}

export interface ServerTuning extends DoorTuning {
  readonly patience: Patience
}

/** The HTTP floor, put together. `tuning` is for tests: other rules, shorter patience. */
export function createGatewayServer(deps: ServerDeps, tuning: Partial<ServerTuning> = {}): GatewayServer {
  const door = new FrontDoor(deps, tuning)
  const patience = tuning.patience ?? limits
  const servers = { v4: createHttpServer(door, patience), v6: createHttpServer(door, patience) }
  let address: GatewayServer['address']

  return {
    get address() {
      return address
    },
    async listen(port) {
      const result = await listenOnLoopback(servers, port, deps.clock)
      if (result.ok) address = { port: result.port, hosts: result.hosts }
      return result
    },
    async close(drainMs) {
      address = undefined
      door.drain()
      await Promise.all(
        Object.values(servers)
          .filter((server) => server.listening)
          .map((server) => drain(server, drainMs, deps)),
      )
    },
  }
}

/** Node's HTTP server with every way in led through the door; nothing is bound yet. */
export function createHttpServer(door: FrontDoor, patience: Patience): Server {
  const server = createServer({
    maxHeaderSize: limits.requestHeaderBytes,
    headersTimeout: patience.headersTimeoutMs,
    requestTimeout: patience.requestTimeoutMs,
    connectionsCheckingInterval: patience.connectionsCheckingIntervalMs,
    keepAliveTimeout: patience.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    // The guard refuses a missing Host itself, with a body that says so.
    requireHostHeader: false,
  })
  // Node would drop headers beyond its count without a word; the guard counts and refuses.
  server.maxHeadersCount = 0
  server.maxConnections = limits.maxConnections
  server.on('request', (request: IncomingMessage, response: ServerResponse) => door.onRequest(request, response, false))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    door.onRequest(request, response, true),
  )
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    door.onExpectation(request, response),
  )
  server.on('upgrade', (request, socket) => door.onUpgrade(request, socket))
  server.on('connect', (request, socket) => door.onConnect(request, socket))
  server.on('clientError', (error, socket) => door.onClientError(error, socket))
  return server
}

/** Node ends idle connections once, when it stops accepting; those that become idle later are ours to end. */
async function drain(server: Server, drainMs: number, { clock }: ServerDeps): Promise<void> {
  const state = { open: true }
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      state.open = false
      resolve()
    })
  })
  const deadlineMs = clock.monotonicMs() + drainMs
  while (state.open && clock.monotonicMs() < deadlineMs) {
    server.closeIdleConnections()
    await Promise.race([closed, clock.sleep(limits.drainStepMs)])
  }
  if (state.open) server.closeAllConnections()
  await closed
}
