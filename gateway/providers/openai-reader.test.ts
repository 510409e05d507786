import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { openAiReader } from './openai-reader.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply } from './test/read-reply.ts'

const upstream = { label: 'Acme', keyEnv: [] }

function read(text: string): readonly StreamEvent[] {
  const events = readReply(openAiReader(upstream), Buffer.from(text), 11)
  expect(grammarBreach(events)).toBeUndefined()
  return events
}

/** Chunks with this delta each, then a finish reason. */
function stream(deltas: readonly object[], finish: string | null = 'stop', end = 'data: [DONE]\n\n'): string {
  const chunks = [
    ...deltas.map((delta) => ({ delta })),
    ...(finish === null ? [] : [{ delta: {}, finish_reason: finish }]),
  ]
  return chunks.map((choice) => event({ id: 'x', model: 'm', choices: [{ index: 0, ...choice }] })).join('') + end
}

function event(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
}

const call = (fields: object, fn: object): object => ({ tool_calls: [{ ...fields, function: fn }] })

describe('tool calls in a stream', () => {
  it.each([
    {
      name: 'several under one index, told apart by id and name',
      deltas: [
        call({ index: 0, id: 'a' }, { name: 'f', arguments: '{}' }),
        call({ index: 0, id: 'b' }, { name: 'g', arguments: '{}' }),
      ],
      tools: [
        ['f', '{}'],
        ['g', '{}'],
      ],
    },
    {
      name: 'several under one index without ids',
      deltas: [call({ index: 0 }, { name: 'f', arguments: '{}' }), call({ index: 0 }, { name: 'g', arguments: '{}' })],
      tools: [
        ['f', '{}'],
        ['g', '{}'],
      ],
    },
    {
      name: 'id and name repeated on every delta',
      deltas: [
        call({ index: 0, id: 'a' }, { name: 'f', arguments: '{' }),
        call({ index: 0, id: 'a' }, { name: 'f', arguments: '}' }),
      ],
      tools: [['f', '{}']],
    },
    {
      name: 'an id alone is no new call',
      deltas: [
        call({ index: 0, id: 'a' }, { name: 'f', arguments: '{' }),
        call({ index: 0, id: 'random' }, { arguments: '}' }),
      ],
      tools: [['f', '{}']],
    },
    {
      name: 'no index at all',
      deltas: [
        call({ id: 'a' }, { name: 'f', arguments: '{' }),
        call({}, { arguments: '}' }),
        call({ id: 'b' }, { name: 'g', arguments: '{}' }),
      ],
      tools: [
        ['f', '{}'],
        ['g', '{}'],
      ],
    },
    {
      name: 'a name that comes after the first arguments',
      deltas: [call({ index: 0, id: 'a' }, { arguments: '{"x":' }), call({ index: 0 }, { name: 'f', arguments: '1}' })],
      tools: [['f', '{"x":1}']],
    },
    {
      name: 'indexes with gaps',
      deltas: [
        call({ index: 3, id: 'a' }, { name: 'f', arguments: '{}' }),
        call({ index: 7, id: 'b' }, { name: 'g', arguments: '{}' }),
      ],
      tools: [
        ['f', '{}'],
        ['g', '{}'],
      ],
    },
    {
      name: 'arguments as an object, one call instead of a list, a number as id',
      deltas: [{ tool_calls: { index: 0, id: 0, function: { name: 'f', arguments: { x: 1 } } } }],
      tools: [['f', '{"x":1}']],
    },
    {
      name: 'the legacy function call',
      deltas: [{ function_call: { name: 'f', arguments: '{' } }, { function_call: { arguments: '}' } }],
      tools: [['f', '{}']],
    },
    { name: 'an empty list', deltas: [{ content: 'hi', tool_calls: [] }], tools: [] },
  ])('$name', ({ deltas, tools }) => {
    const answer = answerOf(read(stream(deltas)))
    expect(answer.tools.map((tool) => [tool.name, tool.argumentsJson])).toEqual(tools)
    expect(new Set(answer.tools.map((tool) => tool.id)).size).toBe(tools.length)
    expect(answer.finish).toBe(tools.length === 0 ? 'stop' : 'tool_calls')
  })

  it('gives the same id to the same reply', () => {
    const text = stream([call({ index: 0 }, { name: 'f', arguments: '{}' })])
    expect(answerOf(read(text)).tools).toEqual(answerOf(read(text)).tools)
  })
})

