import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One address that leads to several gateways in turn, so that none of them sees two requests in a row. */
export interface AlternatingDoor {
  readonly url: string
  close(): Promise<void>
}

export async function startAlternatingDoor(urls: readonly string[]): Promise<AlternatingDoor> {
  let turn = 0
  const server = createServer((request, response) => {
    const to = new URL(request.url ?? '/', urls[turn++ % urls.length])
    const { method = 'GET', headers } = request
    const forwarded = httpRequest(to, { method, headers: { ...headers, host: to.host } }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    request.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
