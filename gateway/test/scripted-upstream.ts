import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Script = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>

export interface ReceivedRequest {
  readonly path: string
  readonly text: string
  readonly headers: IncomingMessage['headers']
}

/** An upstream whose every answer a test writes itself. */
export interface ScriptedUpstream {
  readonly url: string
  readonly received: readonly ReceivedRequest[]
  script: Script
  close(): Promise<void>
}

/** @param atPort a port that is known to be free; 0 takes any. */
export async function startScriptedUpstream(script: Script, atPort = 0): Promise<ScriptedUpstream> {
  const received: ReceivedRequest[] = []
  const upstream = { script }
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const seen = { path: request.url ?? '', text: Buffer.concat(chunks).toString('utf8'), headers: request.headers }
      received.push(seen)
      void upstream.script(seen, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(atPort, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
}

/** A whole OpenAI chat stream with this text, one word an event. */
export function openAiStream(text: string): Buffer {
  const event = (delta: object, finish: string | null, extra: object = {}): string =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-test',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'test-model',
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...extra,
    })}\n\n`
  const words = text.split(/(?<= )/)
  const usage = { prompt_tokens: 5, completion_tokens: words.length, total_tokens: 5 + words.length }
  return Buffer.from(
    [
      event({ role: 'assistant', content: '' }, null),
      ...words.map((word) => event({ content: word }, null)),
      event({}, 'stop'),
      event({}, null, { choices: [], usage }),
      'data: [DONE]\n\n',
    ].join(''),
  )
}

/** The same as one JSON reply. */
export function openAiJson(text: string): string {
  return JSON.stringify({
    id: 'chatcmpl-test',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'test-model',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
  })
}

/** The same as Ollama's native stream. */
export function ollamaStream(text: string): Buffer {
  const line = (object: object): string =>
    `${JSON.stringify({ model: 'llama3', created_at: '2026-01-01T00:00:00Z', ...object })}\n`
  const words = text.split(/(?<= )/)
  const last = { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: words.length, eval_duration: 1_000 }
  return Buffer.from(
    [
      ...words.map((word) => line({ message: { role: 'assistant', content: word }, done: false })),
      line({ message: { role: 'assistant', content: '' }, ...last }),
    ].join(''),
  )
}
