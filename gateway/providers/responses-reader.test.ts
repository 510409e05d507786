import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { responsesReader } from './responses-reader.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, type Answer } from './test/read-reply.ts'

const upstream = { label: 'OpenAI', keyEnv: [] }
const created = { type: 'response.created', response: { id: 'resp_1', model: 'gpt-5', status: 'in_progress' } }
const usage = { input_tokens: 9, output_tokens: 5, output_tokens_details: { reasoning_tokens: 2 } }
const completed = { type: 'response.completed', response: { id: 'resp_1', status: 'completed', usage, output: [] } }

function sse(events: readonly JsonObject[]): Buffer {
  return Buffer.from(
    events
      .map(
        (event) =>
          `event: ${JSON.stringify(event['type'] ?? 'message').slice(1, -1)}\ndata: ${JSON.stringify(event)}\n\n`,
      )
      .join(''),
  )
}

function read(events: readonly JsonObject[], size = 1_000_000): readonly StreamEvent[] {
  const seen = readReply(responsesReader(upstream), sse(events), size)
  expect(grammarBreach(seen)).toBeUndefined()
  return seen
}

function answer(events: readonly JsonObject[]): Answer {
  return answerOf(read(events))
}

/** Everything at once: thoughts, a citation, a refusal, both kinds of calls. */
const rich: readonly JsonObject[] = [
  created,
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'reasoning', id: 'rs_1', encrypted_content: 'early' },
  },
  {
    type: 'response.reasoning_summary_text.delta',
    output_index: 0,
    item_id: 'rs_1',
    summary_index: 0,
    delta: 'First…',
  },
  { type: 'response.reasoning_summary_text.done', output_index: 0, item_id: 'rs_1', summary_index: 0, text: 'First…' },
  { type: 'response.reasoning_summary_text.delta', output_index: 0, item_id: 'rs_1', summary_index: 1, delta: 'then.' },
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: {
      type: 'reasoning',
      id: 'rs_1',
      encrypted_content: 'gAA+/=',
      summary: [{ type: 'summary_text', text: 'First…' }],
    },
  },
  { type: 'response.output_item.added', output_index: 1, item: { type: 'message', id: 'msg_1' } },
  { type: 'response.output_text.delta', output_index: 1, item_id: 'msg_1', content_index: 0, delta: 'Zürich ' },
  {
    type: 'response.output_text.delta',
    output_index: 1,
    item_id: 'msg_1',
    content_index: 0,
    delta: '☁',
    logprobs: [{ token: '☁', logprob: -0.1, top_logprobs: [] }],
  },
  {
    type: 'response.output_text.annotation.added',
    output_index: 1,
    item_id: 'msg_1',
    content_index: 0,
    annotation: { type: 'url_citation', url: 'https://x.test', title: 'X', start_index: 0, end_index: 6 },
  },
  { type: 'response.output_text.done', output_index: 1, item_id: 'msg_1', content_index: 0, text: 'Zürich ☁' },
  {
    type: 'response.output_item.done',
    output_index: 1,
    item: {
      type: 'message',
      id: 'msg_1',
      content: [
        {
          type: 'output_text',
          text: 'Zürich ☁',
          annotations: [{ type: 'url_citation', url: 'https://x.test', title: 'X', start_index: 0, end_index: 6 }],
        },
      ],
    },
  },
  { type: 'response.web_search_call.searching', output_index: 2, item_id: 'ws_1' },
  {
    type: 'response.output_item.added',
    output_index: 3,
    item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look', arguments: '' },
  },
  { type: 'response.function_call_arguments.delta', output_index: 3, item_id: 'fc_1', delta: '{"a":' },
  { type: 'response.function_call_arguments.delta', output_index: 3, item_id: 'fc_1', delta: '1}' },
  { type: 'response.function_call_arguments.done', output_index: 3, item_id: 'fc_1', arguments: '{"a":1}' },
  {
    type: 'response.output_item.added',
    output_index: 4,
    item: { type: 'custom_tool_call', id: 'ct_1', call_id: 'call_2', name: 'patch', input: '' },
  },
  { type: 'response.custom_tool_call_input.delta', output_index: 4, item_id: 'ct_1', delta: 'say "hi"\n' },
  { type: 'response.custom_tool_call_input.delta', output_index: 4, item_id: 'ct_1', delta: '☁' },
  {
    type: 'response.output_item.done',
    output_index: 4,
    item: { type: 'custom_tool_call', id: 'ct_1', call_id: 'call_2', name: 'patch', input: 'say "hi"\n☁' },
  },
  completed,
]

