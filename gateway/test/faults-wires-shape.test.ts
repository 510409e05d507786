import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultConfig, modelEntry, targetEntry } from './fault-config.ts'
import { healthyAnswer } from './fault-pairs.ts'
import { begun } from './fault-wire.ts'
import { WIRES } from './fault-wires.ts'
import { chunked, head } from './healthy-reply.ts'
import { startRawUpstream, type RawUpstream } from './raw-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** Strict readers of Responses look at numbers and ids, which the libraries do not. */
describe('a Responses stream that breaks', () => {
  const { responses } = WIRES
  let upstream: RawUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startRawUpstream(async (exchange) => {
      const healthy = healthyAnswer(exchange, responses)
      await exchange.write(head(healthy, 'transfer-encoding: chunked'))
      for (const piece of begun(healthy.pieces, 'text')) await exchange.write(chunked(piece))
      exchange.reset()
    })
    const model = (name: string, isTranslated: boolean): string =>
      modelEntry(name, [targetEntry({ upstream: responses, isTranslated }, { provider: 'r', name })])
    gateway = await startTestGateway(
      faultConfig({
        providers: new Map([['r', responses.provider(`http://127.0.0.1:${upstream.port}`)]]),
        models: [model('verbatim', false), model('translated', true)],
      }),
    )
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  it.each(['verbatim', 'translated'])('numbers its events to the end and keeps its name (%s)', async (model) => {
    const reply = await fetch(`${gateway.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'say text', stream: true }),
    })
    const events = (await reply.text()).split('\n').flatMap(eventIn)
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, at) => at))
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['error', 'response.failed'])
    expect(new Set(events.flatMap(({ response }) => (response === undefined ? [] : [response.id]))).size).toBe(1)
  })
})

interface ReadEvent {
  readonly type: string
  readonly sequence_number: number
  readonly response?: { readonly id: string }
}

function eventIn(line: string): ReadEvent[] {
  return line.startsWith('data: ') ? [JSON.parse(line.slice('data: '.length)) as ReadEvent] : [] // as the gateway wrote it
}
