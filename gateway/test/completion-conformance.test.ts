import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isJsonObject } from '../contract/json.ts'
import { haveExchanges, loadExchanges, type Exchange } from './exchanges.ts'
import { meaningOf } from './oracle.ts'
import { startReplayUpstream, type ReplayUpstream } from './replay-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** Recorded completions and embeddings, read by the official SDK through the whole gateway. */
const KINDS = ['openai', 'vllm', 'huggingface', 'mistral', 'ollama']
const LANES = ['auto', 'translated'] as const
const completions = loadExchanges(KINDS, ['completions', 'native-generate']).filter(isAnswer)
const embeddings = loadExchanges(KINDS, ['embeddings', 'native-embed'])

describe.skipIf(!haveExchanges)('recorded completions and embeddings (skipped where the recordings are absent)', () => {
  let upstream: ReplayUpstream
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    upstream = await startReplayUpstream()
    const names = KINDS.flatMap((kind) => LANES.map((lane) => ({ kind, lane, name: `${kind}-${lane}` })))
    gateway = await startTestGateway(
      [
        'discovery: false',
        'routing: { retries: 0, cooldown: { disabled: true } }',
        'providers:',
        ...names.map(
          (n) => `  ${n.name}: { kind: ${n.kind}, base_url: '${upstream.url}', key: test-key, lane: ${n.lane} }`,
        ),
        'models:',
        ...names.map((n) => `  ${n.name}: ${n.name}/any-model`),
      ].join('\n'),
    )
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  for (const lane of LANES) {
    it.each(completions)(`$provider/$name completes on ${lane}`, async (exchange) => {
      upstream.play(exchange)
      const request = { model: `${exchange.provider}-${lane}`, prompt: 'Once upon a time' }
      const expected = meaningOf(exchange)
      if (expected.error !== undefined) await expect(read(client, request, exchange)).rejects.toThrow(expected.error)
      else expect(await read(client, request, exchange)).toMatchObject({ text: expected.text, finish: expected.finish })
    })

    it.each(embeddings)(`$provider/$name embeds on ${lane}`, async (exchange) => {
      upstream.play(exchange)
      // Unless told otherwise the SDK asks for base64, and reads whichever it gets.
      const isBase64 = lane === 'auto' && /"embedding": ?"/.test(exchange.reply.toString('latin1'))
      const reply = await client.embeddings.create({
        model: `${exchange.provider}-${lane}`,
        input: ['a'],
        ...(isBase64 ? {} : { encoding_format: 'float' as const }),
      })
      expect(reply.data.map((one) => [...one.embedding])).toEqual(vectorsOf(exchange))
    })
  }
})

interface Read {
  readonly text: string
  readonly finish: string | undefined
}

async function read(client: OpenAI, request: { model: string; prompt: string }, exchange: Exchange): Promise<Read> {
  if (!exchange.stream) {
    const reply = await client.completions.create(request)
    return { text: reply.choices.map((choice) => choice.text).join(''), finish: reply.choices[0]?.finish_reason }
  }
  let text = ''
  let finish: string | undefined
  for await (const chunk of await client.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.text ?? ''
    finish = chunk.choices[0]?.finish_reason ?? finish
  }
  return { text, finish }
}

/** Loading and unloading a model are no answers. */
function isAnswer(exchange: Exchange): boolean {
  return !exchange.name.includes('unload')
}

/** The numbers of a recording, whatever it calls them. */
function vectorsOf(exchange: Exchange): unknown {
  const body: unknown = JSON.parse(exchange.reply.toString('utf8'))
  if (!isJsonObject(body)) return undefined
  if (Array.isArray(body['embeddings'])) return body['embeddings']
  const data: unknown = body['data']
  if (!Array.isArray(data)) return undefined
  return data.map((one) => (isJsonObject(one) ? floats(one['embedding']) : undefined))
}

/** Base64 is little-endian 32-bit floats. */
function floats(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const bytes = Buffer.from(value, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
}
