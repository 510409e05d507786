import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { ollamaChat } from './ollama-chat.ts'
import { ollamaGenerateChat } from './ollama-generate.ts'
import { hearChat, hearGenerate, ollamaContext } from './test/ollama-client.ts'

const CUT: Failure = { kind: 'cut', message: 'The upstream closed the connection.' }

const ANSWER: readonly StreamEvent[] = [
  { type: 'start', model: 'claude-x', upstreamId: 'msg_1' },
  { type: 'reasoning-delta', text: 'Let me ' },
  { type: 'reasoning-delta', text: 'see.', signature: 'sig' },
  { type: 'text-delta', text: 'Grüße, 世' },
  { type: 'text-delta', text: '界 "🌍"\n' },
  { type: 'tool-call-start', index: 0, id: 'call_a', name: 'weather' },
  { type: 'tool-call-delta', index: 0, argumentsJson: '{"city":\n "Tok' },
  { type: 'tool-call-start', index: 1, id: 'call_b', name: 'time' },
  { type: 'tool-call-delta', index: 0, argumentsJson: 'yo", "id": 12345678901234567890}' },
  { type: 'end', reason: 'tool_calls' },
  { type: 'usage', usage: { input: 11, output: 7 } },
]

/** The bytes of a stream, and of the whole reply, that these events are written to. */
function streamOf(events: readonly StreamEvent[], dialect = ollamaChat): string {
  const writer = dialect.writer(ollamaContext())
  return events.map((event) => writer.write([event])).join('') + writer.done()
}
function replyOf(events: readonly StreamEvent[], dialect = ollamaChat): string {
  const collector = dialect.collector(ollamaContext())
  collector.push(events)
  const result = collector.result()
  if (isFailure(result)) throw new Error(result.message)
  return JSON.stringify(result)
}
function linesOf(stream: string): readonly JsonObject[] {
  return stream
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject)
}

