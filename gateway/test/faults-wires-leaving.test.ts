import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystemClock } from '../kit/system-clock.ts'
import { askClient, isWholeAnswer, type Question, type Reply } from './fault-client.ts'
import { faultConfig, modelEntry, targetEntry } from './fault-config.ts'
import { healthyAnswer, PAIRS, type Pair } from './fault-pairs.ts'
import { begun } from './fault-wire.ts'
import { modelIn, promptFor } from './fault-world.ts'
import { chunked, head, sendHealthy } from './healthy-reply.ts'
import { startRawUpstream, type RawExchange, type RawUpstream } from './raw-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** When the client leaves: before a byte has come, or in the middle of the first words. */
const PHASES = ['silent', 'begun', 'silent, not streamed'] as const
type Phase = (typeof PHASES)[number]

interface Asked {
  readonly arrived: PromiseWithResolvers<void>
  readonly closed: PromiseWithResolvers<void>
}

describe('a client that leaves, by client and upstream wire', () => {
  const clock = createSystemClock()
  const asked = new Map<string, Asked>()
  let upstream: RawUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startRawUpstream(serve)
    gateway = await startTestGateway(configOf(`http://127.0.0.1:${upstream.port}`))
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  async function serve(exchange: RawExchange): Promise<void> {
    const { upstream: wire } = PAIRS.find(({ name }) => name === modelIn(exchange)) ?? {}
    if (wire === undefined) throw new Error(`Nobody is called ${modelIn(exchange)}.`)
    const healthy = healthyAnswer(exchange, wire)
    const phase = /phase (silent|begun)/.exec(JSON.stringify(exchange.body))?.[1]
    if (phase === undefined) {
      await sendHealthy(exchange, healthy)
      return
    }
    const { arrived, closed } = asked.get(modelIn(exchange)) ?? {}
    exchange.socket.once('close', () => closed?.resolve())
    if (phase === 'begun') {
      await exchange.write(head(healthy, 'transfer-encoding: chunked'))
      for (const piece of begun(healthy.pieces, 'text')) await exchange.write(chunked(piece))
    }
    arrived?.resolve()
  }

  function ask(pair: Pair, phase: Phase | 'well', more: Pick<Question, 'signal' | 'begun'> = {}): Promise<Reply> {
    const prompt = promptFor('text', `, phase ${phase}`)
    const stream = phase !== 'silent, not streamed'
    const place = { url: gateway.url, key: gateway.key, model: pair.name }
    return askClient(pair.client, { ...place, stream, script: 'text', prompt, ...more }, () => clock.monotonicMs())
  }

  async function leave(pair: Pair, phase: Phase): Promise<void> {
    const one: Asked = { arrived: Promise.withResolvers(), closed: Promise.withResolvers() }
    asked.set(pair.name, one)
    const controller = new AbortController()
    const spoken = Promise.withResolvers<void>()
    const reply = ask(pair, phase, { signal: controller.signal, begun: spoken.resolve })
    await (phase === 'begun' ? spoken.promise : one.arrived.promise)
    controller.abort()
    await reply
    await one.closed.promise
  }

  it.each(PAIRS)('$name: closes the upstream, leaves one row, and frees the slot', async (pair) => {
    for (const phase of PHASES) await leave(pair, phase)
    expect(isWholeAnswer(await ask(pair, 'well'), 'text')).toBe(true)
    await expect.poll(async () => (await rowsOf(pair)).length).toBe(PHASES.length + 1)
    expect(await rowsOf(pair)).toEqual([...PHASES.map(() => '499 cancelled'), '200 ok'])
  })

  async function rowsOf(pair: Pair): Promise<readonly string[]> {
    const rows = (await gateway.rows()).filter(({ model }) => model === pair.name)
    return rows.map(({ status, outcome }) => `${status} ${outcome}`)
  }
})

/** No clock of ours may close what the client has left. */
function configOf(origin: string): string {
  return faultConfig({
    providers: new Map(PAIRS.map(({ upstream }) => [upstream.name, upstream.provider(origin)])),
    models: PAIRS.map((pair) => {
      const { name, upstream } = pair
      return modelEntry(name, [targetEntry(pair, { provider: upstream.name, name, more: ', max_parallel: 1' })])
    }),
  })
}
