import { connect, type Socket } from 'node:net'
import { isJsonObject, type JsonObject } from '../../contract/json.ts'

/** One response as it came over the wire. */
export interface RawResponse {
  readonly status: number
  /** Lower-case names; repeated headers are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Answer {
  /** Everything that came back, in order; 1xx responses included. */
  readonly responses: readonly RawResponse[]
  readonly raw: string
}

export interface SendOptions {
  readonly host?: string
  /** Half-closes after sending, as `printf ... | nc` does. */
  readonly halfClose?: boolean
  /** Gives up on a connection that stays open and silent for so long after the last bytes. */
  readonly idleMs?: number
  /** Does not look whether anything follows the first complete answer. */
  readonly firstOnly?: boolean
}

/** Sends bytes as they are and reads until the server closes, or is silent for `idleMs`. */
export function sendRaw(port: number, bytes: string | Buffer, options: SendOptions = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: options.host ?? '127.0.0.1', allowHalfOpen: true })
    const chunks: Buffer[] = []
    const finish = (): void => {
      socket.destroy()
      const raw = Buffer.concat(chunks).toString('latin1')
      resolve({ raw, responses: parseResponses(raw) })
    }
    socket.setTimeout(options.idleMs ?? 5_000, finish)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      // A complete answer on a connection that stays open need not be waited out.
      if (!isComplete(Buffer.concat(chunks).toString('latin1'))) return
      if (options.firstOnly === true) finish()
      else socket.setTimeout(options.idleMs ?? 40, finish)
    })
    socket.on('end', finish)
    socket.on('error', finish)
    socket.write(bytes)
    if (options.halfClose === true) socket.end()
  })
}

/** A connection that a test speaks on by hand. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}

/** The error object of an OpenAI-shaped body; undefined when it is none. */
export function openAiError(body: string): JsonObject | undefined {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  const error: unknown = value['error']
  if (!isJsonObject(error)) return undefined
  const sound = typeof error['message'] === 'string' && typeof error['type'] === 'string' && 'param' in error
  return sound && 'code' in error ? error : undefined
}

function isComplete(raw: string): boolean {
  const responses = parseResponses(raw)
  const last = responses.at(-1)
  return last !== undefined && last.status >= 200 && last.headers['x-incomplete'] === undefined
}

/** Splits a connection's bytes into responses by their own framing. */
export function parseResponses(raw: string): RawResponse[] {
  const responses: RawResponse[] = []
  let rest = raw
  while (rest.startsWith('HTTP/')) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd === -1) break
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n')
    const status = Number(statusLine.split(' ')[1])
    const headers = parseHeaders(lines)
    const after = rest.slice(headEnd + 4)
    const body = bodyOf(status, headers, after)
    responses.push({ status, headers: body.complete ? headers : { ...headers, 'x-incomplete': '1' }, body: body.text })
    rest = after.slice(body.length)
  }
  return responses
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

function bodyOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  after: string,
): { text: string; length: number; complete: boolean } {
  if (status < 200 || status === 204 || status === 304) return { text: '', length: 0, complete: true }
  if (headers['transfer-encoding'] === 'chunked') return unchunked(after)
  const length = Number(headers['content-length'] ?? after.length)
  // A reply to HEAD announces a length and sends nothing: the next response begins at once.
  if (after.startsWith('HTTP/')) return { text: '', length: 0, complete: true }
  return { text: after.slice(0, length), length, complete: after.length >= length || after.length === 0 }
}

function unchunked(after: string): { text: string; length: number; complete: boolean } {
  let at = 0
  let text = ''
  for (;;) {
    const line = after.indexOf('\r\n', at)
    if (line === -1) return { text, length: after.length, complete: false }
    const size = Number.parseInt(after.slice(at, line), 16)
    const start = line + 2
    if (size === 0) return { text, length: start + 2, complete: true }
    text += after.slice(start, start + size)
    at = start + size + 2
  }
}