describe('the end of a stream', () => {
  it.each([
    {
      name: 'a finish reason without [DONE]',
      text: stream([{ content: 'a' }], 'length', ''),
      finish: 'length',
      failure: undefined,
    },
    {
      name: '[DONE] without a finish reason',
      text: stream([{ content: 'a' }], null),
      finish: 'stop',
      failure: undefined,
    },
    { name: 'neither', text: stream([{ content: 'a' }], null, ''), finish: undefined, failure: 'cut' },
    {
      name: 'an error after the finish reason',
      text: stream([{ content: 'a' }], 'length', event({ error: { message: 'no', code: 400 } })),
      finish: 'length',
      failure: 'bad-request',
    },
    {
      name: 'a finish reason that is an error',
      text: stream([{ content: 'a' }], 'error'),
      finish: undefined,
      failure: 'server-error',
    },
    {
      name: 'an error beside a choice',
      text: event({
        id: 'x',
        model: 'm',
        choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'error' }],
        error: { code: 502, message: 'gone' },
      }),
      finish: undefined,
      failure: 'server-error',
    },
    {
      name: 'a bare error outside the framing',
      text: `${stream([{ content: 'a' }], null, '')}{\n  "error": {\n    "code": 503,\n    "message": "overloaded"\n  }\n}\n`,
      finish: undefined,
      failure: 'overloaded',
    },
    {
      name: 'a plain error text as TGI sends it',
      text: `${stream([{ content: 'a' }], null, '')}data:{"error":"Request failed during generation","error_type":"generation"}\n\n`,
      finish: undefined,
      failure: 'server-error',
    },
    { name: 'nothing but [DONE]', text: 'data: [DONE]\n\n', finish: undefined, failure: 'bad-reply' },
    {
      name: 'events that are no answer',
      text: event({ type: 'ping' }) + event('nonsense'),
      finish: undefined,
      failure: 'bad-reply',
    },
  ])('$name', ({ text, finish, failure }) => {
    const answer = answerOf(read(text))
    expect(answer.finish).toBe(finish)
    expect(answer.failure?.kind).toBe(failure)
  })

  it('skips an unreadable event', () => {
    const text = stream([{ content: 'a' }], null, '') + event('{"broken') + stream([{ content: 'b' }])
    expect(answerOf(read(text))).toMatchObject({ text: 'ab', finish: 'stop', failure: undefined })
  })

  it('reads events whose blank lines are missing', () => {
    const text = stream([{ content: 'a' }, { content: 'b' }]).replaceAll('\n\n', '\n')
    expect(answerOf(read(text))).toMatchObject({ text: 'ab', finish: 'stop', failure: undefined })
  })

  it('refuses an event without an end, with bounded memory', () => {
    const reader = openAiReader(upstream)
    const block = Buffer.alloc(1024 * 1024, 'a')
    const events: StreamEvent[] = [...reader.push(Buffer.from('data: '))]
    for (let bytes = 0; bytes <= limits.streamLineBytes; bytes += block.length) events.push(...reader.push(block))
    events.push(...reader.push(block), ...reader.end())
    expect(answerOf(events).failure?.kind).toBe('bad-reply')
    expect(events.length).toBe(1)
  })
})

