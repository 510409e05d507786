import type { FailureKind } from '../contract/failure.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { faultConfig, modelEntry, targetEntry } from './fault-config.ts'
import { collectRows, inPool } from './fault-rows.ts'
import { askClient, type FaultClient, type Reply, type Script } from './fault-client.ts'
import { sendHealthy, type HealthyReply } from './healthy-reply.ts'
import { startRawUpstream, type RawExchange, type RawUpstream } from './raw-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** A client before one kind of upstream. */
export interface FaultLane {
  readonly name: string
  readonly client: FaultClient
  readonly upstream: FaultUpstream
  /** Although the bytes could pass as they are. */
  readonly isTranslated?: boolean
}

/** How an upstream is configured. */
export interface FaultUpstream {
  readonly name: string
  /** Its entry under `providers`, as a flow mapping. */
  provider(origin: string): string
  /** The model's name below that provider, where it is another one. */
  model?(name: string): string
}

/** Where faults are shown: who asks, and what the answer would be. */
export interface Stage<Piece extends string | Uint8Array> {
  readonly lanes: readonly FaultLane[]
  /** What answers where another target has failed. */
  readonly second: FaultUpstream
  /** How long the gateway waits for a first token, between two, and for all of it; longer where more is asked at once. */
  readonly patienceMs: { readonly token: number; readonly answer: number; readonly total: number }
  /** @param lane undefined: the second target is asked */
  healthy(exchange: RawExchange, lane: FaultLane | undefined): HealthyReply<Piece>
}

/**
 * What the client gets where the faulty target is alone, and where a healthy one stands behind it:
 * - `answer`: the whole text; the fault does no harm.
 * - `moves`: an error; the healthy target's text.
 * - `final`: an error in both cases, because the request is at fault.
 * - `cut`: an error inside the stream after a part of the text; the whole text, continued.
 * - `lost`: an error inside the stream in both cases, because what was begun cannot be continued.
 */
export type Verdict = 'answer' | 'moves' | 'final' | 'cut' | 'lost'

export interface Fault<Piece extends string | Uint8Array = string> {
  readonly name: string
  /** What the upstream does with a request. */
  readonly act: (exchange: RawExchange, healthy: HealthyReply<Piece>) => void | Promise<void>
  /** For streamed answers; undefined: not asked for. */
  readonly stream: Verdict | undefined
  readonly whole: Verdict | undefined
  /** What the attempt's row may call it. */
  readonly kinds: readonly FailureKind[]
  /** Status of an error reply, where it matters. */
  readonly status?: number
  /** Names of the lanes; absent: all of the stage. */
  readonly lanes?: readonly string[]
  /** What is asked for; a text where absent. */
  readonly script?: Script
  /** Another address than the common upstream's: the fault is in the connection. */
  readonly origin?: string
  /** It takes seconds and no work, so it is asked beside the others. */
  readonly waits?: boolean
  /** The text of an `answer`, where it is not {@link TEXT}. */
  readonly text?: string
  /** What else is wrong with a reply or its row; undefined: nothing. */
  readonly complaint?: (seen: Seen) => string | undefined
}

/** One request of the suite, with everything that is known of it. */
export interface Seen {
  readonly fault: Fault<never>
  readonly lane: FaultLane
  readonly backed: boolean
  readonly stream: boolean
  readonly reply: Reply
  readonly rows: readonly RequestLog[]
}

export interface FaultWorld {
  readonly gateway: TestGateway
  readonly seen: readonly Seen[]
  /** The same targets, asked again after their fault. */
  readonly healed: readonly Seen[]
  close(): Promise<void>
}

const AT_ONCE = 32
const WAITING_AT_ONCE = 120
const CURE = 'be well'
const clock = createSystemClock()

