import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import { refusalBody, type Refusal } from './guard/refusal.ts'
import { replyHeaders } from './reply-headers.ts'

/**
 * Answers on a bare socket, where Node offers no response: bytes that are no request, upgrades, CONNECT. The
 * connection always ends, after the client had a moment to read why.
 */
export function refuseOnSocket(socket: Duplex, refusal: Refusal, clock: Clock): void {
  // Node has taken its own listener off such a socket: a reset by the client would be an uncaught error.
  socket.on('error', ignore)
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const timer = clock.startTimer(limits.lingerMs, () => socket.destroy())
  socket.once('close', () => timer.cancel())
  socket.end(rawResponse(refusal))
  socket.resume()
}

function ignore(): void {
  // The client is gone; there is nobody left to tell.
}

/** A whole HTTP/1.1 response as text. */
function rawResponse(refusal: Refusal): string {
  const body = refusalBody(refusal, undefined)
  const headers = [
    ...replyHeaders(undefined),
    ...Object.entries(refusal.headers ?? {}).flat(),
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
    'connection',
    'close',
  ]
  const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}`]
  for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** What the parser's complaint means for the client; `code` is Node's. */
export function parserRefusal(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refused(431, 'headers_too_large', `The headers are larger than ${limits.requestHeaderBytes} bytes.`)
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refused(408, 'request_timeout', 'The request did not arrive completely in time. Send it again, faster.')
  }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return refused(413, 'request_too_large', 'The chunk extensions of the body are too large.')
  }
  return refused(400, 'malformed_request', 'This is not a valid HTTP/1.1 request.')
}

function refused(status: number, code: string, message: string): Refusal {
  return { rule: 'parser', status, code, message, close: true }
}
