import { describe, expect, it } from 'vitest'
import type { EmbeddingsRequest } from '../contract/chat.ts'
import { huggingface } from './huggingface.ts'
import { testTarget } from './test/test-target.ts'

const request: EmbeddingsRequest = {
  model: 'm',
  inputs: ['a', 'b'],
  dimensions: undefined,
  encoding: 'float',
  user: undefined,
  extra: {},
}
const router = { ...testTarget(huggingface), model: 'sentence-transformers/all-MiniLM-L6-v2' }

describe('embeddings of Hugging Face', () => {
  it('are asked of its own servers by the name of the model', () => {
    const asked = huggingface.embeddings?.request(request, router)
    expect(asked).toMatchObject({
      path: '/hf-inference/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction',
      fromRoot: true,
      body: '{"inputs":["a","b"]}',
    })
    const hostile = huggingface.embeddings?.request(request, { ...router, model: '../../x?y' })
    expect(hostile).toMatchObject({
      path: '/hf-inference/models/%252E%252E/%252E%252E/x%3Fy/pipeline/feature-extraction',
    })
    expect(huggingface.embeddings?.request({ ...request, inputs: [[1, 2]] }, router)).toMatchObject({
      kind: 'unsupported',
    })
  })

  it("are asked on OpenAI's route at an endpoint of one's own", () => {
    const own = { ...router, baseUrl: 'https://abc.endpoints.huggingface.cloud/v1' }
    expect(huggingface.embeddings?.request(request, own)).toMatchObject({ path: '/embeddings' })
  })

  it.each([
    ['one vector', '[0.5,1]', [[0.5, 1]]],
    [
      'a vector for each text',
      '[[0.5,1],[2,3]]',
      [
        [0.5, 1],
        [2, 3],
      ],
    ],
    [
      'vectors of tokens, of which the mean is taken',
      '[[[1,2],[3,4]],[[5,6]]]',
      [
        [2, 3],
        [5, 6],
      ],
    ],
    ["OpenAI's form", '{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":2}}', [[1]]],
  ])('are read as %s', (_what, body, vectors) => {
    expect(huggingface.embeddings?.reply(body)).toMatchObject({ vectors })
  })

  it.each(['[]', '["a"]', '[[1],"b"]', '{}', ''])('are not read from %s', (body) => {
    expect(huggingface.embeddings?.reply(body)).toMatchObject({ kind: 'bad-reply' })
  })

  it('say what is wrong', () => {
    expect(
      huggingface.embeddings?.reply('{"error":"Model x is currently loading","estimated_time":20.0}'),
    ).toMatchObject({
      message: expect.stringContaining('loading'),
    })
  })
})
