import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PassingReader } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { openaiResponses } from './openai-responses.ts'

const usage = { input_tokens: 5, output_tokens: 3, input_tokens_details: { cached_tokens: 2 } }
const created = event('response.created', { response: { status: 'in_progress', model: 'm', error: null, output: [] } })
const added = event('response.output_item.added', { output_index: 0, item: { type: 'message', id: 'msg_1' } })
const delta = event('response.output_text.delta', { delta: 'Hello "error" response.completed' })
const completed = ended('completed', { output: [{ type: 'message' }] })
const healthy = [created, added, delta, delta, completed].join('')

describe('a passing Responses stream', () => {
  it('forwards the very same chunks, and knows what passed', () => {
    const reader = openaiResponses.passing({ hideUsage: false })
    const states = [created, added, delta, completed].map((one) => {
      const chunk = Buffer.from(one)
      expect(reader.push(chunk).forward).toBe(chunk)
      return [reader.committed, reader.finished, reader.done]
    })
    // A message that is only announced is no content yet.
    expect(states).toEqual([
      [false, false, false],
      [false, false, false],
      [true, false, false],
      [true, true, true],
    ])
    expect(reader.end()).toEqual({ forward: undefined })
    expect(reader.facts).toEqual({ model: 'm', finish: 'stop', usage: { input: 5, output: 3, cacheRead: 2 } })
    expect(reader.sent()).toBeUndefined()
  })

  it('is committed by the beginning of a thought, which may be silent for long', () => {
    const thought = event('response.output_item.added', { output_index: 0, item: { type: 'reasoning', summary: [] } })
    expect(run([created, thought]).reader.committed).toBe(true)
  })

  it.each<[string, string, string]>([
    ['a call', ended('completed', { output: [{ type: 'function_call' }] }), 'tool_calls'],
    ['a limit', ended('incomplete', { incomplete_details: { reason: 'max_output_tokens' } }), 'length'],
    ['a filter', ended('incomplete', { incomplete_details: { reason: 'content_filter' } }), 'content_filter'],
    ['no status at all', event('response.completed', { response: { usage } }), 'stop'],
  ])('knows that it ended with %s', (_name, last, finish) => {
    const { reader, failure } = run([created, added, last])
    expect([failure, reader.facts.finish, reader.finished]).toEqual([undefined, finish, true])
  })

  it('knows a call from its item where the last event names none', () => {
    const call = event('response.output_item.added', { item: { type: 'custom_tool_call' } })
    expect(run([created, added, call, ended('completed', { output: [] })]).reader.facts.finish).toBe('tool_calls')
  })

  it('passes comments, odd line ends and a marker that other servers add', () => {
    const odd = `: hi\r\n\r\n${healthy.replaceAll('\n', '\r\n')}data: [DONE]\r\n\r\n`
    for (const ran of cuts(odd)) expect(ran).toMatchObject({ forwarded: odd, failure: undefined })
  })

  it.each<[string, string, Partial<Failure>]>([
    [
      'nested',
      event('error', { error: { code: 'server_is_overloaded', message: 'Busy.', type: 'service_unavailable_error' } }),
      { kind: 'overloaded', message: 'Busy.' },
    ],
    [
      'flat',
      event('error', { code: 'rate_limit_exceeded', message: 'Slow. Try again in 2s.', param: null }),
      { kind: 'rate-limited', retryAfterMs: 2_000 },
    ],
    [
      'in the response',
      event('response.failed', { response: { status: 'failed', error: { code: 'server_error', message: 'Oops.' } } }),
      { kind: 'server-error', message: 'Oops.' },
    ],
    [
      'without a word',
      event('response.failed', { response: { status: 'failed', error: null } }),
      { kind: 'server-error' },
    ],
    [
      'of a relay',
      'data: {"error":{"message":"Bad gateway","code":502}}\n\n',
      { kind: 'server-error', message: 'Bad gateway' },
    ],
  ])('holds back an error that is %s, wherever it is cut', (_name, error, expected) => {
    const body = created + added + delta + error + event('response.failed', { response: {} })
    for (const ran of cuts(body)) {
      expect(ran.forwarded).toBe(created + added + delta)
      expect(ran.failure).toMatchObject(expected)
    }
  })

  it('never takes a cut stream for a whole one', () => {
    const all = Buffer.from(healthy)
    // Behind the last byte of its JSON the last event lacks nothing.
    for (let size = 0; size < all.length - 2; size += 1) {
      const { reader, failure } = run([all.subarray(0, size)])
      expect([reader.finished, failure?.kind]).toEqual([false, size < created.length - 2 ? 'bad-reply' : 'cut'])
    }
  })

  it('ends its last event where that lacks its blank line', () => {
    expect(run([healthy.trimEnd()])).toMatchObject({ forwarded: healthy, failure: undefined })
    // An error of ours would run into it.
    expect(run([(created + added + delta).trimEnd()]).forwarded).toBe(created + added + delta)
  })

  it('drops data that is no JSON and goes on', () => {
    const { forwarded, failure } = run([created + added + 'data: {"half\n\n' + delta + completed])
    expect([forwarded, failure]).toEqual([created + added + delta + completed, undefined])
  })

  it.each([
    ['a web page', '<html>x</html>'],
    ['a whole response', JSON.stringify({ object: 'response', status: 'completed', output: [], error: null })],
    ['nothing', ''],
    ['comments alone', ': x\n\n'],
  ])('does not take %s for a stream', (_name, body) => {
    expect(run([body]).failure?.kind).toBe('bad-reply')
  })

  it('reads an error that came as plain JSON', () => {
    const body = JSON.stringify({ error: { message: 'No.', type: 'invalid_request_error', code: null } })
    expect(run([body])).toMatchObject({ forwarded: '', failure: { kind: 'bad-request', message: 'No.' } })
  })

  it('says the same of any bytes, however they are cut', () => {
    const meaning = (forwarded: string): string[] => forwarded.split('\n').filter((line) => line.trim() !== '')
    const block = fc.oneof(
      fc.constantFrom(created, added, delta, completed, ': x\n\n', 'data: {\n\n', '{', '<\n\n'),
      fc.string(),
    )
    const body = fc.array(block).map((blocks) => Buffer.from(blocks.join('')))
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 40 }), (all, size) => {
        const [whole, cut] = [run([all]), run(pieces(all, size))]
        expect([meaning(cut.forwarded), cut.failure?.kind, cut.reader.facts]).toEqual([
          meaning(whole.forwarded),
          whole.failure?.kind,
          whole.reader.facts,
        ])
      }),
    )
  })

  it('refuses an event without end', () => {
    const reader = openaiResponses.passing({ hideUsage: false })
    const half = Buffer.from('data: '.padEnd(limits.streamLineBytes / 2 + 1, 'x'))
    expect(reader.push(half)).toEqual({ forward: undefined })
    expect(reader.push(half).failure?.kind).toBe('bad-reply')
  })
})

