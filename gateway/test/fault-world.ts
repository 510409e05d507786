import OpenAI from 'openai'
import type { FailureKind } from '../contract/failure.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { healthyReply, sendHealthy, type HealthyReply } from './healthy-reply.ts'
import { startRawUpstream, type RawExchange, type RawUpstream } from './raw-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

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
  /** Another address than the common upstream's: the fault is in the connection. */
  readonly origin?: string
  /** The text of an `answer`, where it is not {@link TEXT}. */
  readonly text?: string
  /** What else is wrong with a reply or its row; undefined: nothing. */
  readonly complaint?: (seen: Seen) => string | undefined
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
    if (one.fault.origin !== undefined) return
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
    // Alone, the one slot proves that nothing is left behind; with company, a request would go past a busy target.
    const slots = one.backed ? '' : ', max_parallel: 1'
    const second = one.backed ? ", { use: good/healthy, id: 'healthy', tier: 2 }" : ''
    models.push(`  ${JSON.stringify(name)}: { targets: [{ use: ${use}, id: faulty${slots}${lane} }${second}] }`)
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
