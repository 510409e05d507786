import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findProvider } from '../../providers/registry.ts'
import { haveExchanges } from '../exchanges.ts'
import { startTestGateway, type TestGateway } from '../test-gateway.ts'
import { loadRecordings, type Recording } from './corpus.ts'
import { at, listAt, numberAt, textAt } from './loose.ts'
import { startReplay, type Replay } from './replay.ts'
import { aliasOf, configOf, LANES, REPLAY_ENV, targetOf } from './targets.ts'

/** Recorded vectors, counts of tokens, lists of models and moderations, read by official clients through the gateway. */
const recordings = loadRecordings()
const ofApi = (...apis: readonly string[]): readonly Recording[] => recordings.filter(({ api }) => apis.includes(api))

const vectors = recordings.filter(isVectors)
const counts = ofApi('count-tokens', 'countTokens')
const moderations = ofApi('moderations')
const listings = ofApi('models', 'native-tags')
const served = [...vectors, ...counts, ...moderations]

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`what is not an answer${skipped}`, () => {
  let replay: Replay
  let gateway: TestGateway
  let openAi: OpenAI

  beforeAll(async () => {
    replay = await startReplay()
    gateway = await startTestGateway(configOf(served, replay.url), REPLAY_ENV)
    openAi = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  })
  afterAll(async () => {
    await gateway.close()
    await replay.close()
  })

  it('is there', () => {
    expect([vectors.length > 2, counts.length > 0, listings.length > 0]).not.toContain(false)
  })

  for (const lane of LANES) {
    it.each(vectors)(`$id: the same vectors from OpenAI's client on ${lane}`, async (recording) => {
      replay.play(recording)
      const { input, vectors: expected } = vectorsIn(recording)
      const call = openAi.embeddings.create({ model: aliasOf(recording, lane), input, encoding_format: 'float' })
      if (recording.status >= 400) {
        await expect(call).rejects.toThrow(sentenceOf(recording))
        return
      }
      const { data } = await call
      expect(data.map(({ embedding }) => floats(embedding))).toEqual(expected)
    })
  }

  it.each(vectors)('$id: the same vectors from Ollama’s client', async (recording) => {
    replay.play(recording)
    const { input, vectors: expected } = vectorsIn(recording)
    const ollama = new Ollama({ host: gateway.url, headers: { authorization: `Bearer ${gateway.key}` } })
    const call = ollama.embed({ model: aliasOf(recording, 'translated'), input: [...input] })
    if (recording.status >= 400) await expect(call).rejects.toThrow(sentenceOf(recording))
    else expect((await call).embeddings).toEqual(expected)
  })

  it.each(counts)('$id: the same count from Anthropic’s client', async (recording) => {
    replay.play(recording)
    const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 })
    const model = aliasOf(recording, 'auto')
    const counted = anthropic.messages.countTokens({ model, messages: [{ role: 'user', content: 'Hi' }] })
    const [call] = await Promise.allSettled([counted])
    const json: unknown = JSON.parse(recording.body.toString('utf8'))
    const expected = numberAt(json, 'input_tokens') ?? numberAt(json, 'totalTokens')
    const told = call.status === 'fulfilled' ? call.value.input_tokens : String(call.reason)
    if (recording.status < 400) expect(told).toBe(expected)
    // Bedrock counts for Claude alone, so the tokens of its other models are counted here.
    else if (replay.asked === undefined) expect(told).toBeGreaterThan(0)
    else expect(told).toContain(sentenceOf(recording))
  })

  it.each(moderations)('$id passes as it is', async (recording) => {
    replay.play(recording)
    const reply = await openAi.moderations.create({ model: aliasOf(recording, 'auto'), input: 'Hi' })
    expect(reply).toEqual(JSON.parse(recording.body.toString('utf8')))
  })

  it.each(listings)('$id: the same names', async (recording) => {
    replay.play(recording)
    const listing = findProvider(targetOf(recording).kind)?.listing
    expect(listing?.models(recording.body.toString('utf8')).map(({ id }) => id)).toEqual(
      await namesIn(recording, replay.url),
    )
  })
})

function isVectors({ api, body }: Recording): boolean {
  if (api === 'invoke') return /^\{\s*"embeddings?"/.test(body.subarray(0, 100).toString())
  return ['embeddings', 'native-embed', 'batchEmbedContents', 'embedContent', 'embed', 'feature-extraction'].includes(
    api,
  )
}

/** Hugging Face's feature extraction answers one text with its vector alone. */
function bareVector(json: unknown): unknown {
  return Array.isArray(json) && typeof json[0] === 'number' ? json : undefined
}

/** The numbers of a recording, whatever it calls them, and as many inputs as there are vectors. */
function vectorsIn({ body }: Recording): { input: string[]; vectors: readonly unknown[] } {
  const json: unknown = JSON.parse(body.toString('utf8'))
  const single = at(json, 'embedding') ?? bareVector(json)
  const listed = [...listAt(json, 'data'), ...listAt(json, 'embeddings')]
  const found = (single === undefined ? listed : [single]).map(vectorOf)
  return { input: Array.from({ length: Math.max(1, found.length) }, (_, index) => `text ${index}`), vectors: found }
}

function vectorOf(entry: unknown): unknown {
  return Array.isArray(entry) ? entry : (at(entry, 'values') ?? floats(at(entry, 'embedding')))
}

/** Base64 is little-endian 32-bit floats. */
function floats(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const bytes = Buffer.from(value, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}

function sentenceOf({ body }: Recording): string {
  return textAt(JSON.parse(body.toString('utf8')), 'error', 'message').slice(0, 80)
}

async function namesIn({ api }: Recording, url: string): Promise<readonly string[]> {
  if (api === 'native-tags') return (await new Ollama({ host: url }).list()).models.map(({ model }) => model)
  const { data } = await new OpenAI({ baseURL: url, apiKey: 'k', maxRetries: 0 }).models.list()
  // Google's names are paths, of which its other routes take the last part.
  return data.map(({ id }) => id.replace(/^models\//, ''))
}
