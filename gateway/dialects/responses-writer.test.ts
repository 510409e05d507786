import { describe, expect, it } from 'vitest'
import type { WriterContext } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { openReasoning } from '../wire/sealed-reasoning.ts'
import { openaiResponses } from './openai-responses.ts'
import {
  outputOf,
  plainContext,
  streamBreach,
  streamText,
  writtenEvents,
  type Written,
} from './test/responses-stream.ts'

const start: StreamEvent = { type: 'start', model: 'real', upstreamId: 'chatcmpl-theirs' }
const end: StreamEvent = { type: 'end', reason: 'stop' }
const called: StreamEvent = { type: 'end', reason: 'tool_calls' }
const hello: StreamEvent = { type: 'text-delta', text: 'Hello' }
const usage: StreamEvent = { type: 'usage', usage: { input: 5, output: 3, cacheRead: 2, reasoning: 1 } }
const call = (index: number, name = 'look'): StreamEvent => ({
  type: 'tool-call-start',
  index,
  id: `call_${index}`,
  name,
})
const args = (index: number, argumentsJson: string): StreamEvent => ({ type: 'tool-call-delta', index, argumentsJson })

describe('the Responses stream', () => {
  it('says a text as OpenAI does', () => {
    const events = write([start, hello, { type: 'text-delta', text: ' you' }, end, usage])
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(events[0]?.json.response).toMatchObject({ id: 'resp_own', status: 'in_progress', model: 'real', output: [] })
    expect(last(events)).toMatchObject({
      id: 'resp_own',
      object: 'response',
      status: 'completed',
      created_at: 7,
      completed_at: 9,
      usage: {
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 2 },
        output_tokens: 3,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 8,
      },
      output: [{ type: 'message', role: 'assistant', status: 'completed', content: [{ text: 'Hello you' }] }],
    })
  })

  it('repeats the parameters of the request, with the defaults of those that it left out', () => {
    const tools = [{ type: 'function', name: 'f', parameters: {} }]
    const body = { instructions: 'Be brief.', tools, temperature: 0.2, store: false, text: { verbosity: 'low' } }
    expect(last(write([start, end], body))).toMatchObject({
      ...body,
      text: { verbosity: 'low', format: { type: 'text' } },
      tool_choice: 'auto',
      parallel_tool_calls: true,
      metadata: {},
    })
  })

  it.each<['length' | 'content_filter', string]>([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('ends as incomplete for %s', (reason, said) => {
    const events = write([start, hello, { type: 'end', reason }])
    expect(events.at(-1)?.type).toBe('response.incomplete')
    expect(last(events)).toMatchObject({ status: 'incomplete', incomplete_details: { reason: said } })
    expect(outputOf(events)).toMatchObject([{ status: 'incomplete' }])
  })

  it('keeps calls apart whose arguments come in turn', () => {
    const events = write([start, call(0), call(1), args(0, '{"a'), args(1, '{}'), args(0, '":1}'), called])
    expect(outputOf(events)).toMatchObject([
      { type: 'function_call', call_id: 'call_0', name: 'look', arguments: '{"a":1}', status: 'completed' },
      { type: 'function_call', call_id: 'call_1', arguments: '{}' },
    ])
  })

  it('gives an empty object for arguments that were none, but leaves a cut call as it is', () => {
    expect(outputOf(write([start, call(0), called]))).toMatchObject([{ arguments: '{}' }])
    const cut = write([start, call(0), { type: 'end', reason: 'length' }])
    expect(outputOf(cut)).toMatchObject([{ arguments: '', status: 'incomplete' }])
  })

  it.each([
    ['the wrapping', '{"input":"SELECT 1"}', 'SELECT 1'],
    ['another name', '{"sql":"SELECT 1"}', 'SELECT 1'],
    ['no wrapping at all', 'SELECT 1', 'SELECT 1'],
    ['several arguments', '{"a":"1","b":"2"}', '{"a":"1","b":"2"}'],
  ])('gives a custom tool its text from %s', (_name, argumentsJson, input) => {
    const body = { tools: [{ type: 'custom', name: 'write_sql' }] }
    const events = write([start, call(0, 'write_sql'), args(0, argumentsJson), called], body)
    expect(outputOf(events)).toMatchObject([{ type: 'custom_tool_call', call_id: 'call_0', name: 'write_sql', input }])
    expect(events.some(({ type }) => type === 'response.custom_tool_call_input.done')).toBe(true)
  })

  it.each([
    ['words', '{"command":["ls","-l"],"timeout_ms":5}', { command: ['ls', '-l'], timeout_ms: 5 }],
    ['a line', '{"command":"ls | wc"}', { command: ['bash', '-lc', 'ls | wc'] }],
  ])('gives the local shell its action from %s', (_name, argumentsJson, action) => {
    const body = { tools: [{ type: 'local_shell' }] }
    const events = write([start, call(0, 'local_shell'), args(0, argumentsJson), called], body)
    const expected = { type: 'local_shell_call', call_id: 'call_0', action: { type: 'exec', env: {}, ...action } }
    expect(outputOf(events)).toMatchObject([expected])
  })

  it('gives a local shell call without a command to the client as it is', () => {
    const body = { tools: [{ type: 'local_shell' }] }
    const events = write([start, call(0, 'local_shell'), args(0, '{"x'), call(1, 'f'), called], body)
    expect(outputOf(events)).toMatchObject([
      { type: 'function_call', call_id: 'call_1' },
      { type: 'function_call', call_id: 'call_0', name: 'local_shell', arguments: '{"x' },
    ])
  })

  it('gives a tool of a namespace back under its own name', () => {
    const body = { tools: [{ type: 'namespace', name: 'docs', tools: [{ type: 'function', name: 'find' }] }] }
    const events = write([start, call(0, 'docs__find'), called], body)
    expect(outputOf(events)).toMatchObject([{ type: 'function_call', name: 'find', namespace: 'docs' }])
  })

  it('says a refusal after the text, or alone', () => {
    const refused: StreamEvent = { type: 'end', reason: 'content_filter', refusal: 'No.' }
    const part = { type: 'refusal', refusal: 'No.' }
    expect(outputOf(write([start, hello, refused]))).toMatchObject([{ content: [{ type: 'output_text' }, part] }])
    expect(outputOf(write([start, refused]))).toMatchObject([{ content: [part] }])
  })

  it('carries token probabilities, and citations of what has an address', () => {
    const token = { token: 'Hello', logprob: -0.1, bytes: null, top_logprobs: [] }
    const citations = [
      { url: 'https://a.example', title: 'A', startIndex: 0, endIndex: 5, maker: 'anthropic' as const, raw: {} },
      { quote: 'of a document', maker: 'anthropic' as const, raw: {} },
      { maker: 'openai' as const, raw: { type: 'file_citation', file_id: 'f' } },
    ]
    const events = write([
      start,
      { type: 'text-delta', text: 'Hello', logprobs: { content: [token] } },
      { type: 'text-delta', text: '', citations },
      end,
    ])
    expect(outputOf(events)).toMatchObject([
      {
        content: [
          {
            logprobs: [{ token: 'Hello', logprob: -0.1, bytes: [] }],
            annotations: [
              { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 5 },
              { type: 'file_citation', file_id: 'f' },
            ],
          },
        ],
      },
    ])
  })

  it('puts thoughts into the text where the target is set so', () => {
    const thought: StreamEvent = { type: 'reasoning-delta', text: 'hm', signature: 's' }
    const events = write([start, thought, hello, end], {}, { mergeReasoning: true })
    expect(outputOf(events)).toMatchObject([{ type: 'message', content: [{ text: '<think>hm</think>Hello' }] }])
  })

  it('is the same as one JSON object', () => {
    const events = [
      start,
      { type: 'reasoning-delta' as const, text: 'hm' },
      hello,
      call(0),
      args(0, '{}'),
      called,
      usage,
    ]
    const collector = openaiResponses.collector(plainContext)
    collector.push(events)
    expect(collector.result()).toEqual(last(write(events)))
  })
})

describe('the check of a stream', () => {
  it('misses no event', () => {
    const whole = write(
      [
        start,
        think('hm', { signature: 's' }),
        hello,
        call(0),
        args(0, '{"a":1}'),
        call(1, 'sql'),
        args(1, '{"input":"x"}'),
        { ...called, refusal: 'No.' },
      ],
      { tools: [{ type: 'custom', name: 'sql' }] },
    )
    const unseen = whole.filter((_event, at) => {
      const lacking = whole
        .toSpliced(at, 1)
        .map(({ type, json }, index) => ({ type, json: { ...json, sequence_number: index } }))
      return streamBreach(lacking) === undefined
    })
    expect(unseen.map(({ type }) => type)).toEqual([])
  })
})

describe('thoughts in the Responses stream', () => {
  it('are told as a summary, once', () => {
    const events = write([start, think('h'), think('m'), hello, end])
    expect(outputOf(events)).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      { type: 'message' },
    ])
    expect(JSON.stringify(outputOf(events))).not.toContain('encrypted_content')
  })

  it('come back whole from what is sealed: signatures, encrypted blocks, and those of calls', () => {
    const events = write([
      start,
      think('hm'),
      think('', { signature: 'sig', maker: 'anthropic' }),
      think('', { redacted: 'blob', maker: 'anthropic' }),
      think('g'),
      { type: 'tool-call-start', index: 0, id: 'call_0', name: 'f', signature: 'gsig', maker: 'google' },
      called,
    ])
    expect(outputOf(events).map(sealedIn)).toEqual([
      [{ text: 'hm', signature: 'sig', maker: 'anthropic' }],
      [{ text: '', redacted: 'blob', maker: 'anthropic' }],
      [{ text: 'g' }, { text: '', signature: 'gsig', maker: 'google', id: 'call_0' }],
      undefined,
    ])
  })

  it('of OpenAI keep their id and are its own bytes', () => {
    const events = write([
      start,
      think('hm', { maker: 'openai', id: 'rs_theirs' }),
      think('', { redacted: 'gAAA', maker: 'openai', id: 'rs_theirs' }),
      hello,
      end,
    ])
    expect(outputOf(events)[0]).toEqual({
      id: 'rs_theirs',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'gAAA',
    })
  })

  it('of OpenAI are sealed where their id came too late for the item', () => {
    const events = write([start, think('hm'), think('', { redacted: 'gAAA', maker: 'openai', id: 'rs_x' }), end])
    expect(outputOf(events).map(sealedIn)).toEqual([[{ text: 'hm', redacted: 'gAAA', maker: 'openai', id: 'rs_x' }]])
  })

  it('are sealed without a signature too where the client asked for it', () => {
    const events = write([start, think('hm'), end], { include: ['reasoning.encrypted_content'] })
    expect(outputOf(events).map(sealedIn)).toEqual([[{ text: 'hm' }]])
  })
})

