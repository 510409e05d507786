import type { RawExchange } from './raw-upstream.ts'

/** What a healthy upstream says; it has characters of two, three and four bytes. */
export const TEXT = 'All is well – ça va 🙂 and the day is long.'

/** A complete and correct answer to a request, in pieces that a fault can be made of; binary on some wires. */
export interface HealthyReply<Piece extends string | Uint8Array = string> {
  readonly streams: boolean
  readonly isOllama: boolean
  readonly contentType: string
  /** Events or lines; one piece where the answer is whole. */
  readonly pieces: readonly Piece[]
  readonly body: Piece
}

/** What this request should be answered with. */
export function healthyReply({ path, body }: Pick<RawExchange, 'path' | 'body'>): HealthyReply {
  const isOllama = path.startsWith('/api/')
  const streams = isOllama ? body['stream'] !== false : body['stream'] === true
  const pieces = isOllama ? ollamaPieces(streams) : openAiPieces(streams)
  const contentType = !streams ? 'application/json' : isOllama ? 'application/x-ndjson' : 'text/event-stream'
  return { streams, isOllama, contentType, pieces, body: pieces.join('') }
}

const WORDS = TEXT.split(/(?<= )/)

/** One event of an OpenAI chat stream. */
export function chunk(delta: object, rest: object = {}, top: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: null, ...rest }]
  const json = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'up',
    choices,
    ...top,
  }
  return `data: ${JSON.stringify(json)}\n\n`
}

function openAiPieces(streams: boolean): string[] {
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 }
  if (!streams) {
    const choices = [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }]
    return [JSON.stringify({ id: 'c', object: 'chat.completion', created: 1_700_000_000, model: 'up', choices, usage })]
  }
  return [
    chunk({ role: 'assistant', content: '' }),
    ...WORDS.map((content) => chunk({ content })),
    chunk({}, { finish_reason: 'stop' }),
    chunk({}, {}, { choices: [], usage }),
    'data: [DONE]\n\n',
  ]
}

/** One line of Ollama's chat. */
export function line(message: object, rest: object = { done: false }): string {
  const json = { model: 'up', created_at: '2026-01-01T00:00:00Z', message: { role: 'assistant', ...message }, ...rest }
  return `${JSON.stringify(json)}\n`
}

export const LAST = { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 7, eval_duration: 1_000 }

function ollamaPieces(streams: boolean): string[] {
  if (!streams) return [line({ content: TEXT }, LAST)]
  return [...WORDS.map((content) => line({ content })), line({ content: '' }, LAST)]
}

/** The head of a 200 with these header lines. */
export function head(healthy: Pick<HealthyReply<never>, 'contentType'>, ...lines: readonly string[]): string {
  return ['HTTP/1.1 200 OK', `content-type: ${healthy.contentType}`, ...lines, '', ''].join('\r\n')
}

export function lengthOf(body: string | Uint8Array): string {
  return `content-length: ${Buffer.byteLength(body)}`
}

export function chunked(bytes: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${Buffer.byteLength(bytes).toString(16)}\r\n`), Buffer.from(bytes), CRLF])
}

/** Text in UTF-8; bytes as they are. */
export function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece
}

const CRLF = Buffer.from('\r\n')
export const LAST_CHUNK = '0\r\n\r\n'

/** The answer as it should be, on a connection that is kept. */
export async function sendHealthy(exchange: RawExchange, healthy: HealthyReply<string | Uint8Array>): Promise<void> {
  if (!healthy.streams) {
    await exchange.write(Buffer.concat([head(healthy, lengthOf(healthy.body)), healthy.body].map(bytesOf)))
    return
  }
  await exchange.write(head(healthy, 'transfer-encoding: chunked'))
  for (const piece of healthy.pieces) await exchange.write(chunked(piece))
  await exchange.write(LAST_CHUNK)
}
