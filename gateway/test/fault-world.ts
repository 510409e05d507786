import OpenAI from 'openai'
import type { FailureKind } from '../contract/failure.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { startRawUpstream, type RawExchange, type RawUpstream } from './raw-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** What a healthy upstream says; it has characters of two, three and four bytes. */
export const TEXT = 'All is well – ça va 🙂 and the day is long.'

export const LANES = ['verbatim', 'translated', 'ollama'] as const
export type LaneName = (typeof LANES)[number]

/**
 * What the client gets where the faulty target is alone, and where a healthy one stands behind it:
 * - `answer`: the whole text; the fault does no harm.
 * - `moves`: an error; the healthy target's text.
 * - `final`: an error in both cases, because the request is at fault.
 * - `cut`: an error inside the stream after a part of the text; the whole text, continued.
 * - `lost`: an error inside the stream in both cases, because what was begun cannot be continued.
 */
export type Verdict = 'answer' | 'moves' | 'final' | 'cut' | 'lost'

export interface Fault {
  readonly name: string
  /** What the upstream does with a request. */
  readonly act: (exchange: RawExchange, healthy: HealthyReply) => void | Promise<void>
  /** For streamed answers; undefined: not asked for. */
  readonly stream: Verdict | undefined
  readonly whole: Verdict | undefined
  /** What the attempt's row may call it. */
  readonly kinds: readonly FailureKind[]
  /** Status of an error reply, where it matters. */
  readonly status?: number
  readonly lanes?: readonly LaneName[]
  /** The upstream holds its connection a little longer than the client: not asked again at once. */
  readonly isBusyAfter?: boolean
  /** Another address than the common upstream's: the fault is in the connection. */
  readonly origin?: string
  /** The text of an `answer`, where it is not {@link TEXT}. */
  readonly text?: string
  /** What else is wrong with a reply or its row; undefined: nothing. */
  readonly complaint?: (seen: Seen) => string | undefined
}

/** A complete and correct answer to a request, in pieces that a fault can be made of. */
export interface HealthyReply {
  readonly streams: boolean
  readonly isOllama: boolean
  readonly contentType: string
  /** Events or lines; one piece where the answer is whole. */
  readonly pieces: readonly string[]
  readonly body: string
}

export interface Reply {
  readonly text: string
  readonly finish: string | undefined
  readonly usage: unknown
  readonly error: unknown
  readonly headers: Headers | undefined
  readonly ms: number
}

/** One request of the suite, with everything that is known of it. */
export interface Seen {
  readonly fault: Fault
  readonly lane: LaneName
  readonly backed: boolean
  readonly stream: boolean
  readonly reply: Reply
  readonly rows: readonly RequestLog[]
}

export interface FaultWorld {
  readonly gateway: TestGateway
  readonly client: OpenAI
  readonly seen: readonly Seen[]
  /** The same targets, asked again after their fault. */
  readonly healed: readonly Seen[]
  close(): Promise<void>
}

const AT_ONCE = 32
const CURE = 'be well'
const clock = createSystemClock()

/** Asks every fault in every lane, alone and with a healthy target behind it, streamed and whole. */
export async function runFaults(faults: readonly Fault[]): Promise<FaultWorld> {
  const byName = new Map(faults.map((fault) => [fault.name, fault]))
  const upstream = await startRawUpstream((exchange) => {
    const healthy = healthyReply(exchange)
    const fault = byName.get(String(exchange.body['model']).replace(/@.*$/, ''))
    const isCured = JSON.stringify(exchange.body['messages']).includes(CURE)
    return fault === undefined || isCured ? sendHealthy(exchange, healthy) : fault.act(exchange, healthy)
  })
  const gateway = await startTestGateway(configOf(faults, upstream))
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0, timeout: 10_000 })
  const log = collectRows(gateway)
  const asked: Omit<Seen, 'rows'>[] = []
  const healed: Omit<Seen, 'rows'>[] = []
  const cases = casesOf(faults).map((one) => async () => {
    for (const stream of [true, false]) {
      if (one.fault[stream ? 'stream' : 'whole'] === undefined) continue
      asked.push({ ...one, stream, reply: await ask(client, modelOf(one), { stream, prompt: 'go' }) })
    }
    if (one.fault.origin !== undefined || one.fault.isBusyAfter === true) return
    healed.push({ ...one, stream: true, reply: await ask(client, modelOf(one), { stream: true, prompt: CURE }) })
  })
  await inPool(cases)
  const rows = await log.finish(asked.length + healed.length)
  const withRows = (seen: Omit<Seen, 'rows'>): Seen => ({ ...seen, rows: rows.get(idOf(seen.reply)) ?? [] })
  return {
    gateway,
    client,
    seen: asked.map(withRows),
    healed: healed.map(withRows),
    close: async () => {
      await gateway.close()
      await upstream.close()
    },
  }
}

type Case = Pick<Seen, 'fault' | 'lane' | 'backed'>

function casesOf(faults: readonly Fault[]): Case[] {
  return faults.flatMap((fault) =>
    (fault.lanes ?? LANES).flatMap((lane) => [false, true].map((backed) => ({ fault, lane, backed }))),
  )
}

