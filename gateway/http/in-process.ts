import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { limits } from '../contract/limits.ts'
import { FrontDoor } from './front-door.ts'
import { guardRules } from './guard/guard.ts'
import { createInProcessFetch, type Fetch } from './in-process-fetch.ts'
import { linkedPair } from './linked-pair.ts'
import type { AppRecord, ServerDeps } from './server-deps.ts'
import { createHttpServer } from './server.ts'

/** The way in for the program that holds the gateway: no port, no socket, no key. */
export interface InProcess {
  /** Fails with a `TypeError` once the gateway is closed. */
  readonly fetch: Fetch
  /** Takes nothing more, lets running answers end for at most `drainMs`, then cuts what is left. */
  close(drainMs: number): Promise<void>
}

/** All but one: the other end is no address, and there is no need to ask who it is. */
const rules = guardRules.filter(({ id }) => id !== 'peer')

/**
 * A door of its own beside those of the port, behind which everything is the same. Who comes through it is `app`, by
 * the connection alone: a caller inside has no key that could get out, and nothing that a caller outside could send
 * would make it one.
 */
export function createInProcess(deps: ServerDeps, app: () => AppRecord): InProcess {
  const connections = new Map<Duplex, ServerResponse | undefined>()
  let server: Server | undefined
  let isClosed = false

  const connect = (): Duplex => {
    if (isClosed) throw new TypeError('fetch failed: the gateway is closed.')
    if (connections.size >= limits.maxConnections) {
      throw new TypeError(`fetch failed: ${limits.maxConnections} requests are under way.`)
    }
    // Made at the first use: a gateway that only listens has none of it.
    server ??= createInnerServer(deps, { app, connections })
    const pair = linkedPair()
    connections.set(pair.server, undefined)
    pair.server.once('close', () => connections.delete(pair.server))
    server.emit('connection', pair.server)
    return pair.client
  }
  /** An answer that was written to its end is the reader's; it needs nothing more of us. */
  const running = (): readonly Duplex[] =>
    [...connections].filter(([, response]) => response?.writableEnded !== true).map(([connection]) => connection)

  return {
    fetch: createInProcessFetch(connect),
    async close(drainMs) {
      isClosed = true
      const deadlineMs = deps.clock.monotonicMs() + drainMs
      while (running().length > 0 && deps.clock.monotonicMs() < deadlineMs) await deps.clock.sleep(limits.drainStepMs)
      for (const connection of running()) connection.destroy()
    },
  }
}

interface Inside {
  readonly app: () => AppRecord
  readonly connections: Map<Duplex, ServerResponse | undefined>
}

function createInnerServer(deps: ServerDeps, { app, connections }: Inside): Server {
  const door = new FrontDoor(deps, { rules, findCaller: () => ({ app: app() }) })
  const server = createHttpServer(door, limits)
  server.prependListener('request', (request, response: ServerResponse) => {
    if (connections.has(request.socket)) connections.set(request.socket, response)
  })
  return server
}
