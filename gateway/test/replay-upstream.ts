import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { Exchange } from './exchanges.ts'

/** An upstream that answers every request with the exchange it was last given, cut into uneven pieces. */
export interface ReplayUpstream {
  readonly url: string
  play(exchange: Exchange): void
  /** What the gateway sent last. */
  readonly last: { path: string; body: JsonObject; headers: IncomingMessage['headers'] } | undefined
  close(): Promise<void>
}

/** Odd sizes, so that events, lines and characters are cut everywhere. */
const PIECE_BYTES = [1, 7, 211, 37, 1024, 3, 4096]

export async function startReplayUpstream(): Promise<ReplayUpstream> {
  let current: Exchange | undefined
  let last: ReplayUpstream['last']
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    last = { path: request.url ?? '', body: await readBody(request), headers: request.headers }
    if (current === undefined) response.writeHead(500).end()
    else replay(current, response)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return {
    url: `http://127.0.0.1:${port}`,
    play: (exchange) => void (current = exchange),
    get last() {
      return last
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function replay(exchange: Exchange, response: ServerResponse): void {
  response.writeHead(exchange.status, { 'content-type': exchange.contentType })
  let offset = 0
  for (let i = 0; offset < exchange.reply.length; i += 1) {
    const size = PIECE_BYTES[i % PIECE_BYTES.length] ?? 1
    response.write(exchange.reply.subarray(offset, offset + size))
    offset += size
  }
  response.end()
}

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer) // a request without encoding yields buffers
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')
  return isJsonObject(value) ? value : {}
}
