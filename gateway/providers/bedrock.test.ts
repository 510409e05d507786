import { describe, expect, it } from 'vitest'
import type { EmbeddingsRequest } from '../contract/chat.ts'
import { bedrockMantle, bedrockOpenai } from './bedrock-openai.ts'
import { bedrock } from './bedrock.ts'
import { CLAUDE, LLAMA, chatDefaults, weather, targetOf, bodyOf } from './test/bedrock-chat.ts'

describe('errors', () => {
  it.each([
    [400, 'ValidationException', 'Input is too long for requested model.', 'context-length'],
    [400, 'ValidationException', 'Too many input tokens. Max input tokens: 8192', 'context-length'],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'model-missing'],
    [
      400,
      'ValidationException',
      'Invocation of model ID x with on-demand throughput isn’t supported.',
      'model-missing',
    ],
    [400, 'ValidationException', 'messages: at least one message is required', 'bad-request'],
    [400, 'ValidationException', 'This model doesn’t support tool use.', 'unsupported'],
    [403, 'ExpiredTokenException', 'The security token included in the request is expired', 'unauthorized-upstream'],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      'unauthorized-upstream',
    ],
    [
      403,
      'AccessDeniedException',
      'You don’t have access to the model with the specified model ID.',
      'unauthorized-upstream',
    ],
    [404, 'ResourceNotFoundException', 'Could not resolve the foundation model', 'model-missing'],
    [408, 'ModelTimeoutException', 'Model has timed out', 'upstream-timeout'],
    [424, 'ModelErrorException', 'The model failed', 'server-error'],
    [429, 'ThrottlingException', 'Too many requests', 'rate-limited'],
    [429, 'ModelNotReadyException', 'Model is not ready for inference', 'overloaded'],
    [400, 'ServiceQuotaExceededException', 'Your request exceeds the quota', 'rate-limited'],
    [500, 'InternalServerException', 'Internal', 'server-error'],
    [503, 'ServiceUnavailableException', 'Unavailable', 'overloaded'],
  ])('%i %s %s: %s', (status, type, message, kind) => {
    const headers = { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/` }
    const failure = bedrock.failure({ status, headers }, JSON.stringify({ message }))
    expect(failure).toMatchObject({ kind, status, type })
    const inBody = JSON.stringify({ Message: message, __type: `com.amazon.coral.service#${type}` })
    expect(bedrock.failure({ status, headers: {} }, inBody)).toMatchObject({ kind, status, type })
  })

  it.each([
    ['ExpiredTokenException', 'The token is expired', 'aws sso login'],
    ['AccessDeniedException', 'You have no access', 'console'],
    ['ValidationException', 'on-demand throughput isn’t supported', 'inference profile'],
  ])('%s says what to do', (type, message, says) => {
    const failure = bedrock.failure({ status: 400, headers: { 'x-amzn-errortype': type } }, JSON.stringify({ message }))
    expect(failure.message).toContain(says)
  })
})