describe('several answers and details', () => {
  it('keeps choices apart and ends each', () => {
    const chunk = (index: number, delta: object, finish_reason: string | null = null): string =>
      event({ id: 'x', model: 'm', choices: [{ index, delta, finish_reason }] })
    const events = read(
      chunk(0, { content: 'a' }) +
        chunk(1, { content: 'b' }) +
        chunk(1, {}, 'length') +
        chunk(0, {}, 'stop') +
        'data: [DONE]\n\n',
    )
    expect(events.slice(1)).toEqual([
      { type: 'text-delta', text: 'a' },
      { type: 'text-delta', text: 'b', choice: 1 },
      { type: 'end', reason: 'length', rawReason: 'length', choice: 1 },
      { type: 'end', reason: 'stop', rawReason: 'stop' },
    ])
  })

  it('is cut when one of several answers has no end', () => {
    const text = event({
      model: 'm',
      choices: [
        { index: 0, delta: { content: 'a' }, finish_reason: 'stop' },
        { index: 1, delta: { content: 'b' } },
      ],
    })
    expect(answerOf(read(text)).failure?.kind).toBe('cut')
  })

  it('hands on log probabilities with their text', () => {
    const logprobs = { content: [{ token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [] }] }
    const events = read(
      event({ model: 'm', choices: [{ index: 0, delta: { content: 'a' }, logprobs, finish_reason: 'stop' }] }),
    )
    expect(events[1]).toEqual({ type: 'text-delta', text: 'a', logprobs: logprobs.content })
  })

  it('puts a refusal together', () => {
    const events = read(stream([{ refusal: 'I ' }, { refusal: "can't." }]))
    expect(events.at(-1)).toMatchObject({ type: 'end', refusal: "I can't." })
  })

  it('counts usage wherever it is', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
    const places = [
      { usage },
      { x_groq: { usage } },
      { choices: [{ index: 0, delta: {}, usage }] },
      { usage: { ...usage, completion_tokens_details: { reasoning_tokens: 0 } } },
    ]
    for (const place of places) {
      const seen = answerOf(
        read(
          event({ model: 'm', choices: [{ index: 0, delta: { content: 'a' } }], ...place }) +
            stream([{ content: 'a' }]),
        ),
      )
      expect(seen.usage).toMatchObject({ input: 5, output: 2 })
    }
  })

  it('adds reasoning that a server counts beside the completion', () => {
    const usage = {
      prompt_tokens: 5,
      completion_tokens: 2,
      total_tokens: 17,
      completion_tokens_details: { reasoning_tokens: 10 },
    }
    const body = { model: 'm', choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'stop' }], usage }
    expect(answerOf(read(JSON.stringify(body))).usage).toEqual({ input: 5, output: 12, reasoning: 10 })
  })

  it('reads a legacy completion', () => {
    const body = {
      id: 'c',
      object: 'text_completion',
      model: 'm',
      choices: [{ text: 'abc', index: 0, logprobs: null, finish_reason: 'length' }],
    }
    expect(answerOf(read(JSON.stringify(body)))).toMatchObject({ text: 'abc', finish: 'length' })
  })

  it.each([
    '',
    '   ',
    '<html><title>Login</title></html>',
    '{"id":"x","choices":[{"mess',
    '{"id":"x","choices":[]}',
    '[]',
  ])('takes %j for no answer', (body) => {
    expect(answerOf(read(body)).failure?.kind).toBe('bad-reply')
  })
})

describe('errors that are no error object', () => {
  const text = stream([{ content: 'a' }], null, '')

  it.each([
    ['a sentence under the name of an error', `${text}event: error\ndata: the model crashed\n\n`, 'the model crashed'],
    ['the field that llama.cpp made up', `${text}error: {"code":500,"message":"out of slots"}\n\n`, 'out of slots'],
    ["Groq's reason for stopping early", `${text}${event({ choices: [], x_groq: { error: 'out of time' } })}`, 'time'],
  ])('are told: %s', (_, reply, sentence) => {
    const last = read(reply).at(-1)
    expect(last).toMatchObject({ type: 'failure', failure: { message: expect.stringContaining(sentence) } })
    expect(last).not.toMatchObject({ failure: { kind: 'cut' } })
  })
})
