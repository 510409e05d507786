import type { Clock } from '../contract/clock.ts'
import type { Upstream, UpstreamExchange } from './upstream.ts'

export interface ProbeInit {
  readonly timeoutMs: number
  /** A longer body is no answer. */
  readonly maxBytes: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface ProbeReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** One GET whose failures all mean the same: nothing there. */
export function probeUrl(
  clock: Clock,
  upstream: Upstream,
  probe: ProbeInit & { readonly url: string },
): Promise<ProbeReply | undefined> {
  if (!URL.canParse(probe.url)) return Promise.resolve(undefined)
  const url = new URL(probe.url)
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    let exchange: UpstreamExchange | undefined
    let head: Omit<ProbeReply, 'body'> = { status: 0, headers: {} }
    const finish = (reply: ProbeReply | undefined): void => {
      timer.cancel()
      exchange?.abort()
      resolve(reply)
    }
    const timer = clock.startTimer(probe.timeoutMs, () => finish(undefined))
    exchange = upstream.open(
      {
        method: 'GET',
        origin: url.origin,
        path: url.pathname + url.search,
        headers: { accept: 'application/json', 'accept-encoding': 'identity', ...probe.headers },
        body: undefined,
        connectTimeoutMs: probe.timeoutMs,
        label: 'A probe',
      },
      {
        connected: () => undefined,
        head: (received) => {
          head = received
        },
        data: (chunk) => {
          bytes += chunk.byteLength
          if (bytes > probe.maxBytes) finish(undefined)
          else chunks.push(chunk)
        },
        end: () => finish({ ...head, body: Buffer.concat(chunks).toString('utf8') }),
        failed: () => finish(undefined),
      },
    )
  })
}
