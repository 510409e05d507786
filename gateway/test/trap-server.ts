import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A host to which nothing may ever connect; it counts who does and keeps what they say. */
export interface TrapServer {
  readonly port: number
  readonly url: string
  readonly connections: number
  readonly heard: string
  close(): Promise<void>
}

export async function startTrapServer(): Promise<TrapServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  let heard = ''
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    get heard() {
      return heard
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
