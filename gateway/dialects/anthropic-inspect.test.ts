import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { anthropicCountTokens } from './anthropic-count-tokens.ts'
import { anthropicMessages } from './anthropic-messages.ts'

const question = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }
const user = (...content: JsonObject[]): JsonObject => ({ role: 'user', content })
const assistant = (...content: JsonObject[]): JsonObject => ({ role: 'assistant', content })
const call = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }

describe('inspecting a Messages request', () => {
  it.each<[string, JsonObject[]]>([
    ['the result of a call in it', [user(result)]],
    ['nothing, where an unfinished turn goes on', []],
  ])('lets a request that goes on from a thread send only what is new: %s', (_name, messages) => {
    const thread = { type: 'continue', previous_message_id: 'msg_1' }
    expect(isFailure(anthropicMessages.inspect({ ...question, thread, messages }))).toBe(false)
    expect(isFailure(anthropicMessages.inspect({ ...question, thread: { type: 'create' }, messages }))).toBe(true)
  })

  it.each<[string, JsonObject, RegExp]>([
    ['max_tokens', { max_tokens: undefined }, /missing/],
    ['max_tokens', { max_tokens: '10' }, /whole number/],
    ['model', { model: undefined }, /missing/],
    ['messages', { messages: undefined }, /missing/],
    ['messages', { messages: [] }, /empty/],
    ['messages.0', { messages: ['hi'] }, /object/],
    ['messages.0.role', { messages: [{ role: 'tool', content: 'x' }] }, /unknown/],
    ['messages.0.content', { messages: [{ role: 'user' }] }, /missing/],
    ['messages.0.content.1', { messages: [user({ type: 'text', text: '' }, { text: 'x' })] }, /type/],
    ['messages.0.content.0.text', { messages: [user({ type: 'text' })] }, /missing\. It must be a string/],
    ['messages.0.content.0.source', { messages: [user({ type: 'image' })] }, /base64/],
    [
      'messages.0.content.0.source.data',
      { messages: [user({ type: 'image', source: { type: 'base64', media_type: 'image/png' } })] },
      /missing/,
    ],
    ['messages.0.content.0.name', { messages: [assistant({ type: 'tool_use', id: 'x' })] }, /missing/],
    ['messages.0.content.0.tool_use_id', { messages: [user(result)] }, /not there/],
    [
      'messages.1.content.0.content.0.text',
      { messages: [assistant(call), user({ ...result, content: [{ type: 'text' }] })] },
      /missing/,
    ],
    ['system.0.text', { system: [{ type: 'text' }] }, /missing/],
    ['tools', { tools: {} }, /array/],
    ['tools.0.input_schema', { tools: [{ name: 'f' }] }, /missing/],
    ['tools.0.name', { tools: [{ name: 'a b', input_schema: {} }] }, /not a valid name/],
    ['tool_choice', { tool_choice: 'auto' }, /"auto"/],
    ['tool_choice.name', { tool_choice: { type: 'tool' } }, /missing/],
    ['temperature', { temperature: 'hot' }, /number/],
    ['thinking', { thinking: true }, /object/],
    ['stream', { stream: 1 }, /true or false/],
    ['stop_sequences', { stop_sequences: 'x' }, /array/],
    ['output_config.format', { output_config: { format: { type: 'json_schema' } } }, /schema/],
  ])('names %s', (param, change, says) => {
    const failure = anthropicMessages.inspect({ ...question, ...change })
    expect(failure).toMatchObject({ kind: 'invalid-request', status: 400, param })
    if (isFailure(failure)) {
      expect(failure.message).toMatch(says)
      expect(failure.message).toContain(param)
    }
  })

  it.each<[string, JsonObject]>([
    ['blocks that are not known', { messages: [user({ type: 'hologram', of: 'you' })] }],
    [
      'tools that Anthropic runs',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }, { type: 'mcp_toolset' }] },
    ],
    [
      'an instruction between the turns',
      {
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'system', content: 'Be brief.' },
        ],
      },
    ],
    [
      'nulls for what was not sent',
      { system: null, tools: null, tool_choice: null, thinking: null, temperature: null },
    ],
    ['keys that are not known', { context_management: { edits: [] }, speed: 'fast' }],
  ])('takes %s', (_what, change) => {
    expect(isFailure(anthropicMessages.inspect({ ...question, ...change }))).toBe(false)
  })

  it('tells what planning needs', () => {
    const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(100_000) } }
    const facts = anthropicMessages.inspect({
      ...question,
      stream: true,
      thinking: { type: 'adaptive' },
      tools: [{ name: 'f', input_schema: {} }],
      messages: [user({ type: 'text', text: 'look' }), assistant(call), user({ ...result, content: [picture] })],
    })
    expect(facts).toMatchObject({ operation: 'chat', stream: true, needs: ['tools', 'vision'], maxOutputTokens: 10 })
    // A picture is not counted by the length of its base64.
    expect(isFailure(facts) ? 0 : facts.promptTokensEstimate).toBeLessThan(2_000)
  })

  it('needs no tools of a model where only Anthropic runs them, or none may be called', () => {
    const hosted = { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }
    const forbidden = { tools: [{ name: 'f', input_schema: {} }], tool_choice: { type: 'none' } }
    expect(anthropicMessages.inspect({ ...question, ...hosted })).toMatchObject({ needs: [] })
    expect(anthropicMessages.inspect({ ...question, ...forbidden })).toMatchObject({ needs: [] })
  })
})

describe('counting tokens', () => {
  it('needs no max_tokens, never streams, and answers a number', () => {
    const { max_tokens: _none, ...body } = question
    expect(anthropicCountTokens.inspect({ ...body, stream: true })).toMatchObject({ operation: 'count', stream: false })
    expect(anthropicCountTokens.inspect({ ...body, messages: [] })).toMatchObject({ param: 'messages' })
    expect(anthropicCountTokens.write(7, {})).toEqual({ input_tokens: 7 })
  })
})
