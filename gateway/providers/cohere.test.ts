import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { cohereReader } from './cohere-reader.ts'
import { cohere } from './cohere.ts'
import { answerOf, readReply } from './test/read-reply.ts'
import { testTarget } from './test/test-target.ts'

const target = testTarget(cohere)

describe('Cohere', () => {
  it.each([
    'https://api.cohere.com',
    'https://api.cohere.com/v1',
    'https://api.cohere.com/v2/',
    'https://api.cohere.com/v2/chat',
    'https://api.cohere.com/compatibility/v1',
  ])('is found from %s', (given) => {
    expect(cohere.normaliseBaseUrl?.(given)).toBe('https://api.cohere.com')
  })

  it('says what it cannot carry over', () => {
    const request = cohere.chat?.request(
      {
        model: 'any',
        messages: [{ role: 'user', content: [{ type: 'audio', base64: 'AA==', format: 'wav' }], name: undefined }],
        tools: [{ name: 'a', description: undefined, parameters: undefined, strict: undefined }],
        toolChoice: { name: 'a' },
        parallelToolCalls: false,
        sampling: { choices: 2, logitBias: { 1: 1 }, presencePenalty: 0 },
        format: undefined,
        reasoning: { effort: 'none' },
        user: 'u',
        prefill: undefined,
        extra: { metadata: {} },
      },
      target,
      { stream: true },
    )
    if (request === undefined || isFailure(request)) throw new Error('no request')
    expect(request.conversions?.map(({ field, matters }) => [field, matters])).toEqual([
      ['messages[0].content[0]', true],
      ['tool_choice', false],
      ['parallel_tool_calls', false],
      ['n', true],
      ['logit_bias', true],
      ['metadata', false],
    ])
    expect(JSON.parse(request.body)).toMatchObject({ tool_choice: 'REQUIRED', thinking: { type: 'disabled' } })
  })

  it('embeds texts, and says so of anything else', () => {
    const ask = {
      model: 'any',
      dimensions: 256,
      encoding: 'float',
      user: undefined,
      extra: { input_type: 'search_query' },
    } as const
    const request = cohere.embeddings?.request({ ...ask, inputs: ['a', 'b'] }, target)
    if (request === undefined || isFailure(request)) throw new Error('no request')
    expect(request.path).toBe('/v2/embed')
    expect(JSON.parse(request.body)).toEqual({
      model: 'real-model',
      texts: ['a', 'b'],
      input_type: 'search_query',
      embedding_types: ['float'],
      output_dimension: 256,
    })
    expect(cohere.embeddings?.request({ ...ask, inputs: [[1, 2]] }, target)).toMatchObject({ kind: 'unsupported' })
    const reply = { embeddings: { float: [[0.5, 1]] }, meta: { billed_units: { input_tokens: 3 } } }
    expect(cohere.embeddings?.reply(JSON.stringify(reply))).toEqual({ model: '', vectors: [[0.5, 1]], inputTokens: 3 })
    expect(cohere.embeddings?.reply('{"message":"invalid api token"}')).toHaveProperty('kind')
  })
})

describe("Cohere's answers in other forms", () => {
  const read = (reply: string): ReturnType<typeof answerOf> =>
    answerOf(readReply(cohereReader({ label: 'Cohere', keyEnv: [] }), Buffer.from(reply), 11))

  it('are a text instead of a list', () => {
    const reply = { id: 'x', message: { role: 'assistant', content: 'Hello' }, finish_reason: 'COMPLETE' }
    expect(read(JSON.stringify(reply))).toMatchObject({ text: 'Hello', finish: 'stop' })
  })

  it('have their one call in a list', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
    const events = [
      { type: 'tool-call-start', delta: { message: { tool_calls: [call] } } },
      { type: 'message-end', delta: { finish_reason: 'TOOL_CALL' } },
    ]
    const answer = read(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
    expect(answer).toMatchObject({ tools: [{ name: 'f', argumentsJson: '{}' }], finish: 'tool_calls' })
  })
})