describe('embeddings', () => {
  const request: EmbeddingsRequest = {
    model: 'alias',
    inputs: ['a'],
    dimensions: undefined,
    encoding: 'float',
    user: undefined,
    extra: {},
  }

  it.each([
    ['amazon.titan-embed-text-v2:0', { inputText: 'a', dimensions: 256, normalize: false }],
    [
      'cohere.embed-english-v3',
      { texts: ['a'], input_type: 'search_document', truncate: 'NONE', output_dimension: 256 },
    ],
    [
      'amazon.nova-2-multimodal-embeddings-v1:0',
      {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: {
          embeddingPurpose: 'GENERIC_INDEX',
          embeddingDimension: 256,
          text: { truncationMode: 'NONE', value: 'a' },
        },
      },
    ],
  ])('are asked of %s', (model, expected) => {
    const extra = { normalize: false }
    const http = bedrock.embeddings?.request({ ...request, dimensions: 256, extra }, targetOf(model))
    expect(bodyOf(http)).toEqual(expected)
    expect(http).toMatchObject({ path: expect.stringMatching(/^\/model\/[^/]+\/invoke$/) })
  })

  it('take so many texts at once', () => {
    expect(bedrock.embeddings?.maxInputs?.(targetOf('cohere.embed-v4:0'))).toBe(96)
    expect(bedrock.embeddings?.maxInputs?.(targetOf('amazon.titan-embed-text-v1'))).toBe(1)
    const two = bedrock.embeddings?.request({ ...request, inputs: ['a', 'b'] }, targetOf('amazon.titan-embed-text-v1'))
    expect(two).toMatchObject({ kind: 'unsupported' })
    const tokens = bedrock.embeddings?.request({ ...request, inputs: [[1, 2]] }, targetOf('cohere.embed-v4:0'))
    expect(tokens).toMatchObject({ kind: 'unsupported' })
  })

  it.each([
    [{ embedding: [1, 2], inputTextTokenCount: 7 }, [[1, 2]], 7],
    [{ embeddings: [[1], [2]], response_type: 'embeddings_floats' }, [[1], [2]], undefined],
    [{ embeddings: { float: [[1], [2]] }, response_type: 'embeddings_by_type' }, [[1], [2]], undefined],
    [{ embeddings: [{ embeddingType: 'TEXT', embedding: [3] }] }, [[3]], undefined],
  ])('come as %j', (reply, vectors, inputTokens) => {
    expect(bedrock.embeddings?.reply(JSON.stringify(reply))).toEqual({ model: '', vectors, inputTokens })
  })

  it.each(['', '<html>', '{"embedding":["x"]}', '{"embeddings":[]}'])('do not come in %j', (reply) => {
    expect(bedrock.embeddings?.reply(reply)).toMatchObject({ kind: 'bad-reply' })
  })
})

describe('counting tokens', () => {
  it('is for Claude, over the same conversation', () => {
    const counted = bedrock.tokenCount?.request({ ...chatDefaults, tools: [weather] }, targetOf(CLAUDE))
    expect(counted).toMatchObject({ path: expect.stringMatching(/count-tokens$/) })
    expect(bodyOf(counted)).toMatchObject({ input: { converse: { messages: [{ role: 'user' }], toolConfig: {} } } })
    expect(bedrock.tokenCount?.request(chatDefaults, targetOf(LLAMA))).toMatchObject({ kind: 'unsupported' })
    expect(bedrock.tokenCount?.reply('{"inputTokens":12}')).toBe(12)
    expect(bedrock.tokenCount?.reply('{}')).toMatchObject({ kind: 'bad-reply' })
  })
})

describe('addresses and signatures', () => {
  it.each([
    [{ region: 'eu-central-1' }, 'https://bedrock-runtime.eu-central-1.amazonaws.com'],
    [{ region: 'us-gov-west-1' }, 'https://bedrock-runtime.us-gov-west-1.amazonaws.com'],
    [{ region: 'cn-north-1' }, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    [{ region: 'us-east-1', endpoint: 'https://vpce.test' }, 'https://vpce.test'],
    [{ region: 'evil.test/' }, undefined],
    [{}, undefined],
  ])('%j leads to %s', (settings, url) => {
    expect(bedrock.baseUrlFrom?.(settings)).toBe(url)
    expect(bedrockOpenai.baseUrlFrom?.(settings)).toBe(url === undefined ? undefined : `${url}/openai/v1`)
  })

  it('need no signature with a key', () => {
    const keyless = targetOf(CLAUDE, { key: undefined, baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com' })
    expect(bedrock.signing?.(targetOf(CLAUDE))).toBeUndefined()
    expect(bedrock.headers(keyless)).toEqual({})
    expect(bedrock.signing?.(keyless)).toEqual({ kind: 'aws-sigv4', service: 'bedrock', region: 'eu-west-1' })
    const local = { ...keyless, baseUrl: 'http://127.0.0.1:1', settings: { region: 'us-west-2' } }
    expect(bedrockOpenai.signing?.(local)).toMatchObject({ service: 'bedrock', region: 'us-west-2' })
    expect(bedrockMantle.signing?.(local)).toMatchObject({ service: 'bedrock-mantle', region: 'us-west-2' })
    expect(bedrockMantle.baseUrlFrom?.({ region: 'us-west-2' })).toBe('https://bedrock-mantle.us-west-2.api.aws/v1')
  })
})
