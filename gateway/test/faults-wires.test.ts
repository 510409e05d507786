import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystemClock } from '../kit/system-clock.ts'
import { askClient, isWholeAnswer, saidOf, wholeAnswer, type Reply, type Script } from './fault-client.ts'
import { faultConfig, modelEntry, targetEntry } from './fault-config.ts'
import { healthyAnswer, PAIRS, type Pair } from './fault-pairs.ts'
import { WIRES } from './fault-wires.ts'
import { modelIn, promptFor } from './fault-world.ts'
import { chunked, head, sendHealthy } from './healthy-reply.ts'
import { startRawUpstream, type RawExchange, type RawUpstream } from './raw-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const STREAMS = 120
const SCRIPTS: readonly Script[] = ['text', 'thought', 'call']

/** One stream, and how its upstream ends: after this share of its bytes, by FIN or by RST. */
interface Life {
  readonly model: string
  readonly pair: Pair
  readonly script: Script
  readonly backed: boolean
  /** 1: not at all. */
  readonly share: number
  readonly by: 'FIN' | 'RST'
}

/**
 * Upstreams of every wire die at random bytes while 120 official clients of every wire read at once. Whatever happens, a
 * client sees the whole answer or an error that it can tell from one: never half an answer that looks like success.
 */
describe(`${STREAMS} concurrent streams over mixed wires with dying upstreams`, () => {
  const clock = createSystemClock()
  const random = seededRandom(20_261_122)
  const lives = Array.from({ length: STREAMS }, (_, index): Life => {
    const pair = PAIRS[index % PAIRS.length] ?? PAIRS[0]
    if (pair === undefined) throw new Error('There are no pairs.')
    const share = random() < 0.75 ? random() : 1
    const by = random() < 0.5 ? 'FIN' : 'RST'
    const script = SCRIPTS[Math.floor(random() * SCRIPTS.length)] ?? 'text'
    return { model: `life-${index}`, pair, script, backed: random() < 0.5, share, by }
  })
  let upstream: RawUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startRawUpstream((exchange) => {
      const life = lives.find(({ model }) => model === modelIn(exchange))
      const healthy = healthyAnswer(exchange, life?.pair.upstream ?? WIRES.gemini)
      return life === undefined || life.share === 1 ? sendHealthy(exchange, healthy) : die(exchange, life)
    })
    gateway = await startTestGateway(configOf(lives, `http://127.0.0.1:${upstream.port}`))
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const ask = ({ pair, model, script }: Life): Promise<Reply> => {
    const question = { url: gateway.url, key: gateway.key, model, stream: true, script, prompt: promptFor(script) }
    return askClient(pair.client, question, () => clock.monotonicMs())
  }

  it('ends each in the whole answer or in an error that its client raises, with one row each', async () => {
    const ends = await Promise.all(lives.map(async (life) => ({ life, reply: await ask(life) })))
    expect(ends.flatMap(({ life, reply }) => lieOf(life, reply))).toEqual([])
    const failed = ends.filter(({ reply }) => reply.error !== undefined)
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(STREAMS)
    await expect.poll(async () => (await gateway.rows()).length).toBe(STREAMS)
    const outcomes = Map.groupBy(await gateway.rows(), ({ outcome }) => outcome === 'ok')
    expect(outcomes.get(true)?.length).toBe(STREAMS - failed.length)
    expect(gateway.notices.filter((notice) => notice.includes('bug'))).toEqual([])
  })
})

function lieOf({ pair, script, share, by }: Life, reply: Reply): string[] {
  const label = `${pair.name}, ${script}, ${by} after ${share.toFixed(3)}`
  if (reply.error === undefined) return isWholeAnswer(reply, script) ? [] : [`${label}: success with ${saidOf(reply)}`]
  const { how, message, complaint } = pair.client.judge(reply.error)
  const whole = wholeAnswer(script)
  if (how === 'broken' || complaint !== undefined) return [`${label}: ${complaint ?? message}`]
  const isPart = whole.text.startsWith(reply.text) && whole.thought.startsWith(reply.thought)
  return isPart ? [] : [`${label}: an error after ${saidOf(reply)}`]
}

async function die(exchange: RawExchange, { pair, share, by }: Life): Promise<void> {
  const healthy = healthyAnswer(exchange, pair.upstream)
  const bytes = Buffer.from(healthy.body)
  const at = Math.floor(bytes.length * share)
  await exchange.write(head(healthy, 'transfer-encoding: chunked'))
  for (const part of [bytes.subarray(0, at >> 1), bytes.subarray(at >> 1, at)]) {
    if (part.length > 0) await exchange.write(chunked(part))
  }
  if (by === 'RST') exchange.reset()
  else exchange.end()
}

function configOf(lives: readonly Life[], origin: string): string {
  const providers = new Map(PAIRS.map(({ upstream }) => [upstream.name, upstream.provider(origin)]))
  providers.set('second', WIRES.gemini.provider(origin))
  const models = lives.map(({ model: name, pair, backed }) => {
    const first = targetEntry(pair, { provider: pair.upstream.name, name })
    return modelEntry(name, backed ? [first, '{ use: second/healthy, tier: 2 }'] : [first])
  })
  return faultConfig({ providers, models })
}

/** A small linear congruential generator: the same deaths in every run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
