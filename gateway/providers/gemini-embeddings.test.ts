import { describe, expect, it } from 'vitest'
import type { EmbeddingsRequest } from '../contract/chat.ts'
import { gemini } from './gemini.ts'
import { bodyOf } from './test/chat-request.ts'
import { testTarget } from './test/test-target.ts'
import { vertex } from './vertex.ts'

const request: EmbeddingsRequest = {
  model: 'alias',
  inputs: ['a', 'b'],
  dimensions: 8,
  encoding: 'float',
  user: undefined,
  extra: { task_type: 'RETRIEVAL_QUERY' },
}

describe('embeddings of Google', () => {
  it('are asked of Gemini in one batch', () => {
    const asked = gemini.embeddings?.request(request, { ...testTarget(gemini), model: 'gemini-embedding-001' })
    expect(asked).toMatchObject({ path: '/models/gemini-embedding-001:batchEmbedContents' })
    const rest = { model: 'models/gemini-embedding-001', outputDimensionality: 8, taskType: 'RETRIEVAL_QUERY' }
    expect(bodyOf(asked)).toEqual({
      requests: ['a', 'b'].map((text) => ({ ...rest, content: { parts: [{ text }] } })),
    })
    expect(gemini.embeddings?.maxInputs?.(testTarget(gemini))).toBe(100)
  })

  it('are asked of Vertex as it has them', () => {
    const target = { ...testTarget(vertex), model: 'text-embedding-005', settings: { project: 'p' } }
    const asked = vertex.embeddings?.request(request, target)
    expect(asked).toMatchObject({
      path: '/projects/p/locations/us-central1/publishers/google/models/text-embedding-005:predict',
    })
    expect(bodyOf(asked)).toEqual({
      instances: ['a', 'b'].map((content) => ({ content, task_type: 'RETRIEVAL_QUERY' })),
      parameters: { outputDimensionality: 8 },
    })
    expect(vertex.embeddings?.maxInputs?.(target)).toBe(5)
    const newer = { ...target, model: 'gemini-embedding-2' }
    expect(vertex.embeddings?.maxInputs?.(newer)).toBe(1)
    expect(vertex.embeddings?.request({ ...request, inputs: ['a'] }, newer)).toMatchObject({
      path: expect.stringMatching(/gemini-embedding-2:embedContent$/),
    })
  })

  it.each<[string, unknown, readonly (readonly number[])[], number | undefined]>([
    ['Gemini', { embeddings: [{ values: [1, 2] }, { values: [3] }] }, [[1, 2], [3]], undefined],
    ['Gemini with its usage', { embeddings: [{ values: [1] }], usageMetadata: { promptTokenCount: 4 } }, [[1]], 4],
    ['one content', { embedding: { values: [1] } }, [[1]], undefined],
    [
      'Vertex',
      {
        predictions: [
          { embeddings: { values: [1], statistics: { token_count: 2 } } },
          { embeddings: { values: [2], statistics: { token_count: 3 } } },
        ],
      },
      [[1], [2]],
      5,
    ],
  ])('are read from the reply of %s', (_name, reply, vectors, inputTokens) => {
    expect(gemini.embeddings?.reply(JSON.stringify(reply))).toEqual({ model: '', vectors, inputTokens })
  })

  it.each(['', '{}', '{"embeddings":[{"values":"x"}]}', '<html>'])('take %j for no reply', (body) => {
    expect(vertex.embeddings?.reply(body)).toMatchObject({ kind: 'bad-reply' })
  })

  it('embed text only', () => {
    expect(gemini.embeddings?.request({ ...request, inputs: [[1, 2]] }, testTarget(gemini))).toMatchObject({
      kind: 'unsupported',
    })
  })
})

describe('the list of Gemini', () => {
  it('tells windows and abilities', () => {
    const models = [
      {
        name: 'models/gemini-2.5-flash',
        inputTokenLimit: 1_048_576,
        supportedGenerationMethods: ['generateContent', 'countTokens'],
        thinking: true,
      },
      { name: 'models/gemini-embedding-001', supportedGenerationMethods: ['embedContent', 'batchEmbedContents'] },
      { name: 'models/gemma-3-27b-it', supportedGenerationMethods: ['generateContent'] },
      { displayName: 'nameless' },
    ]
    expect(gemini.listing?.models(JSON.stringify({ models }))).toEqual([
      {
        id: 'gemini-2.5-flash',
        contextTokens: 1_048_576,
        capabilities: ['chat', 'tools', 'vision', 'audio', 'reasoning'],
      },
      { id: 'gemini-embedding-001', capabilities: ['embedding'] },
      { id: 'gemma-3-27b-it', capabilities: ['chat'] },
    ])
    expect(gemini.listing?.models('<html>')).toEqual([])
  })
})
