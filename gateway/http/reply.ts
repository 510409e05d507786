import type { ServerResponse } from 'node:http'
import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import { refusalBody, type Refusal } from './guard/refusal.ts'

export interface JsonReply {
  readonly status: number
  readonly body: string
  /** Flat: name and value in turn. */
  readonly headers: readonly string[]
}

/** Sends one complete JSON answer. */
export function sendJson(response: ServerResponse, { status, body, headers }: JsonReply): void {
  response.writeHead(status, [
    ...headers,
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
  ])
  response.end(body)
}

/**
 * Answers a refusal. Where the connection is to end although the client still sends, what it sends is read and
 * dropped for a moment before the connection ends: closing at once would reset it under the answer.
 * Returns whether the connection is to end.
 */
export function sendRefusal(
  response: ServerResponse,
  refusal: Refusal,
  options: { readonly headers: readonly string[]; readonly clock: Clock; readonly path?: string | undefined },
): boolean {
  const request = response.req
  const unread = !request.complete && mustNotFollow(request.headers)
  const close = refusal.close === true || unread
  const body = refusalBody(refusal, options.path)
  response.writeHead(refusal.status, [
    ...options.headers,
    ...Object.entries(refusal.headers ?? {}).flat(),
    ...(close ? ['connection', 'close'] : []),
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
  ])
  if (!unread) response.end(body)
  else endAfterRequest(response, body, options.clock)
  return close
}

/**
 * A body that is long, or that a client waiting for "100 Continue" may never send: the next bytes could be either
 * that body or the next request.
 */
function mustNotFollow(headers: ServerResponse['req']['headers']): boolean {
  if (headers.expect !== undefined || headers['transfer-encoding'] !== undefined) return true
  return Number(headers['content-length'] ?? 0) > limits.discardBytes
}

function endAfterRequest(response: ServerResponse, body: string, clock: Clock): void {
  const request = response.req
  let dropped = 0
  const timer = clock.startTimer(limits.lingerMs, () => finish())
  const finish = (): void => {
    timer.cancel()
    request.off('data', drop)
    response.end()
  }
  const drop = (chunk: Buffer): void => {
    dropped += chunk.length
    if (dropped > limits.lingerBytes) finish()
  }
  response.write(body)
  request.on('data', drop)
  request.once('end', finish)
  request.once('close', finish)
}
