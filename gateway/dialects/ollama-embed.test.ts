import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EmbeddingsDialect } from '../contract/dialect.ts'
import { ollama } from '../providers/ollama.ts'
import { ollamaEmbed, ollamaEmbeddingsLegacy } from './ollama-embed.ts'
import { clientOf } from './test/ollama-client.ts'
import { ollamaTarget } from './test/ollama-target.ts'

function replyTo(dialect: EmbeddingsDialect, body: JsonObject, vectors: readonly (readonly number[])[]): string {
  const request = dialect.parse(body)
  if (isFailure(request)) throw new Error(request.message)
  return JSON.stringify(dialect.write({ model: '', vectors, inputTokens: 5 }, request))
}

describe('embeddings on the wire of Ollama', () => {
  it('are heard by the official client', async () => {
    const reply = replyTo(ollamaEmbed, { model: 'm', input: ['a', 'b'] }, [[0.5], [1]])
    expect(await clientOf(reply).embed({ model: 'm', input: ['a', 'b'] })).toEqual({
      model: 'm',
      embeddings: [[0.5], [1]],
      prompt_eval_count: 5,
    })
    const legacy = replyTo(ollamaEmbeddingsLegacy, { model: 'm', prompt: 'a' }, [[0.5, 1]])
    expect(await clientOf(legacy).embeddings({ model: 'm', prompt: 'a' })).toEqual({ embedding: [0.5, 1] })
  })

  it('survive the way to an Ollama behind them', () => {
    const body = {
      model: 'm',
      input: ['a'],
      truncate: true,
      dimensions: 3,
      options: { num_ctx: 4, seed: 1 },
      keep_alive: '1m',
    }
    const request = ollamaEmbed.parse(body)
    if (isFailure(request)) throw new Error(request.message)
    expect(request.nativeKeys).toEqual(['truncate', 'options', 'keep_alive'])
    const http = ollama.embeddings?.request(request, ollamaTarget('m'))
    if (http === undefined || isFailure(http)) throw new Error('not translated')
    expect(JSON.parse(http.body)).toEqual(body)
  })

  it.each<[EmbeddingsDialect, JsonObject, string]>([
    [ollamaEmbed, {}, 'input'],
    [ollamaEmbed, { input: [] }, 'input'],
    [ollamaEmbed, { input: [1] }, 'input'],
    [ollamaEmbed, { input: 'a', dimensions: 0 }, 'dimensions'],
    [ollamaEmbeddingsLegacy, { input: 'a' }, 'prompt'],
    [ollamaEmbeddingsLegacy, { prompt: ['a'] }, 'prompt'],
  ])('are refused: %#', (dialect, more, param) => {
    expect(dialect.inspect({ model: 'm', ...more })).toMatchObject({ kind: 'invalid-request', param })
  })

  it('tell model and usage of a reply that passes', () => {
    const reply = '{"model":"m","embeddings":[[1]],"prompt_eval_count":4}'
    expect(ollamaEmbed.readReply(reply)).toEqual({ model: 'm', usage: { input: 4, output: 0 } })
    expect(ollamaEmbed.readReply('{"error":"model \'m\' not found"}')).toMatchObject({ kind: 'model-missing' })
    expect(ollamaEmbed.readReply('{"model":"m"}')).toMatchObject({ kind: 'bad-reply' })
    expect(ollamaEmbed.readReply('<html>')).toMatchObject({ kind: 'bad-reply' })
  })
})
