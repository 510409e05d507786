import { Pool, type Dispatcher } from 'undici'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { HttpHead } from '../contract/provider.ts'
import { createDecoder, type Decoder } from './upstream-decode.ts'
import { transportFailure } from './upstream-failure.ts'

/** One request to one upstream: everything is decided, it only has to be sent. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  readonly origin: string
  /** Path and query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | undefined
  readonly connectTimeoutMs: number
  /** Whom we ask, for people. */
  readonly label: string
}

/**
 * What becomes of a request, pushed as it happens: no promise and no stream per chunk, because those cost more than
 * the whole exchange. The last call is exactly one of `end` and `failed`; after {@link UpstreamExchange.abort} none.
 */
export interface UpstreamHandlers {
  /** The connection stands and the request has been handed to it. */
  connected(): void
  head(head: HttpHead): void
  data(chunk: Uint8Array): void
  end(): void
  failed(failure: Failure): void
}

export interface UpstreamExchange {
  /** Closes the connection. In the queue or while connecting: the request will never be sent. */
  abort(): void
  /** Stops reading; what the peer had already sent may still arrive. */
  pause(): void
  resume(): void
}

export interface Upstream {
  open(request: UpstreamRequest, handlers: UpstreamHandlers): UpstreamExchange
  close(): Promise<void>
}

/**
 * The one place where upstream sockets are opened: a pool of kept connections for each origin, HTTP/1.1, one request
 * at a time on each. Redirects are never followed, and the timeouts are the caller's (undici's are off, except that a
 * socket which does not connect is given up).
 *
 * @param report takes errors that are nobody's but ours.
 */
export function createUpstream(report: (error: unknown) => void): Upstream {
  const pools = new Map<string, Pool>()

  const poolOf = (origin: string, connectTimeoutMs: number): Pool => {
    const key = `${origin} ${connectTimeoutMs}`
    const known = pools.get(key)
    if (known !== undefined) return known
    if (pools.size >= limits.upstreamOrigins) closeOldest(pools)
    const pool = createPool(origin, connectTimeoutMs)
    pools.set(key, pool)
    return pool
  }

  return {
    open: (request, handlers) => {
      const exchange = new Exchange(request, handlers, report)
      const options: Dispatcher.DispatchOptions = {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body ?? null,
      }
      poolOf(request.origin, request.connectTimeoutMs).dispatch(options, exchange)
      return exchange
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

function createPool(origin: string, connectTimeoutMs: number): Pool {
  return new Pool(origin, {
    connections: limits.upstreamConnections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    // Our own clock ends the wait; this only frees a socket whose request has long been given up.
    connectTimeout: connectTimeoutMs + 1_000,
    maxHeaderSize: limits.upstreamHeaderBytes,
    keepAliveTimeout: origin.startsWith('https:') ? limits.upstreamKeepAliveTlsMs : limits.upstreamKeepAliveMs,
  })
}

function closeOldest(pools: Map<string, Pool>): void {
  const [oldest] = pools
  if (oldest === undefined) return
  pools.delete(oldest[0])
  void oldest[1].close()
}

/** Undici's handler and our exchange in one object: one allocation per request. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamExchange {
  readonly #label: string
  readonly #origin: string
  readonly #handlers: UpstreamHandlers
  readonly #report: (error: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #decoder: Decoder | undefined
  #replied = false
  #over = false
  #paused = false

  constructor(request: UpstreamRequest, handlers: UpstreamHandlers, report: (error: unknown) => void) {
    // Not the request itself: a stream that is open for long would keep its body.
    this.#label = request.label
    this.#origin = request.origin
    this.#handlers = handlers
    this.#report = report
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#decoder?.destroy()
    this.#controller?.abort(ABORTED)
  }

  pause(): void {
    // Once this is over, the connection may be serving another request.
    if (this.#over) return
    this.#paused = true
    this.#decoder?.pause()
    this.#controller?.pause()
  }

  resume(): void {
    if (this.#over) return
    this.#paused = false
    this.#decoder?.resume()
    this.#controller?.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) {
      controller.abort(ABORTED)
      return
    }
    try {
      this.#handlers.connected()
    } catch (error) {
      this.#fault(error)
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpHead['headers']): void {
    // Informational replies (100, 103) say nothing.
    if (this.#over || status < 200) return
    this.#replied = true
    const encoding = first(headers['content-encoding'])
    if (encoding !== undefined && !this.#decode(encoding)) return
    try {
      this.#handlers.head({ status, headers })
    } catch (error) {
      this.#fault(error)
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#decoder === undefined) this.#push(chunk)
    else this.#decoder.write(chunk)
  }

  onResponseEnd(): void {
    if (this.#decoder === undefined) this.#end()
    else this.#decoder.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#decoder?.destroy()
    const sent = this.#controller !== undefined
    const exchange = { label: this.#label, origin: this.#origin, sent, replied: this.#replied }
    const failure = transportFailure(error, exchange)
    if (failure === undefined) this.#report(error)
    this.#handlers.failed(failure ?? INTERNAL)
  }

  #push(chunk: Uint8Array): void {
    if (this.#over) return
    try {
      this.#handlers.data(chunk)
    } catch (error) {
      this.#fault(error)
    }
  }

  #end(): void {
    if (this.#over) return
    try {
      this.#handlers.end()
    } catch (error) {
      this.#fault(error)
    }
    this.#over = true
  }

  /** False: nobody can undo this encoding, and the exchange has been broken off. */
  #decode(encoding: string): boolean {
    const decoder = createDecoder(encoding, {
      data: (chunk) => this.#push(chunk),
      end: () => this.#end(),
      broken: () => this.#break('Its content encoding is broken'),
      full: () => this.#controller?.pause(),
      drained: () => {
        if (!this.#paused) this.#controller?.resume()
      },
    })
    if (decoder === 'unknown') this.#break(`It is encoded as '${encoding}', which was not asked for`)
    else this.#decoder = decoder
    return decoder !== 'unknown'
  }

  /** A bug of ours, thrown inside a callback: it ends this exchange and nothing else. */
  #fault(error: unknown): void {
    this.#report(error)
    if (this.#over) return
    this.abort()
    this.#handlers.failed(INTERNAL)
  }

  #break(why: string): void {
    if (this.#over) return
    this.abort()
    const message = `The answer of ${this.#label} at ${this.#origin} cannot be read. ${why}.`
    this.#handlers.failed({ kind: 'bad-reply', message })
  }
}

const ABORTED = new Error('aborted by the gateway')
const INTERNAL: Failure = { kind: 'internal', message: 'Spillway failed while it read an answer. This is a bug.' }

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}
