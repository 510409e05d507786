import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../contract/chat.ts'
import { limits } from '../contract/limits.ts'
import { createTokenCounter } from './counter.ts'

const NOTHING: ChatRequest = {
  model: 'm',
  messages: [],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  sampling: {},
  format: undefined,
  reasoning: undefined,
  user: undefined,
  prefill: undefined,
  extra: {},
}

function asking(text: string): ChatRequest {
  return { ...NOTHING, messages: [{ role: 'user', content: [{ type: 'text', text }], name: undefined }] }
}

describe('createTokenCounter', () => {
  it('counts as the tokenizer of present models does', async () => {
    const counter = createTokenCounter()
    expect(await counter.countText('hello world')).toBe(2)
    expect(await counter.countText('<|endoftext|>')).toBeGreaterThan(1)
    expect(await counter.countText('')).toBe(0)
  })

  it('counts what a model reads of a chat: texts, tools, thoughts and calls', async () => {
    const counter = createTokenCounter()
    const plain = await counter.countChat(asking('What is the weather in Paris?'))
    const parameters = { type: 'object', properties: { city: { type: 'string' } } }
    const tool = { name: 'get_weather', description: 'Tells the weather', parameters, strict: undefined }
    const withTool = await counter.countChat({ ...asking('What is the weather in Paris?'), tools: [tool] })
    expect(plain).toBeGreaterThan(7)
    expect(withTool - plain).toBeGreaterThan(15)
  })

  it('takes the middle of a very long text to be like its ends', async () => {
    const counter = createTokenCounter()
    const words = 'word '.repeat(limits.countedChars)
    expect(Math.abs((await counter.countText(words)) / limits.countedChars - 1)).toBeLessThan(0.05)
  })

  it('estimates by length until the tokenizer is there', async () => {
    let finish: (count: (text: string) => number) => void = () => undefined
    const counter = createTokenCounter(() => new Promise((resolve) => (finish = resolve)))
    expect(counter.estimateText('12345678')).toBe(2)
    finish(() => 77)
    expect(await counter.countText('')).toBe(77)
    expect(counter.estimateText('12345678')).toBe(77)
  })

  it('goes on estimating when the tokenizer cannot be loaded', async () => {
    const counter = createTokenCounter(() => Promise.reject(new Error('not there')))
    expect(counter.estimateText('1234')).toBe(1)
    await expect(counter.countText('1234')).rejects.toThrow('not there')
    expect(counter.estimateText('1234')).toBe(1)
  })
})
