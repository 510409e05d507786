import Anthropic from '@anthropic-ai/sdk'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReasoningPart } from '../contract/chat.ts'
import type { WriterContext } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { FinishReason, StreamEvent, Usage } from '../contract/stream-event.ts'
import { readAnthropicUsage } from '../wire/anthropic-usage.ts'
import { objectOf } from '../kit/json-fields.ts'
import { anthropicMessages } from './anthropic-messages.ts'

/** What the writer writes, read by the library that will read it. */
const context: WriterContext = {
  id: 'msg_1',
  model: 'm',
  createdS: 7,
  includeUsage: false,
  mergeReasoning: false,
  continued: false,
  body: {},
  promptTokensEstimate: 3,
  elapsedMs: () => 0,
}

const question = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'hi' }] }

function answering(body: string, contentType: string): typeof fetch {
  return () => Promise.resolve(new Response(body, { headers: { 'content-type': contentType } }))
}

function anthropic(body: string, contentType = 'text/event-stream'): Anthropic {
  return new Anthropic({ apiKey: 'k', baseURL: 'http://localhost', maxRetries: 0, fetch: answering(body, contentType) })
}

function streamOf(events: readonly StreamEvent[]): string {
  const writer = anthropicMessages.writer(context)
  return writer.write(events) + writer.done()
}

const read = (body: string): Promise<Anthropic.Message> => anthropic(body).messages.stream(question).finalMessage()

/** What an answer means, whatever carried it. */
interface Meaning {
  readonly text: string
  readonly thoughts: readonly ReasoningPart[]
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[]
  readonly stop: string | null
  readonly usage: Usage | undefined
}

/** The message as the client sends it back on its next turn, read by the same dialect. */
function messageMeaning(message: Anthropic.Message): Meaning {
  const json: JsonObject = JSON.parse(JSON.stringify(message))
  const sentBack = { ...question, messages: [{ role: 'assistant', content: json['content'] ?? [] }] }
  const request = anthropicMessages.parse(sentBack)
  if (isFailure(request)) throw new Error(request.message)
  const turns = request.messages.filter((turn) => turn.role === 'assistant')
  return {
    text: turns.flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text : ''))).join(''),
    thoughts: turns.flatMap(({ reasoning }) => reasoning),
    calls: turns.flatMap(({ toolCalls }) =>
      toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, input: JSON.parse(argumentsJson) as unknown })),
    ),
    stop: message.stop_reason,
    usage: readAnthropicUsage(objectOf(json['usage']) ?? {}),
  }
}

const STOPS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}

interface Script {
  readonly thoughts: readonly ReasoningPart[]
  readonly texts: readonly string[]
  readonly calls: readonly { readonly name: string; readonly input: JsonValue; readonly cuts: readonly number[] }[]
  /** In which order the calls grow. */
  readonly turns: readonly number[]
  readonly usage: Required<Usage>
  readonly reason: FinishReason
}

const signed = fc.oneof(
  fc.record({
    text: fc.string({ minLength: 1 }),
    signature: fc.string({ minLength: 1 }),
    maker: fc.constant('anthropic' as const),
  }),
  fc.record({
    text: fc.string(),
    signature: fc.string({ minLength: 1 }),
    maker: fc.constantFrom('google' as const, 'bedrock' as const),
  }),
  fc.record({
    text: fc.string(),
    redacted: fc.string({ minLength: 1 }),
    id: fc.string({ minLength: 1 }),
    maker: fc.constant('openai' as const),
  }),
  fc.record({ text: fc.constant(''), redacted: fc.string({ minLength: 1 }), maker: fc.constant('anthropic' as const) }),
)

const script: fc.Arbitrary<Script> = fc.record({
  thoughts: fc.array(signed, { maxLength: 3 }),
  texts: fc.array(fc.string({ unit: 'grapheme' })),
  calls: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z_]{1,20}$/),
      input: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.jsonValue({ maxDepth: 2 }),
        { maxKeys: 3 },
      ),
      cuts: fc.array(fc.nat(30), { maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
  turns: fc.array(fc.nat(2), { maxLength: 20 }),
  usage: fc
    .record({
      fresh: fc.nat(9999),
      cacheRead: fc.nat(9999),
      cacheWrite: fc.nat(9999),
      output: fc.nat(9999),
      reasoning: fc.nat(99),
    })
    .map(({ fresh, ...rest }) => ({ ...rest, input: fresh + rest.cacheRead + rest.cacheWrite })),
  reason: fc.constantFrom<FinishReason>('stop', 'length', 'tool_calls', 'content_filter'),
})

