import { assert, constantFrom, integer, property } from 'fast-check'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { AnthropicEvents } from './anthropic-events.ts'
import { anthropicReader } from './anthropic-reader.ts'
import { anthropic } from './anthropic.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply } from './test/read-reply.ts'

const upstream = { label: 'Anthropic', keyEnv: [] }
const start: JsonObject = {
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', model: 'm', content: [], usage: { input_tokens: 0, output_tokens: 0 } },
}
const stop: JsonObject = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { input_tokens: 4, output_tokens: 2 },
}

function sse(events: readonly JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `event: message\ndata: ${JSON.stringify(event)}\n\n`).join(''))
}

function read(events: readonly JsonObject[] | string): readonly StreamEvent[] {
  const reply = typeof events === 'string' ? Buffer.from(events) : sse(events)
  const found = readReply(anthropicReader(upstream), reply, 11)
  expect(grammarBreach(found)).toBeUndefined()
  return found
}

function block(index: number, content: JsonObject, ...deltas: readonly JsonObject[]): readonly JsonObject[] {
  return [
    { type: 'content_block_start', index, content_block: content },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

describe('a Messages stream', () => {
  it('means the same however it is cut', () => {
    const root = join(import.meta.dirname, '__fixtures__/anthropic')
    const replies = readdirSync(root)
      .map((name) => join(root, name, 'reply.txt'))
      .filter(existsSync)
      .map((path) => readFileSync(path))
    expect(replies.length).toBeGreaterThan(3)
    assert(
      property(
        constantFrom(...replies),
        integer({ min: 1, max: 400 }),
        integer({ min: 0, max: 400 }),
        (reply, size, at) => {
          const reader = anthropicReader(upstream)
          const events = [...reader.push(reply.subarray(0, at)), ...readReply(reader, reply.subarray(at), size)]
          expect(events).toEqual(readReply(anthropicReader(upstream), reply, reply.length))
        },
      ),
    )
  })

  it('tells the usage once it is known, as some servers know it only at the end', () => {
    expect(read([start, ...block(0, { type: 'text', text: 'Hi' }), stop])).toEqual([
      { type: 'start', model: 'm', upstreamId: 'msg_1' },
      { type: 'text-delta', text: 'Hi' },
      { type: 'usage', usage: { input: 4, output: 2 } },
      { type: 'end', reason: 'stop', rawReason: 'end_turn' },
    ])
  })

  it.each<[string, readonly JsonObject[], string]>([
    [
      'in pieces',
      block(
        0,
        { type: 'tool_use', id: 'a', name: 'f', input: {} },
        { type: 'input_json_delta', partial_json: '{"a"' },
        { type: 'input_json_delta', partial_json: ':1}' },
      ),
      '{"a":1}',
    ],
    ['at its start', block(0, { type: 'tool_use', id: 'a', name: 'f', input: { a: 1 } }), '{"a":1}'],
    ['never', block(0, { type: 'tool_use', id: 'a', name: 'f' }, { type: 'input_json_delta', partial_json: '' }), '{}'],
    ['without an end of the block', block(0, { type: 'tool_use', id: 'a', name: 'f', input: {} }).slice(0, 1), '{}'],
  ])('has arguments that are JSON when they come %s', (_name, events, expected) => {
    const { tools, finish } = answerOf(read([start, ...events, stop]))
    expect(tools).toEqual([{ id: 'a', name: 'f', argumentsJson: expected }])
    expect(finish).toBe('tool_calls')
  })

  it('passes over what Anthropic ran itself, and what nobody knows', () => {
    const events = read([
      start,
      ...block(
        0,
        { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{"query":"x"}' },
      ),
      ...block(1, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
      ...block(2, { type: 'hologram', data: 'x' }, { type: 'hologram_delta', data: 'y' }),
      ...block(3, { type: 'code_execution_tool_result', content: { stdout: 'x' } }),
      ...block(4, { type: 'tool_use', id: 'nameless', input: {} }),
      { type: 'brand_new_event' },
      ...block(5, { type: 'tool_use', name: 'f', input: {} }),
      { ...stop, delta: { stop_reason: 'pause_turn' } },
    ])
    const { text, tools } = answerOf(events)
    expect(text).toBe('')
    expect(tools).toEqual([{ id: expect.stringMatching(/^call_\w{24}$/), name: 'f', argumentsJson: '{}' }])
  })

  it('closes a thought with its signature, and hands on encrypted ones whole', () => {
    const events = read([
      start,
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'a' },
        { type: 'signature_delta', signature: 's1' },
      ),
      ...block(1, { type: 'thinking', thinking: '' }, { type: 'signature_delta', signature: 's2' }),
      ...block(2, { type: 'redacted_thinking', data: 'r' }),
      ...block(3, { type: 'thinking', thinking: 'unsigned' }),
      stop,
    ])
    expect(events.filter((event) => event.type === 'reasoning-delta')).toEqual([
      { type: 'reasoning-delta', text: 'a' },
      { type: 'reasoning-delta', text: '', signature: 's1', maker: 'anthropic' },
      { type: 'reasoning-delta', text: '', signature: 's2', maker: 'anthropic' },
      { type: 'reasoning-delta', text: '', redacted: 'r', maker: 'anthropic' },
      { type: 'reasoning-delta', text: 'unsigned' },
    ])
  })

  it('says where sources support the answer', () => {
    const document = { type: 'char_location', cited_text: 'green', document_title: 'Doc', document_index: 0 }
    const search = { type: 'search_result_location', source: 'https://x.test/', title: null, cited_text: '' }
    const events = read([
      start,
      ...block(0, { type: 'text', text: 'Grass ' }),
      ...block(
        1,
        { type: 'text', text: '', citations: [] },
        { type: 'citations_delta', citation: document },
        { type: 'text_delta', text: 'is green' },
        { type: 'citations_delta', citation: search },
      ),
      stop,
    ])
    const span = { startIndex: 6, endIndex: 14, maker: 'anthropic' }
    expect(events.flatMap((event) => (event.type === 'text-delta' ? (event.citations ?? []) : []))).toEqual([
      { title: 'Doc', quote: 'green', ...span, raw: document },
      { url: 'https://x.test/', ...span, raw: search },
    ])
  })

  it('reads what comes in blocks that nobody began', () => {
    const delta = (index: number, fields: JsonObject): JsonObject => ({
      type: 'content_block_delta',
      index,
      delta: fields,
    })
    const events = [
      start,
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 'sig' }),
      delta(1, { type: 'text_delta', text: 'So' }),
      delta(2, { type: 'input_json_delta', partial_json: '{}' }),
      stop,
    ]
    expect(answerOf(read(events))).toMatchObject({ reasoning: 'hm', text: 'So', tools: [], finish: 'stop' })
    expect(read(events)).toContainEqual(expect.objectContaining({ signature: 'sig' }))
  })

  it('is whole with a text in place of its blocks', () => {
    const whole = { type: 'message', id: 'msg_1', model: 'm', content: 'Hello', stop_reason: 'end_turn' }
    expect(answerOf(read(JSON.stringify(whole)))).toMatchObject({ text: 'Hello', finish: 'stop' })
  })

  it('keeps why the model refused', () => {
    const delta = { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'cyber', explanation: 'No.' } }
    expect(read([start, { ...stop, delta }]).at(-1)).toEqual({
      type: 'end',
      reason: 'content_filter',
      rawReason: 'refusal',
      refusal: 'No.',
    })
  })

  it.each<[string, readonly JsonObject[] | string, string]>([
    [
      'overloaded',
      [start, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
      'overloaded',
    ],
    ['an error of the API', [{ type: 'error', error: { type: 'api_error', message: 'Oh' } }], 'server-error'],
    ['a limit', [{ type: 'error', error: { type: 'rate_limit_error', message: 'Slow' } }], 'rate-limited'],
    [
      'an error after the end',
      [start, stop, { type: 'error', error: { type: 'api_error', message: 'Oh' } }],
      'server-error',
    ],
    ['an error as JSON', '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'overloaded'],
    ["an error in OpenAI's form", 'data: {"error":{"message":"no memory","type":"server_error"}}\n\n', 'server-error'],
    ['no end', [start, ...block(0, { type: 'text', text: 'Hi' })], 'cut'],
    ['no end of JSON', '{"type":"message","content":[', 'bad-reply'],
    ['an answer of somebody else', '{"choices":[{"message":{"content":"x"}}]}', 'bad-reply'],
    ['only pings', [{ type: 'ping' }], 'bad-reply'],
  ])('fails with %s', (_name, events, kind) => {
    const failure = read(events).at(-1)
    expect(failure).toMatchObject({ type: 'failure', failure: { kind } })
  })

  it('has ended when it says so, with or without a reason', () => {
    expect(read([start, ...block(0, { type: 'text', text: 'Hi' }), { type: 'message_stop' }]).at(-1)).toEqual({
      type: 'end',
      reason: 'stop',
    })
  })

  it('is read without its frames too, as Bedrock sends it', () => {
    const events = new AnthropicEvents(upstream)
    const out: StreamEvent[] = []
    for (const event of [start, ...block(0, { type: 'text', text: 'Hi' }), stop]) events.read(event, out)
    events.finish('', out)
    expect(out).toEqual(read([start, ...block(0, { type: 'text', text: 'Hi' }), stop]))
  })
})

describe("Anthropic's refusals", () => {
  it.each([
    [400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum', 'context-length'],
    [
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      'context-length',
    ],
    [400, 'invalid_request_error', 'Output blocked by content filtering policy', 'content-policy'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.', 'quota'],
    [400, 'invalid_request_error', 'max_tokens: Field required', 'bad-request'],
    [401, 'authentication_error', 'invalid x-api-key', 'unauthorized-upstream'],
    [402, 'billing_error', 'Pay', 'quota'],
    [403, 'permission_error', 'Not allowed', 'unauthorized-upstream'],
    [404, 'not_found_error', 'model: claude-9', 'model-missing'],
    [413, 'request_too_large', 'Request exceeds the maximum size', 'request-too-large'],
    [429, 'rate_limit_error', 'Too many', 'rate-limited'],
    [500, 'api_error', 'Internal server error', 'server-error'],
    [504, 'timeout_error', 'Timed out', 'server-error'],
    [529, 'overloaded_error', 'Overloaded', 'overloaded'],
  ])('%i %s: %s', (status, type, message, kind) => {
    const body = JSON.stringify({ type: 'error', error: { type, message } })
    expect(anthropic.failure({ status, headers: {} }, body)).toMatchObject({ kind, status, type })
  })
})
