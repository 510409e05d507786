import { describe, expect, it } from 'vitest'
import type { WriterContext } from '../contract/dialect.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { Failure } from '../contract/failure.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, objectOf, parseObject, stringOf } from '../kit/json-fields.ts'
import { openReasoning } from '../wire/sealed-reasoning.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { UNSIGNED } from './anthropic-thinking.ts'

const context: WriterContext = {
  id: 'msg_1',
  model: 'asked',
  createdS: 7,
  includeUsage: false,
  mergeReasoning: false,
  continued: false,
  body: {},
  promptTokensEstimate: 12,
  elapsedMs: () => 0,
}

const start: StreamEvent = { type: 'start', model: 'm' }
const text = (words: string): StreamEvent => ({ type: 'text-delta', text: words })
const called = (index: number): StreamEvent => ({
  type: 'tool-call-start',
  index,
  id: `call_${index}`,
  name: `f${index}`,
})
const args = (index: number, argumentsJson: string): StreamEvent => ({ type: 'tool-call-delta', index, argumentsJson })
const end: StreamEvent = { type: 'end', reason: 'stop' }

/** The data of every event that was written, whose name must be its type. */
function eventsOf(written: string): readonly JsonObject[] {
  return written
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const [name = '', data = ''] = block.split('\n')
      const json = parseObject(data.replace('data: ', ''))
      if (json === undefined || name !== `event: ${stringOf(json['type']) ?? ''}`) throw new Error(`no event: ${block}`)
      return json
    })
}

function stream(...events: readonly StreamEvent[]): readonly JsonObject[] {
  const writer = anthropicMessages.writer(context)
  return eventsOf(writer.write([start, ...events]) + writer.done())
}

function collect(...events: readonly StreamEvent[]): JsonObject {
  const collector = anthropicMessages.collector(context)
  collector.push([start, ...events])
  const reply = collector.result()
  return objectOf(JSON.parse(JSON.stringify(reply))) ?? {}
}

/** `text0 "ab"` for every block: its kind, its place, and what was written into it before it was closed. */
function blocks(events: readonly JsonObject[]): readonly string[] {
  const seen: string[] = []
  let open = false
  for (const event of events) {
    const delta = objectOf(event['delta'])
    if (event['type'] === 'content_block_start') {
      if (open || event['index'] !== seen.length) throw new Error('blocks overlap')
      open = true
      seen.push(`${stringOf(objectOf(event['content_block'])?.['type']) ?? ''} `)
    } else if (event['type'] === 'content_block_delta') {
      if (!open || event['index'] !== seen.length - 1) throw new Error('a delta outside its block')
      seen[seen.length - 1] += [delta?.['text'], delta?.['thinking'], delta?.['partial_json']]
        .map((v) => stringOf(v) ?? '')
        .join('')
    } else if (event['type'] === 'content_block_stop') open = false
  }
  return seen
}

const last = (events: readonly JsonObject[], type: string): JsonObject =>
  events.findLast((event) => event['type'] === type) ?? {}

