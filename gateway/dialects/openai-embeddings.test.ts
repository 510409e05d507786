import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { haveExchanges, loadExchanges } from '../test/exchanges.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'

describe('embeddings', () => {
  it.each<[string, JsonObject, unknown]>([
    ['a string', { input: 'a' }, ['a']],
    ['strings', { input: ['a', 'b'] }, ['a', 'b']],
    ['token ids', { input: [1, 2] }, [[1, 2]]],
    ['lists of token ids', { input: [[1], [2, 3]] }, [[1], [2, 3]]],
  ])('take %s', (_name, more, inputs) => {
    expect(openaiEmbeddings.inspect({ model: 'm', ...more })).toMatchObject({
      operation: 'embeddings',
      needs: ['embedding'],
    })
    expect(openaiEmbeddings.parse({ model: 'm', ...more, extra_key: 1 })).toMatchObject({
      inputs,
      encoding: 'float',
      extra: { extra_key: 1 },
    })
  })

  it.each<[string, JsonObject, string]>([
    ['no input', {}, 'input'],
    ['an empty list', { input: [] }, 'input'],
    ['a mixed list', { input: ['a', 1] }, 'input'],
    ['an object', { input: {} }, 'input'],
    ['a negative size', { input: 'a', dimensions: -1 }, 'dimensions'],
    ['an unknown encoding', { input: 'a', encoding_format: 'hex' }, 'encoding_format'],
  ])('refuse %s', (_name, more, param) => {
    expect(openaiEmbeddings.inspect({ model: 'm', ...more })).toMatchObject({ kind: 'invalid-request', param })
  })

  it.each(['float', 'base64'] as const)('in %s come back through the openai library', async (format) => {
    const vectors = [
      [0.5, -1.25, 3],
      [0, 1, 2],
    ]
    const request = openaiEmbeddings.parse({ model: 'm', input: ['a', 'b'], encoding_format: format })
    if (isFailure(request)) throw new TypeError(request.message)
    const body = openaiEmbeddings.write({ model: 'real', vectors, inputTokens: 4 }, request)
    const answer = (): Promise<Response> =>
      Promise.resolve(new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } }))
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', fetch: answer })
    // Without a format of its own the library asks for base64 and decodes it.
    const asked = format === 'float' ? { encoding_format: format } : {}
    const reply = await client.embeddings.create({ model: 'm', input: ['a', 'b'], ...asked })
    expect(reply.data.map((item) => [...item.embedding])).toEqual(vectors)
    expect(reply).toMatchObject({ model: 'real', usage: { prompt_tokens: 4, total_tokens: 4 } })
  })
})

describe('a complete embeddings reply', () => {
  const big = Array.from({ length: 3_000 }, (_, index) => index / 7)

  it.each([
    ['small', [1, 2]],
    ['large', big],
  ])('%s gives model and usage', (_name, embedding) => {
    const body = JSON.stringify({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding }],
      model: 'a"b',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    })
    expect(openaiEmbeddings.readReply(body)).toEqual({ model: 'a"b', usage: { input: 8, output: 0 } })
  })

  it.each<[string, string, string]>([
    ['an error', '{"error":{"message":"no","code":"model_not_found"}}', 'model-missing'],
    ['half', JSON.stringify({ data: [{ embedding: big }] }).slice(0, -50), 'bad-reply'],
    ['no data', '{"object":"list"}', 'bad-reply'],
    ['a web page', '<html>', 'bad-reply'],
  ])('that is %s is a failure', (_name, body, kind) => {
    expect(openaiEmbeddings.readReply(body)).toMatchObject({ kind })
  })

  const recorded = loadExchanges(['openai', 'mistral', 'vllm', 'huggingface', 'lmstudio', 'together'], ['embeddings'])
  const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
  it.skipIf(!haveExchanges)(`of real servers is understood${skipped}`, () => {
    const successes = recorded.filter((exchange) => exchange.status === 200)
    expect(successes.length).toBeGreaterThan(3)
    const failures = successes.filter(({ reply }) => isFailure(openaiEmbeddings.readReply(reply.toString())))
    expect(failures.map(({ provider, name }) => `${provider}/${name}`)).toEqual([])
  })
})