export function modelOf({ fault, lane, backed }: Case): string {
  return `${fault.name}@${lane}${backed ? '+' : ''}`
}

function configOf(faults: readonly Fault[], upstream: RawUpstream): string {
  const common = `http://127.0.0.1:${upstream.port}`
  const providers: string[] = []
  const models: string[] = []
  const provider = (name: string, origin: string): void => {
    providers.push(`  ${name}: { kind: openai_like, base_url: '${origin}/v1', key: k }`)
    providers.push(`  ${name}-ollama: { kind: ollama, base_url: '${origin}' }`)
  }
  provider('bad', common)
  provider('good', common)
  for (const [index, fault] of faults.entries()) if (fault.origin !== undefined) provider(`p${index}`, fault.origin)
  for (const one of casesOf(faults)) {
    const name = modelOf(one)
    const at = one.fault.origin === undefined ? 'bad' : `p${faults.indexOf(one.fault)}`
    const use = JSON.stringify(`${at}${one.lane === 'ollama' ? '-ollama' : ''}/${name}`)
    const lane = one.lane === 'translated' ? ', lane: translated' : ''
    const second = one.backed ? ", { use: good/healthy, id: 'healthy', tier: 2 }" : ''
    models.push(
      `  ${JSON.stringify(name)}: { targets: [{ use: ${use}, id: faulty, max_parallel: 1${lane} }${second}] }`,
    )
  }
  return `
discovery: false
routing:
  retries: 0
  cooldown: { disabled: true }
  timeouts: { connect_ms: 1500, first_token_ms: 2000, between_tokens_ms: 2000, answer_ms: 3000, total_ms: 8000 }
providers:
${providers.join('\n')}
models:
${models.join('\n')}
`
}

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
export function head(healthy: Pick<HealthyReply, 'contentType'>, ...lines: readonly string[]): string {
  return ['HTTP/1.1 200 OK', `content-type: ${healthy.contentType}`, ...lines, '', ''].join('\r\n')
}

export function lengthOf(body: string | Uint8Array): string {
  return `content-length: ${Buffer.byteLength(body)}`
}

export function chunked(bytes: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${Buffer.byteLength(bytes).toString(16)}\r\n`), Buffer.from(bytes), CRLF])
}

const CRLF = Buffer.from('\r\n')
export const LAST_CHUNK = '0\r\n\r\n'

/** The answer as it should be, on a connection that is kept. */
export async function sendHealthy(exchange: RawExchange, healthy: HealthyReply): Promise<void> {
  if (!healthy.streams) {
    await exchange.write(head(healthy, lengthOf(healthy.body)) + healthy.body)
    return
  }
  await exchange.write(head(healthy, 'transfer-encoding: chunked'))
  for (const piece of healthy.pieces) await exchange.write(chunked(piece))
  await exchange.write(LAST_CHUNK)
}

async function ask(client: OpenAI, model: string, options: { stream: boolean; prompt: string }): Promise<Reply> {
  const started = clock.monotonicMs()
  let headers: Headers | undefined
  let text = ''
  let finish: string | undefined
  let usage: unknown
  let error: unknown
  const messages = [{ role: 'user' as const, content: options.prompt }]
  try {
    if (options.stream) {
      const request = client.chat.completions.create({ model, messages, stream: true })
      const { data, response } = await request.withResponse()
      headers = response.headers
      for await (const one of data) {
        text += one.choices?.[0]?.delta?.content ?? ''
        finish = one.choices?.[0]?.finish_reason ?? finish
        usage = one.usage ?? usage
      }
    } else {
      const { data, response } = await client.chat.completions.create({ model, messages }).withResponse()
      headers = response.headers
      text = data.choices[0]?.message.content ?? ''
      finish = data.choices[0]?.finish_reason
      usage = data.usage
    }
  } catch (raised) {
    error = raised
    if (raised instanceof OpenAI.APIError) headers ??= raised.headers
  }
  return { text, finish, usage, error, headers, ms: clock.monotonicMs() - started }
}

function idOf({ headers }: Reply): string {
  return headers?.get('x-spillway-request-id') ?? 'no request id'
}

interface RowCollector {
  finish(expected: number): Promise<ReadonlyMap<string, readonly RequestLog[]>>
}

/** One query gives a limited number of rows, so they are fetched while they come. */
function collectRows(gateway: TestGateway): RowCollector {
  const rows = new Map<string, readonly RequestLog[]>()
  const collect = async (): Promise<void> => {
    const found = Map.groupBy(await gateway.rows(), (row) => row.id)
    for (const [id, same] of found) if (same.length >= (rows.get(id)?.length ?? 0)) rows.set(id, same)
  }
  const state = { isOver: false }
  const loop = (async () => {
    while (!state.isOver) {
      await clock.sleep(300)
      await collect()
    }
  })()
  return {
    finish: async (expected) => {
      for (let round = 0; round < 20 && rows.size < expected; round++) {
        await clock.sleep(50)
        await collect()
      }
      state.isOver = true
      await loop
      return rows
    },
  }
}

async function inPool(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...tasks]
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await task()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