describe('a stream of the Responses API', () => {
  it('means what it says, once', () => {
    const events = read(rich)
    expect(events).toEqual([
      { type: 'start', model: 'gpt-5', upstreamId: 'resp_1' },
      { type: 'reasoning-delta', text: 'First…' },
      { type: 'reasoning-delta', text: '\n\nthen.' },
      { type: 'reasoning-delta', text: '', redacted: 'gAA+/=', maker: 'openai', id: 'rs_1' },
      { type: 'text-delta', text: 'Zürich ' },
      { type: 'text-delta', text: '☁', logprobs: [{ bytes: null, token: '☁', logprob: -0.1, top_logprobs: [] }] },
      {
        type: 'text-delta',
        text: '',
        citations: [
          {
            url: 'https://x.test',
            title: 'X',
            startIndex: 0,
            endIndex: 6,
            maker: 'openai',
            raw: { type: 'url_citation', url: 'https://x.test', title: 'X', start_index: 0, end_index: 6 },
          },
        ],
      },
      { type: 'tool-call-start', index: 0, id: 'call_1', name: 'look' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{"a":' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '1}' },
      { type: 'tool-call-start', index: 1, id: 'call_2', name: 'patch' },
      { type: 'tool-call-delta', index: 1, argumentsJson: String.raw`{"input":"say \"hi\"\n` },
      { type: 'tool-call-delta', index: 1, argumentsJson: '☁' },
      { type: 'tool-call-delta', index: 1, argumentsJson: '"}' },
      { type: 'usage', usage: { input: 9, output: 5, reasoning: 2 } },
      { type: 'end', reason: 'tool_calls', rawReason: 'completed' },
    ])
  })

  it('means the same however it is cut into chunks', () => {
    const bytes = sse(rich)
    const whole = readReply(responsesReader(upstream), bytes, bytes.length)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const reader = responsesReader(upstream)
        const events: StreamEvent[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          events.push(...reader.push(bytes.subarray(at, at + size)))
          at += size
        }
        expect([...events, ...reader.end()]).toEqual(whole)
      }),
      { numRuns: 60 },
    )
  })

  it('is cut wherever it ends before it says so', () => {
    for (let length = 1; length < rich.length; length += 1) {
      const last = read(rich.slice(0, length)).at(-1)
      expect(last).toEqual({ type: 'failure', failure: expect.objectContaining({ kind: 'cut' }) })
    }
    const done = Buffer.concat([sse(rich.slice(0, -1)), Buffer.from('data: [DONE]\n\n')])
    expect(readReply(responsesReader(upstream), done, 64).at(-1)?.type).toBe('failure')
  })

  it('ends once, whatever comes after', () => {
    const events = read([...rich, completed, created, { type: 'response.output_text.delta', delta: 'more' }])
    expect(events).toEqual(read(rich))
  })
})