describe('a failure in the Responses stream', () => {
  const boom: Failure = { kind: 'cut', message: 'Gone.' }

  it('is told twice, after what came before, and never as an end', () => {
    const writer = openaiResponses.writer(plainContext)
    const events = writtenEvents(writer.write([start, hello]) + writer.fail(boom))
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['error', 'response.failed'])
    expect(events.at(-2)?.json).toMatchObject({ code: 'upstream_cut', message: 'Gone.', error: { message: 'Gone.' } })
    expect(last(events)).toMatchObject({ status: 'failed', error: { code: 'server_error', message: 'Gone.' } })
  })

  it('stands alone where others wrote what came before', () => {
    const writer = openaiResponses.writer({ ...plainContext, continued: true })
    expect(writtenEvents(writer.fail(boom)).map(({ type }) => type)).toEqual(['error', 'response.failed'])
  })

  it.each<[Failure, string, string]>([
    [{ kind: 'context-length', message: 'Too long.' }, 'context_length_exceeded', 'Too long.'],
    [{ kind: 'quota', message: 'Empty.' }, 'insufficient_quota', 'Empty.'],
    [
      { kind: 'rate-limited', message: 'Slow.', retryAfterMs: 11_054 },
      'rate_limit_exceeded',
      'Slow. Please try again in 11.054s.',
    ],
    [
      { kind: 'rate-limited', message: 'Try again in 28ms.', retryAfterMs: 28 },
      'rate_limit_exceeded',
      'Try again in 28ms.',
    ],
    [{ kind: 'bad-request', message: 'What?' }, 'invalid_prompt', 'What?'],
    [{ kind: 'server-error', message: 'Oops.' }, 'server_error', 'Oops.'],
  ])('%j is %s to Codex', (failure, code, message) => {
    const events = writtenEvents(openaiResponses.writer(plainContext).fail(failure))
    expect(last(events).error).toEqual({ code, message })
  })

  it('makes a collected answer that failure', () => {
    const collector = openaiResponses.collector(plainContext)
    collector.push([start, { type: 'failure', failure: boom }])
    expect(isFailure(collector.result())).toBe(true)
  })
})

function write(events: readonly StreamEvent[], body: JsonObject = {}, more: Partial<WriterContext> = {}): Written[] {
  const written = writtenEvents(streamText(events, { ...plainContext, ...more, body }))
  expect(streamBreach(written)).toBeUndefined()
  return written
}

function think(text: string, more: object = {}): StreamEvent {
  return { type: 'reasoning-delta', text, ...more }
}

function last(events: readonly Written[]): JsonObject {
  const response = events.at(-1)?.json.response
  return isJsonObject(response) ? response : {}
}

function sealedIn(item: JsonValue): unknown {
  const encrypted = isJsonObject(item) ? item.encrypted_content : undefined
  return typeof encrypted === 'string' ? openReasoning(encrypted) : undefined
}
