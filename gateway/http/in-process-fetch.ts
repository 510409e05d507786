import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { pipeline, Readable, type Duplex } from 'node:stream'
import { limits } from '../contract/limits.ts'

/** The standard `fetch`, so that it fits wherever a library takes one. */
export type Fetch = typeof globalThis.fetch

/**
 * A `fetch` whose requests go over a connection that `connect` opens, whatever host the URL names. Everything else is
 * as the standard has it: what is sent may be a string, a form, a stream; an answer streams as slowly as it is read;
 * an abort ends the exchange; and an answer that breaks off makes its reader fail.
 */
export function createInProcessFetch(connect: () => Duplex): Fetch {
  const inProcess: Fetch = async (input, init) => {
    const asked = new Request(input, init)
    const url = new URL(asked.url)
    if (!/^https?:$/.test(url.protocol)) throw new TypeError(`Only http and https are served, not ${url.protocol}`)
    // Not the signal of `asked`, which is a copy that follows this one.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    signal?.throwIfAborted()
    return exchange({ asked, path: url.pathname + url.search, signal, connection: connect() })
  }
  // Libraries look here for the class that their forms must fit.
  return Object.assign(inProcess, { Response })
}

interface Asked {
  readonly asked: Request
  readonly path: string
  readonly signal: AbortSignal | undefined
  readonly connection: Duplex
}

function exchange({ asked, path, signal, connection }: Asked): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      method: asked.method,
      path,
      headers: headersOf(asked),
      createConnection: () => connection,
    })
    const abort = (): void => {
      reject(signal?.reason)
      outgoing.destroy()
      connection.destroy()
    }
    signal?.addEventListener('abort', abort, { once: true })
    connection.once('close', () => signal?.removeEventListener('abort', abort))
    outgoing.on('error', (cause) => reject(new TypeError('fetch failed', { cause })))
    outgoing.once('response', (incoming) => {
      incoming.once('close', () => connection.destroy())
      resolve(responseOf(incoming, asked.method, signal))
    })
    send(asked, outgoing)
  })
}

function send({ body }: Request, outgoing: ClientRequest): void {
  if (body === null) outgoing.end()
  // What goes wrong here is told by the events of the request; an answer may also come before all was sent.
  else pipeline(Readable.fromWeb(body), outgoing, () => undefined)
}

/**
 * Not sent: credentials, since who calls is told by the connection; what only browsers say; and what belongs to the
 * connection, which is ours.
 */
const NOT_SENT: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-litellm-api-key',
  'cookie',
  'origin',
  'referer',
  'host',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'expect',
  'te',
  'trailer',
  'upgrade',
])

function headersOf(asked: Request): Record<string, string> {
  const headers: Record<string, string> = { host: 'localhost' }
  for (const [name, value] of asked.headers) {
    if (!NOT_SENT.has(name) && !name.startsWith('sec-') && !name.startsWith('access-control-')) headers[name] = value
  }
  // Node sends the body of an unusual method without saying where it ends.
  if (asked.body !== null) headers['transfer-encoding'] = 'chunked'
  return headers
}

/** Statuses that have no body, which `Response` insists on. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304])

function responseOf(incoming: IncomingMessage, method: string, signal: AbortSignal | undefined): Response {
  const headers = new Headers()
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
  }
  const status = incoming.statusCode ?? 0
  const isEmpty = method === 'HEAD' || WITHOUT_BODY.has(status)
  if (isEmpty) incoming.on('error', () => undefined).resume()
  const body = isEmpty ? null : streamOf(incoming, signal)
  return new Response(body, { status, statusText: incoming.statusMessage ?? '', headers })
}

/** The body as it comes. Nothing is read ahead beyond `limits.inProcessReadAheadBytes`, so that a slow reader slows the upstream down. */
function streamOf(incoming: IncomingMessage, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  let isOver = false
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const finish = (how: () => void): void => {
      if (isOver) return
      isOver = true
      how()
    }
    // An abort is told as such; anything else that ends the body early is an error, never an end.
    const broken = (cause?: unknown): void =>
      finish(() => controller.error(signal?.aborted ? signal.reason : new TypeError('terminated', { cause })))
    incoming.on('data', (chunk: Buffer) => {
      if (isOver) return
      // A copy, because the buffer is a piece of one that other answers share.
      controller.enqueue(Uint8Array.from(chunk))
      if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
    })
    incoming.once('end', () => finish(() => controller.close()))
    incoming.on('error', broken)
    incoming.once('close', () => broken())
    incoming.pause()
  }
  return new ReadableStream<Uint8Array>(
    {
      start,
      pull: () => void incoming.resume(),
      cancel: () => {
        isOver = true
        incoming.destroy()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: limits.inProcessReadAheadBytes }),
  )
}
