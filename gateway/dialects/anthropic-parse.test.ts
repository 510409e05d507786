import { describe, expect, it } from 'vitest'
import type { AssistantMessage, ChatRequest } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { sealReasoning } from '../wire/sealed-reasoning.ts'
import { anthropicMessages } from './anthropic-messages.ts'

const question = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }
const user = (...content: JsonObject[]): JsonObject => ({ role: 'user', content })
const assistant = (...content: JsonObject[]): JsonObject => ({ role: 'assistant', content })
const call = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }

function parse(body: JsonObject): ChatRequest {
  const request = anthropicMessages.parse({ ...question, ...body })
  if (isFailure(request)) throw new Error(request.message)
  return request
}

const history = (...messages: JsonObject[]): ChatRequest => parse({ messages })

function said(...content: JsonObject[]): AssistantMessage {
  const [first] = history(assistant(...content)).messages
  if (first?.role !== 'assistant') throw new Error('no assistant')
  return first
}

describe('parsing a Messages request', () => {
  it.each([{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }])(
    'is left to an upstream of this wire when the conversation is to be kept there: %j',
    (thread) => {
      const refused = anthropicMessages.parse({ ...question, thread })
      expect(refused).toMatchObject({ kind: 'unsupported', code: 'thread_unsupported_request', param: 'thread' })
      expect(isFailure(anthropicMessages.parse({ ...question, thread: null }))).toBe(false)
    },
  )

  it('reads parameters', () => {
    const schema = { type: 'object' }
    expect(
      parse({
        temperature: 0.5,
        top_p: 0.9,
        top_k: 4,
        stop_sequences: ['END'],
        metadata: { user_id: 'u' },
        thinking: { type: 'enabled', budget_tokens: 2048 },
        output_config: { effort: 'high', format: { type: 'json_schema', schema } },
        tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
        service_tier: 'auto',
      }),
    ).toMatchObject({
      sampling: { temperature: 0.5, topP: 0.9, topK: 4, stop: ['END'], maxOutputTokens: 10 },
      user: 'u',
      reasoning: { effort: 'high', enabled: true, budgetTokens: 2048 },
      format: { type: 'json-schema', schema },
      toolChoice: { name: 'f' },
      parallelToolCalls: false,
      extra: { service_tier: 'auto' },
    })
  })

  it.each<[JsonObject, ChatRequest['toolChoice']]>([
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any' }, 'required'],
    [{ type: 'none' }, 'none'],
  ])('reads tool_choice %j', (tool_choice, expected) => {
    expect(parse({ tool_choice })).toMatchObject({ toolChoice: expected, parallelToolCalls: undefined })
  })

  it.each<[JsonObject, JsonValue]>([
    [{ thinking: { type: 'disabled' } }, { enabled: false }],
    [
      { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
      { enabled: true, effort: 'max' },
    ],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, { enabled: true, budgetTokens: 1024 }],
  ])('reads how to think from %j', (body, reasoning) => {
    expect(parse(body)).toMatchObject({ reasoning })
  })

  it('keeps what only Anthropic understands', () => {
    const keys = { context_management: { edits: [] }, container: 'c', mcp_servers: [], speed: 'fast' }
    const thinking = { type: 'adaptive', display: 'summarized' }
    const request = parse({ ...keys, thinking, output_config: { effort: 'low', task_budget: 5 } })
    expect(request.extra).toEqual({ ...keys, thinking, output_config: { task_budget: 5 } })
  })

  it('keeps tools of Anthropic apart from those of the client', () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 }
    const own = {
      type: 'custom',
      name: 'f',
      description: 'd',
      input_schema: { type: 'object' },
      strict: true,
      defer_loading: true,
    }
    const { tools, hostedTools } = parse({ tools: [search, own] })
    expect(hostedTools).toEqual([{ maker: 'anthropic', type: 'web_search_20250305', definition: search }])
    expect(tools).toEqual([
      { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true, extra: { defer_loading: true } },
    ])
  })

  it.each<[string, JsonValue, JsonValue]>([
    ['a string', 'Be brief.', [{ type: 'text', text: 'Be brief.' }]],
    [
      'a string with the header',
      'x-anthropic-billing-header: cc_version=2;\nBe brief.',
      [{ type: 'text', text: 'Be brief.' }],
    ],
    [
      'blocks behind the header',
      [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2; cch=1;' },
        { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
      ],
      [{ type: 'text', text: 'Be brief.', extra: { cache_control: { type: 'ephemeral' } } }],
    ],
  ])('reads system from %s', (_what, system, content) => {
    expect(parse({ system }).messages[0]).toMatchObject({ role: 'system', content })
  })

  it('reads no system from the header alone', () => {
    expect(parse({ system: 'x-anthropic-billing-header: cc_version=2;' }).messages).toHaveLength(1)
  })

  it('reads an instruction between the turns in its place', () => {
    const { messages } = history(
      user({ type: 'text', text: 'a' }),
      { role: 'system', content: 'b' },
      user({ type: 'text', text: 'c' }),
    )
    expect(messages.map(({ role }) => role)).toEqual(['user', 'system', 'user'])
  })

  it('puts results of tools before what the user says beside them', () => {
    const failed = { ...result, is_error: true, cache_control: { type: 'ephemeral' } }
    const { messages } = history(assistant(call), user({ type: 'text', text: 'and now?' }, failed))
    expect(messages.slice(1)).toEqual([
      {
        role: 'tool',
        toolCallId: 'toolu_1',
        content: [{ type: 'text', text: 'done' }],
        name: undefined,
        isError: true,
        extra: { cache_control: { type: 'ephemeral' } },
      },
      { role: 'user', content: [{ type: 'text', text: 'and now?' }], name: undefined },
    ])
  })

  it.each<[string, JsonObject, readonly JsonObject[]]>([
    [
      'a picture',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' }, cache_control: {} },
      [{ type: 'image', source: { base64: 'AA==', mediaType: 'image/png' }, extra: { cache_control: {} } }],
    ],
    [
      'a picture elsewhere',
      { type: 'image', source: { type: 'url', url: 'https://a/b' } },
      [{ type: 'image', source: { url: 'https://a/b' } }],
    ],
    [
      'an uploaded picture',
      { type: 'image', source: { type: 'file', file_id: 'file_1' } },
      [{ type: 'file', fileId: 'file_1', extra: { type: 'image' } }],
    ],
    [
      'a PDF',
      { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
      [{ type: 'file', filename: 'T', data: 'data:application/pdf;base64,JVBERi0=', extra: { title: 'T' } }],
    ],
    [
      'a document elsewhere',
      { type: 'document', source: { type: 'url', url: 'https://a/b' } },
      [{ type: 'file', data: 'https://a/b' }],
    ],
    [
      'an uploaded document',
      { type: 'document', source: { type: 'file', file_id: 'file_1' } },
      [{ type: 'file', fileId: 'file_1' }],
    ],
    [
      'plain text',
      { type: 'document', title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
      [
        { type: 'text', text: 'T' },
        { type: 'text', text: 'words' },
      ],
    ],
    [
      'plain text to be cited',
      {
        type: 'document',
        citations: { enabled: true },
        source: { type: 'text', media_type: 'text/plain', data: 'words' },
      },
      [{ type: 'file', data: 'data:text/plain;base64,d29yZHM=', extra: { citations: { enabled: true } } }],
    ],
    [
      'content of its own',
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'words' }] } },
      [{ type: 'text', text: 'words' }],
    ],
    [
      'a search result',
      { type: 'search_result', title: 'T', source: 'https://a', content: [{ type: 'text', text: 'words' }] },
      [{ type: 'text', text: 'T\nhttps://a\nwords' }],
    ],
  ])('reads %s, also in a result of a tool', (_what, block, parts) => {
    expect(history(user(block)).messages[0]).toMatchObject({ content: parts })
    expect(history(assistant(call), user({ ...result, content: [block] })).messages[1]).toMatchObject({
      content: parts,
    })
  })

  it('states what it cannot carry over', () => {
    const request = history(
      user({ type: 'container_upload', file_id: 'file_1' }),
      assistant(
        { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
        { type: 'text', text: 'found' },
      ),
    )
    expect(request.conversions).toMatchObject([
      { field: 'messages[0].content[0]', did: 'dropped', matters: true },
      { field: 'messages[1].content[0]', did: 'dropped', matters: false },
      { field: 'messages[1].content[1]', did: 'dropped', matters: false },
    ])
    expect(request.messages[1]).toMatchObject({ content: [{ type: 'text', text: 'found' }] })
  })

  it('reads what the assistant said, thought and called', () => {
    expect(
      said(
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'enc' },
        { type: 'text', text: 'so' },
        call,
      ),
    ).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'so' }],
      reasoning: [
        { text: 'hm', signature: 'sig', maker: 'anthropic' },
        { text: '', redacted: 'enc', maker: 'anthropic' },
      ],
      toolCalls: [{ id: 'toolu_1', name: 'f', argumentsJson: '{"a":1}' }],
      refusal: undefined,
      name: undefined,
      extra: {},
    })
  })

  it('opens sealed thoughts of other makers', () => {
    const sealed = sealReasoning([{ text: '', signature: 'gs', maker: 'google' }])
    expect(said({ type: 'thinking', thinking: 'hm', signature: sealed }).reasoning).toEqual([
      { text: 'hm', signature: 'gs', maker: 'google' },
    ])
    const encrypted = sealReasoning([{ text: '', redacted: 'enc', id: 'rs_1', maker: 'openai' }])
    expect(said({ type: 'redacted_thinking', data: encrypted }).reasoning).toEqual([
      { text: '', redacted: 'enc', id: 'rs_1', maker: 'openai' },
    ])
  })

  it('gives nobody a signature that nobody made', () => {
    expect(said({ type: 'thinking', thinking: 'hm', signature: '' }).reasoning).toEqual([{ text: 'hm' }])
    expect(said({ type: 'thinking', thinking: 'hm', signature: sealReasoning([]) }).reasoning).toEqual([{ text: 'hm' }])
    expect(said({ type: 'thinking', thinking: '', signature: '' }).reasoning).toEqual([])
  })

  it('keeps a thought behind the words that it followed', () => {
    const { messages } = history(
      assistant(
        { type: 'thinking', thinking: '1', signature: 'a' },
        { type: 'text', text: 'one' },
        { type: 'thinking', thinking: '2', signature: 'b' },
        call,
      ),
    )
    expect(messages).toMatchObject([
      { reasoning: [{ text: '1' }], content: [{ text: 'one' }], toolCalls: [] },
      { reasoning: [{ text: '2' }], content: [], toolCalls: [{ id: 'toolu_1' }] },
    ])
  })

  it.each<[string, JsonObject, JsonObject]>([
    [
      'of another maker',
      { type: 'thinking', thinking: '', signature: sealReasoning([{ text: '', signature: 's', maker: 'google' }]) },
      { signature: 's', maker: 'google' },
    ],
    [
      'behind which nothing was said',
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { text: 'hm', signature: 's' },
    ],
  ])('makes no message of a thought %s', (_what, thought, reasoning) => {
    expect(history(assistant({ type: 'text', text: 'so' }, thought)).messages).toMatchObject([
      { content: [{ text: 'so' }], reasoning: [reasoning] },
    ])
  })

  it('leaves the beginning of an answer at the end', () => {
    expect(
      history(user({ type: 'text', text: 'hi' }), { role: 'assistant', content: '{' }).messages.at(-1),
    ).toMatchObject({
      role: 'assistant',
      content: [{ type: 'text', text: '{' }],
    })
  })
})
