import type Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message, Part } from '../contract/chat.ts'
import { bodyOf, OPUS, reportOf, said, silent, weather } from './test/anthropic-chat.ts'

describe('a Messages request', () => {
  it("is one that Anthropic's own types accept", () => {
    const expected: Anthropic.MessageCreateParamsNonStreaming = {
      model: OPUS,
      max_tokens: 128_000,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
            { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Bern' } },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: '12' }] }],
        },
      ],
      tools: [{ name: 'get_weather', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: {
        effort: 'low',
        format: {
          type: 'json_schema',
          schema: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
        },
      },
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
    }
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const chat: Partial<ChatRequest> = {
      messages: [
        said('system', 'Be brief.'),
        said('user', 'hi'),
        {
          ...silent,
          reasoning: [{ text: 'Hm.', signature: 'c2ln', maker: 'anthropic' }],
          toolCalls: [{ id: 'toolu_1', name: 'get_weather', argumentsJson: '{"city":"Bern"}' }],
        },
        { role: 'tool', toolCallId: 'toolu_1', content: [{ type: 'text', text: '12' }], name: undefined },
      ],
      tools: [weather],
      parallelToolCalls: false,
      reasoning: { effort: 'low' },
      format: { type: 'json-schema', name: 'x', schema, strict: true },
      sampling: { stop: ['END'] },
      user: 'u1',
    }
    expect(bodyOf(chat, OPUS)).toEqual(expected)
    expect(reportOf(chat, OPUS)).toEqual([])
  })

  it('begins with the user, who speaks in one turn at a time', () => {
    const messages = [said('assistant', 'Welcome.'), said('user', ' '), said('user', 'a'), said('user', 'b')]
    expect(bodyOf({ messages })['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: '.' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Welcome.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ])
    expect(reportOf({ messages })).toEqual(['messages repaired'])
  })

  it('has a turn even where there are only instructions', () => {
    const { system, messages } = bodyOf({ messages: [said('system', 'Say hello.')] })
    expect(system).toBeUndefined()
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }])
  })

  it('ends without white space where the assistant has begun its answer', () => {
    const messages = [said('user', 'a'), said('assistant', 'The answer is: \n')]
    expect(JSON.stringify(bodyOf({ messages })['messages'])).toContain('"The answer is:"')
  })

  it.each<[string, Part, unknown]>([
    ['audio', { type: 'audio', base64: 'YQ==', format: 'wav' }, undefined],
    ['a bitmap', { type: 'image', source: { base64: 'YQ==', mediaType: 'image/bmp' } }, undefined],
    ['a broken address', { type: 'image', source: { url: 'cat.png' } }, undefined],
    ['a spreadsheet', { type: 'file', data: 'data:application/vnd.ms-excel;base64,YQ==' }, undefined],
    ['a file without anything', { type: 'file', filename: 'a.pdf' }, undefined],
    [
      'plain text',
      { type: 'file', filename: 'a.txt', data: 'data:text/plain,caf%C3%A9' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'café' }, title: 'a.txt' },
    ],
    [
      'an image sent as a file',
      { type: 'file', data: 'data:image/png;base64,YQ==' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'YQ==' } },
    ],
    [
      'an uploaded image',
      { type: 'file', fileId: 'file_1', filename: 'cat.JPG' },
      { type: 'image', source: { type: 'file', file_id: 'file_1' } },
    ],
    [
      'a PDF by address',
      { type: 'file', data: 'https://x.test/a.pdf', extra: { title: 'Report', detail: 'x' } },
      { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' }, title: 'Report' },
    ],
    [
      'a PDF as bare base64',
      { type: 'file', data: 'JVBERi0xLjc=' },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjc=' } },
    ],
  ])('carries %s, or says that it cannot', (_name, part, block) => {
    const messages = [said('user', 'look', [part])]
    const expected = [{ type: 'text', text: 'look' }, ...(block === undefined ? [] : [block])]
    expect(bodyOf({ messages })['messages']).toEqual([{ role: 'user', content: expected }])
    expect(reportOf({ messages })).toEqual(block === undefined ? ['messages[0].content[1] dropped!'] : [])
  })

  it('keeps arguments that are no object where the model can see its mistake', () => {
    const call = { id: 'a', name: 'f', argumentsJson: '{"city":' }
    const assistant: Message = { ...silent, toolCalls: [call] }
    const body = bodyOf({ messages: [said('user', 'a'), assistant] })
    expect(JSON.stringify(body['messages'])).toContain('"input":{"arguments":"{\\"city\\":"}')
  })
})
