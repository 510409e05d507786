import { describe, expect, it } from 'vitest'
import { llamacpp } from './llamacpp.ts'
import { chatWith, userSays } from './test/chat-request.ts'
import { testTarget } from './test/test-target.ts'
import { vllm } from './vllm.ts'

const chat = chatWith({ messages: [userSays('Hello')] })

describe('the tokenizer of a runner', () => {
  it("vLLM's is asked at its root, with the messages as its template wants them", () => {
    const request = vllm.tokenCount?.request(chat, { ...testTarget(vllm), model: 'qwen' })
    expect(request).toMatchObject({ path: '/tokenize', fromRoot: true })
    expect(request !== undefined && 'body' in request && JSON.parse(request.body)).toEqual({
      model: 'qwen',
      messages: [{ role: 'user', content: 'Hello' }],
      add_generation_prompt: true,
    })
    expect(vllm.tokenCount?.reply('{"count":42,"max_model_len":4096,"tokens":[1,2]}')).toBe(42)
  })

  it("llama.cpp's is asked for a text", () => {
    const request = llamacpp.tokenCount?.request(chat, testTarget(llamacpp))
    expect(request).toMatchObject({ path: '/tokenize', fromRoot: true })
    expect(request !== undefined && 'body' in request && request.body).toContain('Hello')
    expect(llamacpp.tokenCount?.reply('{"tokens":[1,2,3]}')).toBe(3)
  })

  it.each([
    ['vLLM', vllm],
    ['llama.cpp', llamacpp],
  ])('that answers something else is a failure: %s', (_name, { tokenCount }) => {
    for (const body of ['', '<html>', '{"error":"no"}']) {
      expect(tokenCount?.reply(body)).toMatchObject({ kind: 'bad-reply' })
    }
  })
})
