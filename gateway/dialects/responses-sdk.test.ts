import type { AIMessageChunk } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import * as fc from 'fast-check'
import OpenAI, { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import type { AssistantMessage, Maker, ReasoningPart, ToolCall } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { FinishReason, StreamEvent } from '../contract/stream-event.ts'
import { openaiResponses } from './openai-responses.ts'
import { outputOf, plainContext, streamBreach, streamText, writtenEvents } from './test/responses-stream.ts'

/** What the writer writes, read by the library that will read it, for any answer that keeps the grammar of events. */
const words = fc.string({ unit: 'grapheme', maxLength: 12 })
const text = fc.array(words, { minLength: 1, maxLength: 3 }).map((deltas): StreamEvent[] => {
  return deltas.map((delta) => ({ type: 'text-delta', text: delta }))
})
const seal = fc.oneof(
  fc.constant({}),
  fc.record({ signature: fc.base64String({ minLength: 1 }), maker: fc.constantFrom<Maker>('anthropic', 'google') }),
)
const thought = fc
  .record({ deltas: fc.array(words, { minLength: 1, maxLength: 3 }), seal })
  .map((block): StreamEvent[] => [
    ...block.deltas.map((delta) => ({ type: 'reasoning-delta' as const, text: delta })),
    { type: 'reasoning-delta', text: '', ...block.seal },
  ])
const redacted = fc.base64String({ minLength: 1 }).map((blob): StreamEvent[] => {
  return [{ type: 'reasoning-delta', text: '', redacted: blob, maker: 'anthropic' }]
})
const encrypted = fc
  .record({ blob: fc.base64String({ minLength: 1 }), told: fc.string({ minLength: 1 }), id: fc.uuid() })
  .map(({ blob, told, id }): StreamEvent[] => [
    { type: 'reasoning-delta', text: told, maker: 'openai', id: `rs_${id}` },
    { type: 'reasoning-delta', text: '', redacted: blob, maker: 'openai', id: `rs_${id}` },
  ])
const calls = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z_]{1,20}$/),
    fragments: fc.array(fc.string({ maxLength: 8 }), { maxLength: 4 }),
    signature: fc.option(fc.base64String({ minLength: 1 }), { nil: undefined }),
  }),
  { maxLength: 3 },
)
const answer = fc
  .record({
    voices: fc.array(fc.oneof(text, thought, redacted, encrypted), { maxLength: 6 }),
    calls,
    late: fc.array(fc.oneof(text, thought), { maxLength: 1 }),
    usage: fc.record({ input: fc.nat(), output: fc.nat(), cacheRead: fc.nat(), reasoning: fc.nat() }),
    reason: fc.constantFrom<FinishReason>('stop', 'tool_calls', 'length', 'content_filter'),
  })
  .map((given): StreamEvent[] => [
    { type: 'start', model: 'real' },
    ...given.voices.flat(),
    ...given.calls.map(({ name, signature }, index): StreamEvent => {
      const signed = signature === undefined ? {} : { signature, maker: 'google' as const }
      return { type: 'tool-call-start', index, id: `call_${index}`, name, ...signed }
    }),
    ...interleaved(given.calls.map(({ fragments }) => fragments)),
    ...given.late.flat(),
    { type: 'end', reason: given.calls.length > 0 && given.reason === 'stop' ? 'tool_calls' : given.reason },
    { type: 'usage', usage: given.usage },
  ])

