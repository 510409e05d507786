import type { ServerResponse } from 'node:http'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ollamaStream, openAiStream, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const STREAMS = 120
const TEXT = 'The quick brown fox jumps over the lazy dog and then it rests in the shade of an old oak tree.'

/**
 * Upstreams die at random bytes, by FIN and by RST, while 120 clients read at once. Whatever happens behind it, a client
 * must see the whole answer or an error: never half an answer that looks like success.
 */
describe('120 concurrent streams with dying upstreams', () => {
  let openAi: ScriptedUpstream
  let ollama: ScriptedUpstream
  let gateway: TestGateway
  const random = seededRandom(20_261_122)

  beforeAll(async () => {
    openAi = await startScriptedUpstream((_request, response) => {
      dieSomewhere(response, openAiStream(TEXT), 'text/event-stream', random)
    })
    ollama = await startScriptedUpstream((_request, response) => {
      dieSomewhere(response, ollamaStream(TEXT), 'application/x-ndjson', random)
    })
    gateway = await startTestGateway(`
discovery: false
routing: { retries: 1, cooldown: { disabled: true } }
providers:
  cloud: { kind: openai_like, base_url: '${openAi.url}/v1', key: test-key }
  runner: { kind: ollama, base_url: '${ollama.url}' }
models:
  verbatim: cloud/a
  translated: { targets: [{ use: cloud/a, params: {} }, { use: runner/b, tier: 2 }] }
  local: { targets: [runner/b], fallbacks: [verbatim] }
`)
  })
  afterAll(async () => {
    await gateway.close()
    await openAi.close()
    await ollama.close()
  })

  it('ends each in the whole answer or in an error that the SDK raises, with one row each', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
    const models = ['verbatim', 'translated', 'local']
    const outcomes = await Promise.all(
      Array.from({ length: STREAMS }, (_, i) => readStream(client, models[i % models.length] ?? 'verbatim')),
    )
    const lies = outcomes.filter((outcome) => outcome.error === undefined && outcome.text !== TEXT)
    expect(lies).toEqual([])
    expect(outcomes.filter((outcome) => outcome.error === undefined).length).toBeGreaterThan(0)
    expect(outcomes.filter((outcome) => outcome.error !== undefined).length).toBeGreaterThan(0)
    for (const outcome of outcomes) expect(TEXT.startsWith(outcome.text)).toBe(true)
    expect((await gateway.rows()).length).toBe(STREAMS)
  })
})

interface StreamOutcome {
  readonly text: string
  readonly error: string | undefined
}

async function readStream(client: OpenAI, model: string): Promise<StreamOutcome> {
  let text = ''
  let finished = false
  try {
    const chunks = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'go' }],
      stream: true,
    })
    for await (const chunk of chunks) {
      text += chunk.choices[0]?.delta.content ?? ''
      finished ||= typeof chunk.choices[0]?.finish_reason === 'string'
    }
    return { text, error: finished ? undefined : 'no finish reason' }
  } catch (error) {
    return { text, error: String(error) }
  }
}

function dieSomewhere(response: ServerResponse, whole: Buffer, contentType: string, random: () => number): void {
  const dies = random() < 0.7
  const atByte = dies ? Math.floor(random() * whole.length) : whole.length
  response.writeHead(200, { 'content-type': contentType })
  response.write(whole.subarray(0, Math.floor(atByte / 2)))
  setImmediate(() => {
    response.write(whole.subarray(Math.floor(atByte / 2), atByte))
    if (!dies) response.end()
    else if (random() < 0.5) response.socket?.resetAndDestroy()
    else response.socket?.end()
  })
}

/** A small linear congruential generator: the same deaths in every run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
