import { connect, type Server, type Socket } from 'node:net'
import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'

/** The two addresses of this machine that are bound, and the only ones. */
export const IPV4_LOOPBACK = '127.0.0.1'
export const IPV6_LOOPBACK = '::1'

/** Where the gateway listens, or the sentence that says why it does not. */
export type ListenResult =
  | { readonly ok: true; readonly port: number; readonly hosts: readonly string[]; readonly notice?: string }
  | { readonly ok: false; readonly message: string }

export interface LoopbackServers {
  readonly v4: Server
  readonly v6: Server
}

type Bound = { readonly port: number } | { readonly code: string }

/**
 * Binds one port on both loopback addresses, and nothing else: no argument could name another address. Programs
 * resolve `localhost` to either, so a stranger on one of them would get half of our clients with their keys.
 * `port` 0 takes any port that is free on both.
 */
export async function listenOnLoopback(servers: LoopbackServers, port: number, clock: Clock): Promise<ListenResult> {
  const attempts = port === 0 ? limits.portAttempts : 1
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const result = await bindBoth(servers, port)
    if (result !== undefined) return result.ok ? await proven(servers, result, clock) : result
  }
  return { ok: false, message: portTaken(port, IPV6_LOOPBACK) }
}

/** Undefined: the port is taken on IPv6 only, and another one may be tried. */
async function bindBoth(servers: LoopbackServers, port: number): Promise<ListenResult | undefined> {
  const v4 = await bind(servers.v4, IPV4_LOOPBACK, port)
  if ('code' in v4) return { ok: false, message: bindProblem(v4.code, port, IPV4_LOOPBACK) }
  const v6 = await bind(servers.v6, IPV6_LOOPBACK, v4.port)
  if ('port' in v6) return { ok: true, port: v4.port, hosts: [IPV4_LOOPBACK, IPV6_LOOPBACK] }
  if (v6.code === 'EADDRNOTAVAIL' || v6.code === 'EAFNOSUPPORT') {
    const notice = 'This machine has no IPv6 loopback address (::1): clients reach Spillway on 127.0.0.1 only.'
    return { ok: true, port: v4.port, hosts: [IPV4_LOOPBACK], notice }
  }
  await closed(servers.v4)
  if (v6.code === 'EADDRINUSE' && port === 0) return undefined
  return { ok: false, message: bindProblem(v6.code, v4.port, IPV6_LOOPBACK) }
}

function bind(server: Server, host: string, port: number): Promise<Bound> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening)
      resolve({ code: error.code ?? error.message })
    }
    const onListening = (): void => {
      server.off('error', onError)
      resolve({ port: portOf(server) })
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen({ host, port, exclusive: true, ipv6Only: host === IPV6_LOOPBACK })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server that listens has a port.')
  return address.port
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

/**
 * Some systems let a second program bind a taken port without an error. So we call ourselves on each address and
 * look whether the call arrives here: the far end's port number is one that nobody else can have.
 */
async function proven(
  servers: LoopbackServers,
  result: Extract<ListenResult, { ok: true }>,
  clock: Clock,
): Promise<ListenResult> {
  for (const host of result.hosts) {
    const server = host === IPV4_LOOPBACK ? servers.v4 : servers.v6
    if (await reachesItself(server, { host, port: result.port }, clock)) continue
    await Promise.all(result.hosts.map((bound) => closed(bound === IPV4_LOOPBACK ? servers.v4 : servers.v6)))
    return { ok: false, message: portTaken(result.port, host) }
  }
  return result
}

function reachesItself(
  server: Server,
  address: { readonly host: string; readonly port: number },
  clock: Clock,
): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(address)
    const arrived = new Set<number | undefined>()
    const finish = (reached: boolean): void => {
      timer.cancel()
      server.off('connection', onConnection)
      probe.destroy()
      resolve(reached)
    }
    const check = (): void => {
      if (probe.localPort !== undefined && arrived.has(probe.localPort)) finish(true)
    }
    const onConnection = (socket: Socket): void => {
      arrived.add(socket.remotePort)
      check()
    }
    const timer = clock.startTimer(limits.selfProbeMs, () => finish(false))
    server.on('connection', onConnection)
    probe.once('connect', check)
    probe.on('error', () => finish(false))
  })
}

function bindProblem(code: string, port: number, host: string): string {
  if (code === 'EADDRINUSE') return portTaken(port, host)
  if (code === 'EACCES') return `Port ${port} may not be used by this user. Choose one above 1023.`
  return `Port ${port} on ${host} cannot be used (${code}).`
}

function portTaken(port: number, host: string): string {
  return (
    `Port ${port} is taken on ${host} by another program. Stop that one, or choose another port: ` +
    'server.port in the configuration, or --port N.'
  )
}