/** A thought in two events: its words, and what closes it. */
function thoughtEvents({ text, ...closing }: ReasoningPart): readonly StreamEvent[] {
  const words: StreamEvent[] = text === '' ? [] : [{ type: 'reasoning-delta', text }]
  return [...words, { type: 'reasoning-delta', text: '', ...closing }]
}

/** Calls begin one after the other, and their pieces come in any order of the calls. */
function callEvents({ calls, turns }: Script): readonly StreamEvent[] {
  const queues = calls.map(({ name, input, cuts }, index): StreamEvent[] => [
    { type: 'tool-call-start', index, id: `call_${index}`, name },
    ...pieces(JSON.stringify(input), cuts).map((argumentsJson): StreamEvent => ({
      type: 'tool-call-delta',
      index,
      argumentsJson,
    })),
  ])
  const events: StreamEvent[] = []
  let begun = 0
  for (const turn of [...turns, ...calls.flatMap((_call, index) => queues[index]?.map(() => index) ?? [])]) {
    const index = Math.min(turn, begun)
    const event = queues[index]?.shift()
    if (event === undefined) continue
    if (event.type === 'tool-call-start') begun += 1
    events.push(event)
  }
  return [...events, ...queues.flat()]
}

function pieces(json: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), json.length]
  return places.slice(1).map((place, index) => json.slice(places[index], place))
}

function eventsOf(answer: Script): readonly StreamEvent[] {
  return [
    { type: 'start', model: 'm' },
    ...answer.thoughts.flatMap(thoughtEvents),
    ...answer.texts.map((text): StreamEvent => ({ type: 'text-delta', text })),
    ...callEvents(answer),
    { type: 'end', reason: answer.reason },
    { type: 'usage', usage: answer.usage },
  ]
}

function meaningOf({ thoughts, texts, calls, usage, reason }: Script): Meaning {
  return {
    text: texts.join(''),
    thoughts,
    calls: calls.map(({ name, input }, index) => ({ id: `call_${index}`, name, input })),
    stop: STOPS[reason],
    usage,
  }
}

describe('the @anthropic-ai/sdk library', () => {
  it('reads back every stream and every collected message, and sends back what was thought', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (answer) => {
        const events = eventsOf(answer)
        const expected = JSON.parse(JSON.stringify(meaningOf(answer))) as unknown
        const streamed = await read(streamOf(events))
        expect(JSON.parse(JSON.stringify(messageMeaning(streamed)))).toEqual(expected)
        const collector = anthropicMessages.collector(context)
        collector.push(events)
        const whole = anthropic(JSON.stringify(collector.result()), 'application/json')
        const collected = await whole.messages.create(question)
        expect(JSON.parse(JSON.stringify(messageMeaning(collected)))).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  it('never takes a stream that was cut for a complete one', async () => {
    const body = streamOf([
      { type: 'start', model: 'm' },
      { type: 'reasoning-delta', text: 'hm' },
      { type: 'reasoning-delta', text: '', signature: 'sig', maker: 'anthropic' },
      { type: 'text-delta', text: 'So: é' },
      { type: 'tool-call-start', index: 0, id: 'call_0', name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{"a":1}' },
      { type: 'end', reason: 'tool_calls' },
      { type: 'usage', usage: { input: 5, output: 6 } },
    ])
    const bytes = Buffer.from(body)
    // Once the data of the last event is whole, only blank lines are missing.
    const complete = bytes.length - '\n\n'.length
    for (let length = 0; length < complete; length += 1) {
      const cut = bytes.subarray(0, length).toString()
      await expect(read(cut), `cut after ${length} bytes`).rejects.toThrow()
    }
    await expect(read(body)).resolves.toMatchObject({ stop_reason: 'tool_use' })
  })

  it.each<[Failure['kind'], string]>([
    ['cut', 'api_error'],
    ['overloaded', 'overloaded_error'],
    ['rate-limited', 'rate_limit_error'],
    ['stalled', 'timeout_error'],
    ['context-length', 'invalid_request_error'],
  ])('raises on %s in the stream as %s, after handing on what came before', async (kind, type) => {
    const writer = anthropicMessages.writer(context)
    const body =
      writer.write([
        { type: 'start', model: 'm' },
        { type: 'text-delta', text: 'Hello' },
      ]) + writer.fail({ kind, message: 'prompt is too long, or so.' })
    let seen = ''
    const stream = anthropic(body).messages.stream(question)
    stream.on('text', (delta) => (seen += delta))
    const raised: unknown = await stream.finalMessage().catch((error: unknown) => error)
    expect(raised).toBeInstanceOf(Anthropic.APIError)
    expect(raised).toMatchObject({ type, apiMessage: 'prompt is too long, or so.' })
    expect(seen).toBe('Hello')
  })
})