describe('a whole response that passes', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'an answer',
      { status: 'completed', model: 'm', usage, error: null, output: [{ type: 'function_call' }] },
      { model: 'm', finish: 'tool_calls', usage: { input: 5 } },
    ],
    ['one that is still made', { status: 'queued', model: 'm', output: [] }, { model: 'm' }],
    [
      'one that failed',
      { status: 'failed', error: { code: 'server_error', message: 'Oops.' }, output: [] },
      { kind: 'server-error', message: 'Oops.' },
    ],
    ['one that was cancelled', { status: 'cancelled', error: null, output: [] }, { kind: 'server-error' }],
    ['no response', { object: 'list', data: [] }, { kind: 'bad-reply' }],
  ])('is %s', (_name, json, expected) => {
    expect(openaiResponses.readReply(JSON.stringify(json))).toMatchObject(expected)
  })

  it('is bad where it is no JSON', () => {
    const read = openaiResponses.readReply('<html>')
    expect(isFailure(read) && read.kind).toBe('bad-reply')
  })
})

function event(type: string, fields: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

function ended(status: string, more: JsonObject): string {
  return event(`response.${status}`, { response: { status, model: 'm', error: null, usage, ...more } })
}

interface Ran {
  readonly forwarded: string
  readonly failure: Failure | undefined
  readonly reader: PassingReader
}

/** Latin-1 keeps every byte apart, so that comparing strings compares bytes. */
function run(chunks: readonly (string | Buffer)[]): Ran {
  const reader = openaiResponses.passing({ hideUsage: false })
  let forwarded = ''
  let failure: Failure | undefined
  const take = (passed: ReturnType<PassingReader['push']>): void => {
    forwarded += Buffer.from(passed.forward ?? []).toString('latin1')
    failure ??= passed.failure
  }
  for (const chunk of chunks) take(reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
  take(reader.end())
  return { forwarded, failure, reader }
}

/** The body whole, cut once at every byte, and byte by byte. */
function cuts(body: string): Ran[] {
  const all = Buffer.from(body)
  const twice = Array.from({ length: all.length }, (_, at) => run([all.subarray(0, at), all.subarray(at)]))
  return [...twice, run([all]), run(pieces(all, 1))]
}

function pieces(all: Buffer, size: number): Buffer[] {
  const count = Math.ceil(all.length / size)
  return Array.from({ length: count }, (_, index) => all.subarray(index * size, (index + 1) * size))
}