describe('answers on the wire of Ollama', () => {
  beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue())
  afterEach(() => void vi.restoreAllMocks())

  it('stream line by line, calls whole, and `done` only on the last line', () => {
    const lines = linesOf(streamOf(ANSWER))
    expect(lines.map((line) => line['done'])).toEqual([false, false, false, false, false, true])
    expect(lines[0]).toEqual({
      model: 'claude-x',
      created_at: '2023-11-14T22:13:20.000Z',
      message: { role: 'assistant', content: '', thinking: 'Let me ' },
      done: false,
    })
    expect(lines.at(-2)?.['message']).toMatchObject({
      content: '',
      tool_calls: [
        { id: 'call_a', function: { index: 0, name: 'weather', arguments: { city: 'Tokyo' } } },
        { id: 'call_b', function: { index: 1, name: 'time', arguments: {} } },
      ],
    })
    expect(lines.at(-1)).toMatchObject({ done_reason: 'stop', prompt_eval_count: 11, eval_count: 7 })
  })

  it('keep the digits of large numbers in arguments', () => {
    expect(streamOf(ANSWER)).toContain('12345678901234567890')
  })

  it.each([true, false])('are heard by the official client: stream %s', async (stream) => {
    const heard = await hearChat(stream ? streamOf(ANSWER) : replyOf(ANSWER), stream)
    expect(heard).toMatchObject({
      text: 'Grüße, 世界 "🌍"\n',
      thinking: 'Let me see.',
      tools: [
        { name: 'weather', arguments: { city: 'Tokyo' } },
        { name: 'time', arguments: {} },
      ],
      reason: 'stop',
      input: 11,
      output: 7,
    })
    expect(heard.durations.every((duration) => Number.isInteger(duration) && duration > 0)).toBe(true)
  })

  it.each([true, false])('of generate stand at the top level: stream %s', async (stream) => {
    const events = ANSWER.filter(({ type }) => !type.startsWith('tool-call'))
    const body = stream ? streamOf(events, ollamaGenerateChat) : replyOf(events, ollamaGenerateChat)
    expect(await hearGenerate(body, stream)).toMatchObject({
      text: 'Grüße, 世界 "🌍"\n',
      thinking: 'Let me see.',
      input: 11,
      output: 7,
    })
  })

  it('tell the times of reading and writing apart', () => {
    const last = linesOf(streamOf(ANSWER)).at(-1)
    expect(last).toMatchObject({ prompt_eval_duration: 2_000_000, eval_duration: 2_000_000, load_duration: 1 })
    expect(last?.['total_duration']).toBe(4_000_001)
  })

  it('never have a duration of zero', () => {
    const writer = ollamaChat.writer(ollamaContext({ elapsedMs: () => 0 }))
    const [last] = linesOf(writer.write([{ type: 'end', reason: 'stop' }]) + writer.done())
    for (const name of ['total_duration', 'load_duration', 'prompt_eval_duration', 'eval_duration']) {
      expect(last?.[name]).toBeGreaterThan(0)
    }
  })

  it('leave counts out that nobody told', () => {
    const [last] = linesOf(streamOf([{ type: 'end', reason: 'stop' }]))
    expect(last).not.toHaveProperty('eval_count')
  })

  it.each([
    ['stop', 'stop'],
    ['tool_calls', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
  ] as const)('end with %s as %s', (reason, said) => {
    expect(linesOf(streamOf([{ type: 'end', reason }])).at(-1)).toMatchObject({ done: true, done_reason: said })
  })

  it.each([
    ['', {}],
    ['  ', {}],
    ['[1,2]', { input: [1, 2] }],
    ['"SELECT 1"', { input: 'SELECT 1' }],
    ['{"half": ', { input: '{"half": ' }],
    ['null', {}],
  ])('give a call with the arguments %j an object', (argumentsJson, expected) => {
    const events: StreamEvent[] = [
      { type: 'tool-call-start', index: 0, id: 'c', name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsJson },
      { type: 'end', reason: 'tool_calls' },
    ]
    expect(linesOf(streamOf(events))[0]).toMatchObject({
      message: { tool_calls: [{ function: { arguments: expected } }] },
    })
  })

  it('that failed end in an error on which the client raises', async () => {
    const writer = ollamaChat.writer(ollamaContext())
    const stream = writer.write(ANSWER.slice(0, 4)) + writer.fail(CUT)
    await expect(hearChat(stream, true)).rejects.toThrow(CUT.message)
    expect(stream).not.toContain('"done":true')
    const collector = ollamaChat.collector(ollamaContext())
    collector.push([...ANSWER.slice(0, 4), { type: 'failure', failure: CUT }])
    expect(collector.result()).toBe(CUT)
  })

  it('that failed after a call has begun never show the call', () => {
    const writer = ollamaChat.writer(ollamaContext())
    expect(writer.write(ANSWER.slice(0, 9)) + writer.fail(CUT)).not.toContain('tool_calls')
  })

  it('cut after any byte are complete to nobody', async () => {
    const bytes = Buffer.from(streamOf(ANSWER))
    for (let length = 0; length < bytes.length - 1; length++) {
      await expect(hearChat(Uint8Array.from(bytes.subarray(0, length)), true)).rejects.toThrow(/./)
    }
  })

  it('are kept alive by a line that says nothing', async () => {
    const writer = ollamaChat.writer(ollamaContext())
    const beat = writer.heartbeat?.() ?? ''
    const heard = await hearChat(beat + writer.write(ANSWER) + beat + writer.done(), true)
    expect([heard.text, heard.tools.length]).toEqual(['Grüße, 世界 "🌍"\n', 2])
  })

  it('have thoughts in tags where the configuration asks for it', async () => {
    const writer = ollamaChat.writer(ollamaContext({ mergeReasoning: true }))
    const heard = await hearChat(writer.write(ANSWER) + writer.done(), true)
    expect(heard).toMatchObject({ text: '<think>Let me see.</think>Grüße, 世界 "🌍"\n', thinking: '' })
  })

  it('give a refusal as the answer where nothing else was said', async () => {
    const events: StreamEvent[] = [{ type: 'end', reason: 'content_filter', refusal: 'I cannot help with that.' }]
    expect(await hearChat(streamOf(events), true)).toMatchObject({
      text: 'I cannot help with that.',
      reason: 'content_filter',
    })
  })

  it.each([[{ content: [{ token: 'Hi', logprob: -1 }] }], [[{ token: 'Hi', logprob: -1 }]]])(
    'carry the tokens of %j',
    (logprobs) => {
      const events: StreamEvent[] = [
        { type: 'text-delta', text: 'Hi', logprobs },
        { type: 'text-delta', text: '!', logprobs },
        { type: 'end', reason: 'stop' },
      ]
      expect(linesOf(streamOf(events))[0]?.['logprobs']).toEqual([{ token: 'Hi', logprob: -1 }])
      expect((JSON.parse(replyOf(events)) as JsonObject)['logprobs']).toHaveLength(2)
    },
  )

  it('mean the same streamed and whole, to the official client, for any answer', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async ({ events, text, thinking, tools, usage }) => {
        const expected = { text, thinking, tools, input: usage.input, output: usage.output }
        expect(await hearChat(streamOf(events), true)).toMatchObject(expected)
        expect(await hearChat(replyOf(events), false)).toMatchObject(expected)
      }),
      { numRuns: 150 },
    )
  })
})

/** Well-formed text: half a surrogate pair cannot be sent in UTF-8 at all. */
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const argumentsOf = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 6 }).filter((key) => key !== '__proto__'),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 })),
  { maxKeys: 4 },
)
const toolCalls = fc.array(
  fc.record({ name: fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' }), arguments: argumentsOf }),
  { maxLength: 3 },
)

const answers = fc
  .record({
    said: fc.array(fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta'), text }), { maxLength: 6 }),
    tools: toolCalls,
    indent: fc.constantFrom(0, 2),
    input: fc.nat(),
    output: fc.nat(),
  })
  .map(({ said, tools, indent, ...usage }) => ({
    events: [
      { type: 'start', model: 'm' },
      ...said,
      ...tools.flatMap((tool, index): StreamEvent[] => {
        const json = JSON.stringify(tool.arguments, null, indent)
        const half = Math.floor(json.length / 2)
        return [
          { type: 'tool-call-start', index, id: `call_${index}`, name: tool.name },
          { type: 'tool-call-delta', index, argumentsJson: json.slice(0, half) },
          { type: 'tool-call-delta', index, argumentsJson: json.slice(half) },
        ]
      }),
      { type: 'end', reason: tools.length > 0 ? 'tool_calls' : 'stop' },
      { type: 'usage', usage },
    ] satisfies StreamEvent[],
    text: said.flatMap((one) => (one.type === 'text-delta' ? [one.text] : [])).join(''),
    thinking: said.flatMap((one) => (one.type === 'reasoning-delta' ? [one.text] : [])).join(''),
    tools,
    usage,
  }))