describe('the openai library', () => {
  it('reads back every stream and every collected reply', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (events) => {
        const written = streamText(events)
        expect(streamBreach(writtenEvents(written))).toBeUndefined()
        const expected = meaning(events)
        expect(responseMeaning(await openai(written).responses.stream(question).finalResponse())).toEqual(expected)
        expect(responseMeaning(await lastResponse(written))).toEqual(expected)
        const collector = openaiResponses.collector(plainContext)
        collector.push(events)
        const body = JSON.stringify(collector.result())
        const whole = await openai(body, 'application/json').responses.create(question)
        expect(responseMeaning(whole)).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  it('gives the same thoughts and calls back on the next turn, byte for byte', () => {
    fc.assert(
      fc.property(answer, (events) => {
        const output = outputOf(writtenEvents(streamText(events)))
        const input = [{ role: 'user', content: 'hi' }, ...output, { role: 'user', content: 'and?' }]
        const read = openaiResponses.parse({ model: 'm', input })
        if (isFailure(read)) throw new Error(read.message)
        expect(read.conversions).toBeUndefined()
        const said = read.messages.find((message): message is AssistantMessage => message.role === 'assistant')
        expect({ reasoning: said?.reasoning ?? [], toolCalls: said?.toolCalls ?? [] }).toEqual(thoughtsAndCalls(events))
      }),
      { numRuns: 300 },
    )
  })

  it('never takes a stream that was cut for a whole one', async () => {
    const events: StreamEvent[] = [
      { type: 'start', model: 'real' },
      { type: 'reasoning-delta', text: 'hm', signature: 's', maker: 'anthropic' },
      { type: 'text-delta', text: 'Hé' },
      { type: 'tool-call-start', index: 0, id: 'call_0', name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{}' },
      { type: 'end', reason: 'tool_calls' },
      { type: 'usage', usage: { input: 1, output: 1 } },
    ]
    const whole = Buffer.from(streamText(events))
    // The last event lacks nothing but the blank line behind it in the last two cuts.
    const last = whole.length - 3
    for (let size = 0; size <= last; size += 1) {
      const terminal = whole.toString('utf8', 0, size).split('event: response.completed\ndata: ')[1]
      expect(() => JSON.parse(terminal ?? '') as unknown).toThrow()
      // The library takes milliseconds each time: it is asked around the ends of events, and here and there between.
      const nearEnd = whole.subarray(Math.max(0, size - 2), size + 2).includes('\n') || last - size < 20
      if (nearEnd || size % 41 === 0) {
        expect(await ended(whole.subarray(0, size)), `${size} of ${whole.length} bytes`).not.toBe('completed')
      }
    }
    expect(await ended(whole)).toBe('completed')
  })

  it.each<[Failure['kind'], string]>([
    ['cut', 'upstream_cut'],
    ['context-length', 'context_length_exceeded'],
    ['rate-limited', 'rate_limit_exceeded'],
    ['quota', 'insufficient_quota'],
  ])('raises on a failure of kind %s in the stream, after handing on what came before', async (kind, code) => {
    const writer = openaiResponses.writer(plainContext)
    const begun = writer.write([
      { type: 'start', model: 'm' },
      { type: 'text-delta', text: 'Hello' },
    ])
    const body = begun + writer.fail({ kind, message: 'It broke.' })
    const seen: string[] = []
    const reading = async (): Promise<void> => {
      const stream = await openai(body).responses.create({ ...question, stream: true })
      for await (const event of stream) if (event.type === 'response.output_text.delta') seen.push(event.delta)
    }
    await expect(reading()).rejects.toMatchObject({ code, error: { message: 'It broke.' } })
    expect(seen).toEqual(['Hello'])
    await expect(openai(body).responses.stream(question).finalResponse()).rejects.toBeInstanceOf(APIError)
  })
})

describe('langchain', () => {
  const model = (body: string): ChatOpenAI =>
    new ChatOpenAI({
      model: 'm',
      apiKey: 'k',
      maxRetries: 0,
      useResponsesApi: true,
      configuration: { baseURL: 'http://localhost/v1', fetch: answering(body) },
    })

  it('reads text and calls', async () => {
    const body = streamText([
      { type: 'start', model: 'm' },
      { type: 'reasoning-delta', text: 'hm', signature: 's', maker: 'anthropic' },
      { type: 'text-delta', text: 'Hello' },
      { type: 'tool-call-start', index: 0, id: 'call_0', name: 'look' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{"a":1}' },
      { type: 'end', reason: 'tool_calls' },
      { type: 'usage', usage: { input: 5, output: 3 } },
    ])
    let whole: AIMessageChunk | undefined
    for await (const chunk of await model(body).stream('hi')) whole = whole?.concat(chunk) ?? chunk
    expect(whole?.text).toBe('Hello')
    expect(whole?.tool_calls).toMatchObject([{ id: 'call_0', name: 'look', args: { a: 1 } }])
    expect(whole?.usage_metadata).toMatchObject({ input_tokens: 5, output_tokens: 3 })
  })

  it('raises on a failure in the stream', async () => {
    const writer = openaiResponses.writer(plainContext)
    const begun = writer.write([
      { type: 'start', model: 'm' },
      { type: 'text-delta', text: 'Hello' },
    ])
    const body = begun + writer.fail({ kind: 'cut', message: 'It broke.' })
    const reading = async (): Promise<void> => {
      for await (const _chunk of await model(body).stream('hi')) continue
    }
    await expect(reading()).rejects.toThrow(/It broke/)
  })
})

describe('two turns', () => {
  it.each<[string, StreamEvent[]]>([
    [
      'anthropic',
      [
        { type: 'reasoning-delta', text: 'Let me look. ' },
        { type: 'reasoning-delta', text: '', signature: 'EqQBCkYIARgCKkA=', maker: 'anthropic' },
        { type: 'reasoning-delta', text: '', redacted: 'EmwKAhgBEgy3va3p', maker: 'anthropic' },
        { type: 'text-delta', text: 'I will look.' },
        { type: 'tool-call-start', index: 0, id: 'toolu_1', name: 'look' },
        { type: 'tool-call-delta', index: 0, argumentsJson: '{"at": "x"}' },
      ],
    ],
    [
      'google',
      [
        { type: 'reasoning-delta', text: '**Looking**' },
        { type: 'tool-call-start', index: 0, id: 'call_a', name: 'look', signature: 'CpcBAR/=', maker: 'google' },
        { type: 'tool-call-delta', index: 0, argumentsJson: '{"at":"x"}' },
        { type: 'tool-call-start', index: 1, id: 'call_b', name: 'look' },
        { type: 'tool-call-delta', index: 1, argumentsJson: '{}' },
      ],
    ],
  ])('keep what %s signed', (_maker, said) => {
    const events: StreamEvent[] = [{ type: 'start', model: 'm' }, ...said, { type: 'end', reason: 'tool_calls' }]
    const results = said.flatMap((event): JsonObject[] => {
      return event.type === 'tool-call-start' ? [{ type: 'function_call_output', call_id: event.id, output: '7' }] : []
    })
    const output = outputOf(writtenEvents(streamText(events)))
    const input = [{ role: 'user', content: 'hi' }, ...output, ...results]
    const read = openaiResponses.parse({ model: 'm', input })
    if (isFailure(read)) throw new Error(read.message)
    expect(read.messages[1]).toMatchObject(thoughtsAndCalls(events))
    expect(read.messages.slice(2).map((message) => message.role)).toEqual(results.map(() => 'tool'))
  })
})

const question = { model: 'm', input: 'hi' }

interface Meaning {
  readonly text: string
  readonly thoughts: string
  readonly calls: readonly unknown[]
  readonly status: string | undefined
  readonly why: string | undefined
  readonly tokens: readonly (number | undefined)[]
  readonly model: string
}

const WHYS: ReadonlyMap<FinishReason | undefined, string> = new Map([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
])

function meaning(events: readonly StreamEvent[]): Meaning {
  const usage = events.find((event) => event.type === 'usage')?.usage
  const reason = events.find((event) => event.type === 'end')?.reason
  const why = WHYS.get(reason)
  return {
    text: events.map((event) => (event.type === 'text-delta' ? event.text : '')).join(''),
    thoughts: events.map((event) => (event.type === 'reasoning-delta' ? event.text : '')).join(''),
    calls: callsIn(events, why === undefined ? '{}' : '').map(({ id, name, argumentsJson }) => [
      id,
      name,
      argumentsJson,
    ]),
    status: why === undefined ? 'completed' : 'incomplete',
    why,
    tokens: [usage?.input, usage?.output, usage?.cacheRead, usage?.reasoning],
    model: 'real',
  }
}

function responseMeaning(response: OpenAI.Responses.Response): Meaning {
  const { usage } = response
  return {
    text: response.output_text,
    thoughts: response.output
      .flatMap((item) => (item.type === 'reasoning' ? item.summary.map((part) => part.text) : []))
      .join(''),
    calls: response.output.flatMap((item) =>
      item.type === 'function_call' ? [[item.call_id, item.name, item.arguments]] : [],
    ),
    status: response.status,
    why: response.incomplete_details?.reason,
    tokens: [
      usage?.input_tokens,
      usage?.output_tokens,
      usage?.input_tokens_details.cached_tokens,
      usage?.output_tokens_details.reasoning_tokens,
    ],
    model: response.model,
  }
}

/** The blocks of thought and the calls, told apart as the contract of events says. */
function thoughtsAndCalls(events: readonly StreamEvent[]): { reasoning: ReasoningPart[]; toolCalls: ToolCall[] } {
  const reasoning: ReasoningPart[] = []
  let open = ''
  const close = (more: Partial<ReasoningPart> = {}): void => {
    if (open !== '' || Object.keys(more).length > 0) reasoning.push({ text: open, ...more })
    open = ''
  }
  for (const event of events) {
    if (event.type === 'reasoning-delta') {
      const { type: _type, text: more, ...bound } = event
      if (bound.maker === 'openai' && bound.redacted === undefined) close()
      if (bound.redacted !== undefined && bound.maker !== 'openai') close()
      open += more
      if (bound.signature !== undefined || bound.redacted !== undefined) close(bound)
    } else if (event.type !== 'text-delta' || event.text !== '') close()
  }
  const cut = events.some(
    (event) => event.type === 'end' && (event.reason === 'length' || event.reason === 'content_filter'),
  )
  return { reasoning, toolCalls: callsIn(events, cut ? '' : '{}') }
}

function callsIn(events: readonly StreamEvent[], empty: string): ToolCall[] {
  return events.flatMap((event) => {
    if (event.type !== 'tool-call-start') return []
    const { type: _type, index, ...call } = event
    const given = events.map((other) =>
      other.type === 'tool-call-delta' && other.index === index ? other.argumentsJson : '',
    )
    return [{ ...call, argumentsJson: given.join('') || empty }]
  })
}

function interleaved(lists: readonly (readonly string[])[]): StreamEvent[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, at) => at).flatMap((at) =>
    lists.flatMap((list, index): StreamEvent[] => {
      const argumentsJson = list[at]
      return argumentsJson === undefined ? [] : [{ type: 'tool-call-delta', index, argumentsJson }]
    }),
  )
}

async function lastResponse(body: string): Promise<OpenAI.Responses.Response> {
  const stream = await openai(body).responses.create({ ...question, stream: true })
  let last: OpenAI.Responses.Response | undefined
  for await (const event of stream) {
    if (event.type === 'response.completed' || event.type === 'response.incomplete') last = event.response
  }
  if (last === undefined) throw new Error('no end')
  const parts = last.output.flatMap((item) => (item.type === 'message' ? item.content : []))
  return { ...last, output_text: parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('') }
}

async function ended(body: Buffer): Promise<string | undefined> {
  try {
    const final = await openai(body).responses.stream(question).finalResponse()
    return final.status
  } catch {
    return 'raised'
  }
}

function answering(body: string | Buffer, contentType = 'text/event-stream'): typeof fetch {
  const bytes = new Uint8Array(Buffer.from(body))
  return () => Promise.resolve(new Response(bytes, { headers: { 'content-type': contentType } }))
}

function openai(body: string | Buffer, contentType?: string): OpenAI {
  const options = { apiKey: 'k', baseURL: 'http://localhost/v1', maxRetries: 0, logLevel: 'off' as const }
  return new OpenAI({ ...options, fetch: answering(body, contentType) })
}
