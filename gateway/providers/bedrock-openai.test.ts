import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../contract/chat.ts'
import { bedrockMantle, bedrockOpenai } from './bedrock-openai.ts'
import { testTarget } from './test/test-target.ts'

const chat: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }], name: undefined }],
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

describe.each([bedrockOpenai, bedrockMantle])('$label', (provider) => {
  it.each([
    { model: 'openai.gpt-oss-120b', path: '/chat/completions' },
    { model: 'responses/openai.gpt-oss-120b', path: '/responses' },
  ])('asks for $model at $path', ({ model, path }) => {
    const request = provider.chat?.request(chat, { ...testTarget(provider), model }, { stream: true })
    expect(request).toMatchObject({ path })
    expect(JSON.stringify(request)).not.toContain('responses/openai')
  })
})
