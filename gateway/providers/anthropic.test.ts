import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import { Secret } from '../contract/secret.ts'
import { anthropic } from './anthropic.ts'
import { findProvider } from './registry.ts'
import { testTarget } from './test/test-target.ts'

const target = testTarget(anthropic)
const chat: ChatRequest = {
  model: 'alias',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }], name: undefined }],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  sampling: { temperature: 0 },
  format: undefined,
  reasoning: undefined,
  user: undefined,
  prefill: undefined,
  extra: {},
}

describe('Anthropic', () => {
  it.each([
    ['https://api.anthropic.com', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/v1/', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/v1/messages', 'https://api.anthropic.com/v1'],
    ['https://api.z.ai/api/anthropic', 'https://api.z.ai/api/anthropic/v1'],
    ['http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1'],
    ['https://proxy.test/claude', 'https://proxy.test/claude'],
  ])('is found at %s', (given, expected) => {
    expect(anthropic.normaliseBaseUrl?.(given)).toBe(expected)
    expect(anthropic.normaliseBaseUrl?.(expected)).toBe(expected)
  })

  it('is given a key in its own header, and a token as a bearer', () => {
    expect(anthropic.headers({ ...target, key: new Secret('sk-ant-api03-x') })).toEqual({
      'anthropic-version': '2023-06-01',
      'x-api-key': 'sk-ant-api03-x',
    })
    const withToken = anthropic.headers({ ...target, key: new Secret('sk-ant-oat01-x') })
    expect(withToken).toMatchObject({ authorization: 'Bearer sk-ant-oat01-x' })
    expect(withToken).not.toHaveProperty('x-api-key')
  })

  it('counts the tokens of a chat', () => {
    const request = anthropic.tokenCount?.request(chat, target)
    if (request === undefined || isFailure(request)) throw new Error('no request')
    expect(request.path).toBe('/messages/count_tokens')
    expect(JSON.parse(request.body)).toEqual({
      model: 'real-model',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    })
    expect(anthropic.tokenCount?.reply('{"input_tokens":14}')).toBe(14)
    expect(anthropic.tokenCount?.reply('{"error":"no"}')).toMatchObject({ kind: 'bad-reply' })
  })

  it('tells a thread that is not found from a model that is not there', () => {
    const error = { type: 'not_found_error', message: 'No thread.', details: { error_code: 'thread_not_found' } }
    const head = { status: 404, headers: { 'content-type': 'application/json' } }
    const failure = anthropic.failure(head, JSON.stringify({ type: 'error', error }))
    expect(failure).toMatchObject({ kind: 'bad-request', status: 404, code: 'thread_not_found' })
    const missing = anthropic.failure(head, JSON.stringify({ type: 'error', error: { ...error, details: undefined } }))
    expect(missing.kind).toBe('model-missing')
  })

  it('lists its models with their windows', () => {
    const data = [{ type: 'model', id: 'claude-a', max_input_tokens: 200_000 }, { type: 'model', id: 'claude-b' }, {}]
    const body = JSON.stringify({ data, has_more: false, first_id: 'claude-a', last_id: 'claude-b' })
    expect(anthropic.listing?.models(body)).toEqual([{ id: 'claude-a', contextTokens: 200_000 }, { id: 'claude-b' }])
    expect(anthropic.listing?.models('<html>')).toEqual([])
  })

  it('sends what its target is configured to add', () => {
    const params = { ...target.params, extraBody: { inference_profile: 'x' } }
    const request = anthropic.chat?.request(
      { ...chat, extra: { inference_profile: 'x' } },
      { ...target, params },
      { stream: false },
    )
    if (request === undefined || isFailure(request)) throw new Error('no request')
    expect(JSON.parse(request.body)).toMatchObject({ inference_profile: 'x' })
    expect(request.conversions).toBeUndefined()
  })

  it('serves the names of LiteLLM', () => {
    expect(findProvider('anthropic_text')).toBe(anthropic)
  })
})