/** Asks every fault in every lane, alone and with a healthy target behind it, streamed and whole. */
export async function runFaults<Piece extends string | Uint8Array>(
  faults: readonly Fault<Piece>[],
  stage: Stage<Piece>,
): Promise<FaultWorld> {
  const cases = casesOf(faults, stage)
  const byModel = new Map(cases.map((one) => [modelOf(one), one]))
  const upstream = await startRawUpstream((exchange) => {
    const one = byModel.get(modelIn(exchange))
    const healthy = stage.healthy(exchange, one?.lane)
    const isCured = JSON.stringify(exchange.body).includes(CURE)
    return one === undefined || isCured ? sendHealthy(exchange, healthy) : one.fault.act(exchange, healthy)
  })
  const gateway = await startTestGateway(configOf(cases, stage, upstream))
  const log = collectRows(gateway)
  const asked: Omit<Seen, 'rows'>[] = []
  const healed: Omit<Seen, 'rows'>[] = []
  const ask = (one: Case<Piece>, stream: boolean, words = ''): Promise<Reply> => {
    const { script = 'text' } = one.fault
    const prompt = promptFor(script, words)
    const question = { url: gateway.url, key: gateway.key, model: modelOf(one), stream, script, prompt }
    return askClient(one.lane.client, question, () => clock.monotonicMs())
  }
  const tasks = cases.map((one) => async () => {
    for (const stream of [true, false]) {
      if (one.fault[stream ? 'stream' : 'whole'] === undefined) continue
      asked.push({ ...one, stream, reply: await ask(one, stream) })
    }
    if (one.fault.origin !== undefined) return
    healed.push({ ...one, stream: true, reply: await ask(one, true, ` ${CURE}`) })
  })
  const [waiting = [], working = []] = [true, false].map((waits) =>
    tasks.filter((_task, index) => (cases[index]?.fault.waits === true) === waits),
  )
  await Promise.all([inPool(waiting, WAITING_AT_ONCE), inPool(working, AT_ONCE, log.collect)])
  const rows = await log.finish(asked.length + healed.length)
  const withRows = (seen: Omit<Seen, 'rows'>): Seen => ({ ...seen, rows: rows.get(idOf(seen.reply)) ?? [] })
  return {
    gateway,
    seen: asked.map(withRows),
    healed: healed.map(withRows),
    close: async () => {
      await gateway.close()
      await upstream.close()
    },
  }
}

/** What makes an upstream say this. */
export function promptFor(script: Script, more = ''): string {
  return `say ${script}${more}`
}

/** What this request wants to hear. */
export function scriptIn({ body }: Pick<RawExchange, 'body'>): Script {
  const found = /say (text|thought|call)/.exec(JSON.stringify(body))?.[1]
  return found === 'thought' || found === 'call' ? found : 'text'
}

/** Gemini, Bedrock and Azure name the model in the path. */
export function modelIn({ path, body }: Pick<RawExchange, 'path' | 'body'>): string {
  const named = /\/(?:models?|deployments)\/([^/:?]+)/.exec(path)?.[1]
  return named === undefined ? String(body['model']) : decodeURIComponent(named)
}

interface Case<Piece extends string | Uint8Array> {
  readonly fault: Fault<Piece>
  readonly lane: FaultLane
  readonly backed: boolean
}

function casesOf<Piece extends string | Uint8Array>(
  faults: readonly Fault<Piece>[],
  stage: Stage<Piece>,
): Case<Piece>[] {
  return faults.flatMap((fault) => {
    const names = fault.lanes ?? stage.lanes.map(({ name }) => name)
    return names.flatMap((name) => {
      const lane = stage.lanes.find((one) => one.name === name)
      if (lane === undefined) throw new Error(`There is no lane ${name}.`)
      return [false, true].map((backed) => ({ fault, lane, backed }))
    })
  })
}

export function modelOf({ fault, lane, backed }: Pick<Seen, 'fault' | 'lane' | 'backed'>): string {
  return `${fault.name}@${lane.name}${backed ? '+' : ''}`
}

function configOf<Piece extends string | Uint8Array>(
  cases: readonly Case<Piece>[],
  stage: Stage<Piece>,
  { port }: RawUpstream,
): string {
  const common = `http://127.0.0.1:${port}`
  const origins = [common]
  const providers = new Map([['second', stage.second.provider(common)]])
  const models: string[] = []
  for (const one of cases) {
    const { upstream } = one.lane
    const origin = one.fault.origin ?? common
    if (!origins.includes(origin)) origins.push(origin)
    const provider = `${upstream.name}-${origins.indexOf(origin)}`
    providers.set(provider, upstream.provider(origin))
    const name = modelOf(one)
    // Alone, the one slot proves that nothing is left behind; with company, a request would go past a busy target.
    const slots = one.backed ? '' : ', max_parallel: 1'
    const second = one.backed ? ["{ use: second/healthy, id: 'healthy', tier: 2 }"] : []
    models.push(modelEntry(name, [targetEntry(one.lane, { provider, name, more: `, id: faulty${slots}` }), ...second]))
  }
  const { token, answer, total } = stage.patienceMs
  const timeouts = {
    connect_ms: 1_500,
    first_token_ms: token,
    between_tokens_ms: token,
    answer_ms: answer,
    total_ms: total,
  }
  return faultConfig({ providers, models, timeouts })
}

function idOf({ headers }: Reply): string {
  return headers?.get('x-spillway-request-id') ?? 'no request id'
}
