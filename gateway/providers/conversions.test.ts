import { describe, expect, test } from 'vitest'
import type { ChatRequest, HostedTool } from '../contract/chat.ts'
import type { Provider } from '../contract/provider.ts'
import { anthropic } from './anthropic.ts'
import { bedrock } from './bedrock.ts'
import { cohere } from './cohere.ts'
import { gemini } from './gemini.ts'
import { groq } from './groq.ts'
import { openai } from './openai.ts'
import { chatWith } from './test/chat-request.ts'
import { testTarget } from './test/test-target.ts'

/** Of a maker that none of these providers is. */
const foreign = (provider: Provider): HostedTool => {
  const maker = provider === openai ? 'anthropic' : 'openai'
  return { maker, type: 'code_interpreter', definition: { type: 'code_interpreter' } }
}

const look = { name: 'look', description: undefined, parameters: undefined, strict: undefined }

const asked: readonly (readonly [string, Partial<ChatRequest>, boolean])[] = [
  ['only offers it', {}, false],
  ['must call some tool and has no other', { toolChoice: 'required' }, true],
  ['must call some tool and has others', { toolChoice: 'required', tools: [look] }, false],
  ['names it', { toolChoice: { name: 'code_interpreter' }, tools: [look] }, true],
]

describe.each([
  [anthropic, 'claude-sonnet-4-5'],
  [bedrock, 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
  [cohere, 'command-a-03-2025'],
  [gemini, 'gemini-2.5-flash'],
  [groq, 'openai/gpt-oss-20b'],
  [openai, 'responses/gpt-5'],
])('$id, offered a tool that its maker alone runs', (provider, model) => {
  test.each(asked)('by a request that %s', (_, given, matters) => {
    const chat = chatWith({ hostedTools: [foreign(provider)], ...given })
    const request = provider.chat?.request(chat, { ...testTarget(provider), model }, { stream: false })
    expect(request).toMatchObject({
      conversions: expect.arrayContaining([
        expect.objectContaining({ field: 'tools (code_interpreter)', did: 'dropped', matters }),
      ]),
    })
  })
})