describe('servers that leave events out', () => {
  const call = { type: 'function_call', id: 'fc_9', call_id: 'call_9', name: 'look', arguments: '{"a":1}' }
  const message = { type: 'message', id: 'm', content: [{ type: 'output_text', text: 'Hi', annotations: [] }] }
  const thought = { type: 'reasoning', id: 'rs', summary: [], content: [{ type: 'reasoning_text', text: 'Hm' }] }
  const expected = {
    text: 'Hi',
    reasoning: 'Hm',
    tools: [{ id: 'call_9', name: 'look', argumentsJson: '{"a":1}' }],
    finish: 'tool_calls',
  }

  it.each<[string, readonly JsonObject[]]>([
    [
      'only the last event says anything',
      [{ type: 'response.completed', response: { status: 'completed', output: [thought, message, call] } }],
    ],
    [
      'only finished items come, with the same number for all',
      [
        created,
        { type: 'response.output_item.done', output_index: 0, item: thought },
        { type: 'response.output_item.done', output_index: 0, item: message },
        { type: 'response.output_item.done', output_index: 0, item: call },
        completed,
      ],
    ],
    [
      'deltas come before their items, without numbers, and ids are numbers',
      [
        { type: 'response.reasoning_text.delta', item_id: 7, delta: 'Hm' },
        { type: 'response.output_text.delta', item_id: 8, delta: 'Hi' },
        { type: 'response.function_call_arguments.delta', item_id: 9, delta: '{"a":1}' },
        { type: 'response.output_item.done', item: { ...call, id: 9 } },
        { type: 'response.completed', response: { status: 'completed', output: [thought, message, call] } },
      ],
    ],
    [
      'every event has another id',
      [
        created,
        { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'a' } },
        { type: 'response.reasoning_text.delta', output_index: 0, item_id: 'b', delta: 'Hm' },
        { type: 'response.output_item.done', output_index: 0, item: { ...thought, id: 'c' } },
        { type: 'response.output_text.delta', output_index: 1, item_id: 'd', delta: 'Hi' },
        { type: 'response.output_item.added', output_index: 2, item: { ...call, id: 'e', arguments: '' } },
        { type: 'response.function_call_arguments.done', output_index: 2, item_id: 'f', arguments: '{"a":1}' },
        { type: 'response.output_item.done', output_index: 2, item: { ...call, id: 'g' } },
        { type: 'response.completed', response: { status: 'completed', output: [thought, message, call] } },
      ],
    ],
    [
      'arguments are an object',
      [
        created,
        { type: 'response.output_item.done', output_index: 0, item: thought },
        { type: 'response.output_item.done', output_index: 1, item: message },
        { type: 'response.output_item.done', output_index: 2, item: { ...call, arguments: { a: 1 } } },
        completed,
      ],
    ],
  ])('%s', (_name, events) => {
    expect(answer(events)).toMatchObject(expected)
  })

  it.each(['reasoning', 'reasoning_summary'])('call thoughts response.%s', (name) => {
    const events = [
      created,
      { type: `response.${name}.delta`, output_index: 0, delta: 'hm' },
      { type: `response.${name}.done`, output_index: 0, text: 'hm' },
      completed,
    ]
    expect(answer(events)).toMatchObject({ reasoning: 'hm', finish: 'stop' })
  })

  it('give calls without ids some that are theirs alone', () => {
    const nameless = { type: 'function_call', name: 'look', arguments: '{}' }
    const output = [nameless, nameless]
    const ids = (id: string): readonly string[] =>
      answer([{ type: 'response.completed', response: { id, status: 'completed', output } }]).tools.map(
        (tool) => tool.id,
      )
    expect(ids('r1').every((id) => /^call_\w{24}$/.test(id))).toBe(true)
    expect(ids('r1')).not.toEqual(ids('r2'))
  })

  it('name the event in one place only', () => {
    const text =
      'data: {"type":"response.output_text.delta","delta":"Hi"}\n\nevent: response.completed\ndata: {"response":{}}\n\n'
    expect(answerOf(readReply(responsesReader(upstream), Buffer.from(text), 5))).toMatchObject({
      text: 'Hi',
      finish: 'stop',
    })
  })
})

describe('how a response ends', () => {
  const end = (response: JsonObject): Answer => answer([created, { type: 'response.incomplete', response }])

  it.each([
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content_filter'],
    [{}, 'length'],
  ])('%j is %s', (response, finish) => {
    expect(end(response).finish).toBe(finish)
  })

  it('a refusal is told with its end', () => {
    const events = read([
      created,
      { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'I ca' },
      { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: "n't." },
      { type: 'response.refusal.done', output_index: 0, content_index: 0, refusal: "I can't." },
      completed,
    ])
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'stop', rawReason: 'completed', refusal: "I can't." })
  })

  it.each<[string, JsonObject, string]>([
    [
      'an error at the top',
      { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down', param: null },
      'rate-limited',
    ],
    [
      'an error inside',
      { type: 'error', error: { type: 'server_error', code: 'x', message: 'Broken' } },
      'server-error',
    ],
    [
      'a failed response',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'context_length_exceeded', message: 'Too long' } },
      },
      'context-length',
    ],
    ['a cancelled one', { type: 'response.cancelled', response: { status: 'cancelled', error: null } }, 'server-error'],
    ['an error without any type', { error: { message: 'Rate limit reached', code: 429 } }, 'rate-limited'],
  ])('%s fails it', (_name, event, kind) => {
    expect(answer([created, event]).failure?.kind).toBe(kind)
  })
})

describe('a whole response', () => {
  const whole = (json: unknown): Answer =>
    answerOf(readReply(responsesReader(upstream), Buffer.from(JSON.stringify(json)), 17))

  it('that has failed or is not finished is no answer', () => {
    const error = { code: 'server_error', message: 'Broken' }
    expect(whole({ object: 'response', status: 'failed', error, output: [] }).failure?.kind).toBe('server-error')
    expect(whole({ object: 'response', status: 'in_progress', output: [] }).failure?.kind).toBe('bad-reply')
    expect(whole({ error: { message: 'No such model', code: 'model_not_found' } }).failure?.kind).toBe('model-missing')
    expect(whole({ choices: [] }).failure?.kind).toBe('bad-reply')
  })

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (output, item) => {
        for (const json of [
          { output },
          { output: [item, { type: 'message', content: item }, { type: 'reasoning', summary: item }] },
        ]) {
          const events = readReply(responsesReader(upstream), Buffer.from(JSON.stringify(json)), 64)
          expect(grammarBreach(events)).toBeUndefined()
        }
      }),
      { numRuns: 200 },
    )
  })
})
