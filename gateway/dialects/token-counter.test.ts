import { describe, expect, it } from 'vitest'
import { responsesInputTokens, tokenCounter } from './token-counter.ts'

const USER = { role: 'user', content: 'Hello' }

describe("LiteLLM's token counter", () => {
  it.each([
    ['messages', { model: 'm', messages: [USER] }],
    ['a prompt', { model: 'm', prompt: 'Hello' }],
  ])('counts %s', (_what, body) => {
    expect(tokenCounter.inspect(body)).toMatchObject({ model: 'm' })
    expect(tokenCounter.parse(body)).toMatchObject({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] })
    expect(tokenCounter.write(7, body)).toMatchObject({ total_tokens: 7, request_model: 'm' })
  })

  it('says what is missing', () => {
    expect(tokenCounter.inspect({ model: 'm' })).toMatchObject({ kind: 'invalid-request', param: 'messages' })
  })
})

it('the tokens of a Responses request are told as OpenAI does', () => {
  const body = { model: 'm', input: 'Hello' }
  expect(responsesInputTokens.inspect(body)).toMatchObject({ model: 'm' })
  expect(responsesInputTokens.write(7, body)).toEqual({ object: 'response.input_tokens', input_tokens: 7 })
})