describe('writing a Messages stream', () => {
  it('has the events of the wire in their order', () => {
    expect(stream(text('a'), text('b'), end).map((event) => event['type'])).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  it('tells the estimated size of the prompt until the real one is known', () => {
    expect(last(stream(text('a'), end), 'message_start')['message']).toMatchObject({
      id: 'msg_1',
      model: 'm',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 12, output_tokens: 0 },
    })
    const early: StreamEvent = { type: 'usage', usage: { input: 100, output: 1, cacheRead: 60, cacheWrite: 10 } }
    expect(last(stream(early, text('a'), end), 'message_start')['message']).toMatchObject({
      usage: { input_tokens: 30, cache_read_input_tokens: 60, cache_creation_input_tokens: 10 },
    })
  })

  it('ends with the last figures, also where they come after the end', () => {
    const figures = { input: 100, output: 9, cacheRead: 60, reasoning: 4 }
    expect(last(stream(text('a'), end, { type: 'usage', usage: figures }), 'message_delta')['usage']).toEqual({
      input_tokens: 40,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: 0,
      output_tokens: 9,
      output_tokens_details: { thinking_tokens: 4 },
    })
  })

  it.each<[StreamEvent, JsonObject]>([
    [
      { type: 'end', reason: 'stop' },
      { stop_reason: 'end_turn', stop_sequence: null },
    ],
    [{ type: 'end', reason: 'length' }, { stop_reason: 'max_tokens' }],
    [{ type: 'end', reason: 'tool_calls' }, { stop_reason: 'tool_use' }],
    [
      { type: 'end', reason: 'content_filter' },
      { stop_reason: 'refusal', stop_details: { type: 'refusal', explanation: null } },
    ],
    [
      { type: 'end', reason: 'stop', refusal: 'No.' },
      { stop_reason: 'refusal', stop_details: { explanation: 'No.' } },
    ],
    [
      { type: 'end', reason: 'stop', stopSequence: 'END' },
      { stop_reason: 'stop_sequence', stop_sequence: 'END' },
    ],
    [{ type: 'end', reason: 'stop', rawReason: 'pause_turn' }, { stop_reason: 'pause_turn' }],
  ])('says why it ended: %j', (event, delta) => {
    expect(last(stream(event), 'message_delta')['delta']).toMatchObject(delta)
    expect(collect(event)).toMatchObject(delta)
  })

  it('opens no block for nothing', () => {
    expect(blocks(stream(text(''), { type: 'reasoning-delta', text: '' }, end))).toEqual([])
  })

  it('signs a thought just before its block ends', () => {
    const events = stream(
      { type: 'reasoning-delta', text: 'hm', maker: 'anthropic' },
      { type: 'reasoning-delta', text: '', signature: 'sig', maker: 'anthropic' },
      { type: 'reasoning-delta', text: 'and' },
      text('so'),
      end,
    )
    expect(blocks(events)).toEqual(['thinking hm', 'thinking and', 'text so'])
    const signatures = events
      .map((event) => objectOf(event['delta'])?.['signature'])
      .filter((value) => value !== undefined)
    expect(signatures).toEqual(['sig', UNSIGNED])
  })

  it('seals what another maker signed or encrypted', () => {
    const reply = collect(
      { type: 'reasoning-delta', text: 'hm' },
      { type: 'reasoning-delta', text: '', redacted: 'enc', id: 'rs_1', maker: 'openai' },
      end,
    )
    const block = objectOf(arrayOf(reply['content'])[0])
    expect(block).toMatchObject({ type: 'thinking', thinking: 'hm' })
    expect(openReasoning(stringOf(block?.['signature']) ?? '')).toEqual([
      { text: '', redacted: 'enc', id: 'rs_1', maker: 'openai' },
    ])
  })

  it('writes encrypted thoughts of Anthropic as they are', () => {
    const hidden: StreamEvent = { type: 'reasoning-delta', text: '', redacted: 'enc', maker: 'anthropic' }
    expect(blocks(stream(hidden, hidden, end))).toHaveLength(2)
    expect(collect(hidden, end)['content']).toEqual([{ type: 'redacted_thinking', data: 'enc' }])
  })

  it('shows citations of Anthropic, and none that it would refuse later', () => {
    const raw = { type: 'char_location', cited_text: 'q', document_index: 0 }
    const own: StreamEvent = { type: 'text-delta', text: 'so', citations: [{ maker: 'anthropic', raw }] }
    const foreign: StreamEvent = { type: 'text-delta', text: 'so', citations: [{ maker: 'google', raw: {} }] }
    expect(collect(own, end)['content']).toEqual([{ type: 'text', text: 'so', citations: [raw] }])
    expect(collect(foreign, end)['content']).toEqual([{ type: 'text', text: 'so' }])
    expect(stream(own, end)).toContainEqual(
      expect.objectContaining({ delta: { type: 'citations_delta', citation: raw } }),
    )
  })

  it('writes only the first of several answers', () => {
    const second: StreamEvent = { type: 'text-delta', text: 'other', choice: 1 }
    const secondEnd: StreamEvent = { type: 'end', reason: 'length', choice: 1 }
    const events = stream(text('one'), second, end, secondEnd)
    expect(blocks(events)).toEqual(['text one'])
    expect(last(events, 'message_delta')['delta']).toMatchObject({ stop_reason: 'end_turn' })
  })
})

describe('tool calls that grow at the same time', () => {
  it('are written one after the other', () => {
    const events = stream(
      called(0),
      args(0, '{"a":"}'),
      called(1),
      args(1, '{"b"'),
      args(0, '\\""}'),
      args(1, ':2}'),
      text('done'),
      end,
    )
    expect(blocks(events)).toEqual(['tool_use {"a":"}\\""}', 'tool_use {"b":2}', 'text done'])
  })

  it('go on at once where the one before has all its arguments', () => {
    const writer = anthropicMessages.writer(context)
    const first = writer.write([start, called(0), args(0, '{}'), called(1), args(1, '{"b":')])
    expect(blocks(eventsOf(first))).toEqual(['tool_use {}', 'tool_use {"b":'])
  })

  it('are all there at the end, whether they are whole or not', () => {
    const events = [called(0), called(1), args(1, '{"b":2}'), text('and'), called(2), args(2, '{"c'), end]
    expect(blocks(stream(...events))).toEqual(['tool_use ', 'tool_use {"b":2}', 'text and', 'tool_use {"c'])
    const inputs = arrayOf(collect(...events)['content']).map((block): JsonValue => objectOf(block)?.['input'] ?? null)
    expect(inputs).toEqual([{}, { b: 2 }, null, { arguments: '{"c' }])
  })
})

describe('a reply that fails', () => {
  const cut: Failure = { kind: 'cut', message: 'It broke.' }

  it('is an error event, after which nothing comes', () => {
    const writer = anthropicMessages.writer(context)
    const written = writer.write([start, text('Hel')]) + writer.fail(cut)
    expect(eventsOf(written).at(-1)).toEqual({ type: 'error', error: { type: 'api_error', message: 'It broke.' } })
  })

  it('is that failure where it was collected', () => {
    const collector = anthropicMessages.collector(context)
    collector.push([start, text('Hel'), { type: 'failure', failure: cut }])
    expect(collector.result()).toBe(cut)
  })
})
