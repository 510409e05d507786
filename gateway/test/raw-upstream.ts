import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** One request, and the bare connection that it came on. */
export interface RawExchange {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  readonly socket: Socket
  /** Resolves when the bytes are on their way, or the connection is gone. */
  write(bytes: string | Uint8Array): Promise<void>
  /** FIN. */
  end(bytes?: string | Uint8Array): void
  /** RST. */
  reset(): void
}

export type RawScript = (exchange: RawExchange) => void | Promise<void>

/** An upstream without any HTTP server behind it: every byte, pause, FIN and RST is the test's own. */
export interface RawUpstream {
  readonly port: number
  close(): Promise<void>
}

export interface RawOptions {
  /** Called for every connection before anything is read from it; false: the script never sees it. */
  readonly onConnection?: (socket: Socket) => boolean
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function startRawUpstream(script: RawScript, options: RawOptions = {}): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // What a fault does to a connection is told by the gateway's side of it.
    socket.on('error', () => undefined)
    if (options.onConnection?.(socket) !== false) readRequests(socket, script)
  }
  const server: Server =
    options.tls === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true }, accept)
      : createTlsServer({ ...options.tls }, accept)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function readRequests(socket: Socket, script: RawScript): void {
  let received: Buffer = Buffer.alloc(0)
  socket.on('end', () => void setImmediate(() => socket.writableEnded || socket.end()))
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const head = received.subarray(0, headEnd).toString('latin1')
      const bodyEnd = headEnd + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (received.length < bodyEnd) return
      const text = received.subarray(headEnd + 4, bodyEnd).toString('utf8')
      received = received.subarray(bodyEnd)
      void script(exchangeOf(socket, head.split(' ')[1] ?? '', text))
    }
  })
}

function exchangeOf(socket: Socket, path: string, text: string): RawExchange {
  return {
    path,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    socket,
    write: (bytes) =>
      new Promise((resolve) => {
        if (!socket.writable) resolve()
        else socket.write(bytes, () => resolve())
      }),
    end: (bytes) => {
      if (bytes === undefined) socket.end()
      else socket.end(bytes)
    },
    reset: () => void socket.resetAndDestroy(),
  }
}
