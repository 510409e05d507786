import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../contract/json.ts'
import { sealReasoning } from '../wire/sealed-reasoning.ts'
import { anthropicVerbatimEdits } from './anthropic-verbatim.ts'

const ASKED = { role: 'user', content: 'Hi' }
const OWN = { type: 'thinking', thinking: 'Hm.', signature: 'EqQBCg==' }
const TEXT = { type: 'text', text: 'Hello' }
const GOOGLES = sealReasoning([{ text: 'Hm.', signature: 'g', maker: 'google' }])

function editsOf(content: JsonObject['content'], route: 'messages' | 'chat/completions' = 'messages'): JsonObject {
  return anthropicVerbatimEdits({ model: 'm', messages: [ASKED, { role: 'assistant', content }, ASKED] }, route)
}

describe('a conversation that goes on at Anthropic', () => {
  it.each([
    ['text', 'Hello'],
    ['blocks without thoughts', [TEXT]],
    ["Anthropic's own thoughts", [OWN, { type: 'redacted_thinking', data: 'Eabc' }, TEXT]],
  ])('is not touched: %s', (_what, content) => {
    expect(editsOf(content)).toEqual({})
  })

  it.each([
    ['nobody signed', { type: 'thinking', thinking: 'Hm.' }],
    ['bears an empty signature', { type: 'thinking', thinking: 'Hm.', signature: '' }],
    ['bears our mark for none', { type: 'thinking', thinking: 'Hm.', signature: sealReasoning([]) }],
    ['Google signed', { type: 'thinking', thinking: 'Hm.', signature: GOOGLES }],
    ['another maker encrypted', { type: 'redacted_thinking', data: GOOGLES }],
  ])('loses a thought that %s, and nothing else', (_what, thought) => {
    expect(editsOf([thought, OWN, TEXT])).toEqual({
      messages: [ASKED, { role: 'assistant', content: [OWN, TEXT] }, ASKED],
    })
  })

  it('loses a message that was nothing but such thoughts', () => {
    expect(editsOf([{ type: 'thinking', thinking: 'Hm.' }])).toEqual({ messages: [ASKED, ASKED] })
  })

  it('is nothing to other routes', () => {
    expect(editsOf([{ type: 'thinking', thinking: 'Hm.' }], 'chat/completions')).toEqual({})
  })
})
