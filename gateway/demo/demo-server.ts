import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { type JsonObject, isJsonObject } from '../contract/json.ts'

/** One request to a scripted server, its body read. */
export interface DemoRequest {
  readonly method: string
  readonly path: string
  /** Empty when the body was no JSON object. */
  readonly body: JsonObject
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

export interface DemoReply {
  json(status: number, body: object): void
  /** Begins a streamed body; then `write` and `end`. */
  begin(contentType: string): void
  write(text: string): void
  end(): void
}

export type DemoHandler = (request: DemoRequest, reply: DemoReply) => void | Promise<void>

export interface DemoServer {
  readonly url: string
  stop(): Promise<void>
}

/** A demo needs no long prompts. */
const BODY_BYTES = 1024 * 1024

/** A small server on a free port of 127.0.0.1. Rejects when no port can be opened. */
export async function startDemoServer(handler: DemoHandler): Promise<DemoServer> {
  const server = createServer((request, response) => void answer(request, response, handler))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return { url: `http://127.0.0.1:${portOf(server)}`, stop: () => stop(server) }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function answer(request: IncomingMessage, response: ServerResponse, handler: DemoHandler): Promise<void> {
  const left = new AbortController()
  response.on('close', () => left.abort())
  try {
    const body = parseObject(await readBody(request))
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    await handler({ method: request.method ?? 'GET', path, body, signal: left.signal }, replyOver(response))
  } catch {
    // The client left, or sent what no demo needs: there is nobody to tell.
    response.destroy()
  }
}

function replyOver(response: ServerResponse): DemoReply {
  return {
    json: (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    },
    begin: (contentType) => {
      response.writeHead(200, { 'content-type': contentType })
      response.flushHeaders()
    },
    write: (text) => void response.write(text),
    end: () => void response.end(),
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    if (bytes > BODY_BYTES) throw new Error('too large for a demo')
    chunks.push(piece)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
