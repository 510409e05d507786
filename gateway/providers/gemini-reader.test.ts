import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { geminiReader } from './gemini-reader.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply } from './test/read-reply.ts'

const upstream = { label: 'Gemini', keyEnv: [] }

function read(reply: string | Buffer, size = 1_000_000): readonly StreamEvent[] {
  const events = readReply(geminiReader(upstream), Buffer.from(reply), size)
  expect(grammarBreach(events)).toBeUndefined()
  return events
}

function sse(...chunks: readonly JsonObject[]): string {
  return chunks.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join('')
}

function candidate(parts: readonly JsonObject[], rest: JsonObject = {}): JsonObject {
  return { content: { role: 'model', parts }, ...rest }
}

function chunk(parts: readonly JsonObject[], rest: JsonObject = {}): JsonObject {
  return { candidates: [candidate(parts, rest)], modelVersion: 'gemini-3', responseId: 'r' }
}

const STOP = { finishReason: 'STOP' }
const conversation = [
  chunk([{ text: 'Ich überlege 🤔', thought: true }]),
  chunk([{ text: 'Grüß ' }]),
  chunk([{ text: 'Gott 🏔' }]),
  chunk([{ functionCall: { name: 'f', args: { straße: '1' } }, thoughtSignature: 'c2ln' }], STOP),
]

describe('geminiReader', () => {
  it('reads the same whatever the chunks', () => {
    const reply = Buffer.from(sse(...conversation))
    const whole = read(reply)
    fc.assert(
      fc.property(fc.array(fc.nat(reply.length), { maxLength: 20 }), (cuts) => {
        const reader = geminiReader(upstream)
        const borders = [0, ...cuts.toSorted((a, b) => a - b), reply.length]
        const events = borders.flatMap((border, at) => reader.push(reply.subarray(borders[at - 1] ?? 0, border)))
        expect([...events, ...reader.end()]).toEqual(whole)
      }),
    )
  })

  it('reads one printed array as the stream that it was', () => {
    expect(read(JSON.stringify(conversation, null, 2), 7)).toEqual(read(sse(...conversation)))
    expect(answerOf(read(JSON.stringify(conversation.slice(0, 3)))).failure?.kind).toBe('cut')
  })

  it.each<[string, string, string]>([
    ['without a finish reason', sse(...conversation.slice(0, 3)), 'cut'],
    ['in the middle of a call', sse(chunk([{ functionCall: { name: 'f', willContinue: true } }])), 'cut'],
    ['with nothing but usage', sse({ usageMetadata: { promptTokenCount: 3 } }), 'cut'],
    [
      'with an error in an event',
      sse(chunk([{ text: 'a' }]), { error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } }),
      'rate-limited',
    ],
    [
      'with an error after its end',
      `${sse(chunk([{ text: 'a' }], STOP))}{\n "error": {\n "code": 500, "message": "x", "status": "INTERNAL" }\n}`,
      'server-error',
    ],
    [
      'with an error in an array',
      JSON.stringify([{ error: { code: 503, message: 'x', status: 'UNAVAILABLE' } }]),
      'overloaded',
    ],
    ['with a call that went wrong', sse(chunk([], { finishReason: 'MALFORMED_FUNCTION_CALL' })), 'server-error'],
    ['with a candidate of nothing', JSON.stringify({ candidates: [{}] }), 'bad-reply'],
    ['of something else', 'data: {"choices":[]}\n\n', 'bad-reply'],
  ])('fails a reply %s', (_name, reply, kind) => {
    for (const size of [1, 37, 1_000_000]) expect(answerOf(read(reply, size)).failure?.kind).toBe(kind)
  })

  it.each<[string, readonly JsonObject[], string, string]>([
    ['SAFETY', [], 'content_filter', ''],
    ['MODEL_ARMOR', [{ text: 'a' }], 'content_filter', 'a'],
    ['MAX_TOKENS', [{ functionCall: { name: 'f' } }], 'length', ''],
    ['MALFORMED_FUNCTION_CALL', [{ text: 'a' }], 'stop', 'a'],
    ['UNEXPECTED_TOOL_CALL', [{ functionCall: { name: 'f' } }], 'tool_calls', ''],
    ['SOMETHING_NEW', [], 'stop', ''],
    ['STOP', [{ text: '' }], 'stop', ''],
  ])('ends %s with parts %j in %s', (finishReason, parts, reason, text) => {
    expect(answerOf(read(sse(chunk(parts, { finishReason }))))).toMatchObject({
      finish: reason,
      text,
      failure: undefined,
    })
    expect(answerOf(read(JSON.stringify(chunk(parts, { finishReason }))))).toMatchObject({ finish: reason, text })
  })

  it('says why an answer was filtered', () => {
    const filtered = chunk([], { finishReason: 'MODEL_ARMOR', finishMessage: 'violated filters' })
    expect(read(sse(filtered)).at(-1)).toMatchObject({ type: 'end', refusal: 'violated filters' })
    const blocked = { promptFeedback: { blockReason: 'MODEL_ARMOR', blockReasonMessage: 'prompt injection' } }
    expect(read(JSON.stringify(blocked)).at(-1)).toMatchObject({
      reason: 'content_filter',
      refusal: 'prompt injection',
    })
  })

  it('forgives a whole answer without a finish reason', () => {
    expect(answerOf(read(JSON.stringify(chunk([{ text: 'a' }]))))).toMatchObject({ text: 'a', finish: 'stop' })
  })

  it('takes the last count of each side', () => {
    const counted = (count: JsonObject, rest: JsonObject = {}): JsonObject => ({
      ...chunk([], rest),
      usageMetadata: count,
    })
    const events = read(
      sse(
        counted({ trafficType: 'ON_DEMAND' }),
        counted({ promptTokenCount: 5, candidatesTokenCount: 1 }),
        counted(
          {
            promptTokenCount: 5,
            toolUsePromptTokenCount: 2,
            candidatesTokenCount: 3,
            thoughtsTokenCount: 4,
            cachedContentTokenCount: 1,
          },
          STOP,
        ),
      ),
    )
    expect(events.filter((event) => event.type === 'usage')).toEqual([
      { type: 'usage', usage: { input: 7, output: 7, cacheRead: 1, reasoning: 4 } },
    ])
  })

  it('keeps several answers apart', () => {
    const two = {
      candidates: [
        candidate([{ text: 'a' }], { index: 0, ...STOP }),
        candidate([{ text: 'b' }, { functionCall: { name: 'f' } }], { index: 1, ...STOP }),
      ],
    }
    expect(read(sse(two)).slice(1)).toEqual([
      { type: 'text-delta', text: 'a' },
      { type: 'end', reason: 'stop', rawReason: 'STOP' },
      { type: 'text-delta', text: 'b', choice: 1 },
      expect.objectContaining({ type: 'tool-call-start', index: 0, choice: 1 }),
      { type: 'tool-call-delta', index: 0, argumentsJson: '{}', choice: 1 },
      { type: 'end', reason: 'tool_calls', rawReason: 'STOP', choice: 1 },
    ])
  })

  it('gives calls without an id one that no other answer has', () => {
    const idOf = (reply: JsonObject): string | undefined => answerOf(read(JSON.stringify(reply))).tools[0]?.id
    const call = chunk([{ functionCall: { name: 'f' } }], STOP)
    expect(idOf(call)).toBe(idOf(call))
    expect(idOf({ ...call, responseId: 'other' })).not.toBe(idOf(call))
    const { responseId: _none, ...unnamed } = call
    expect(idOf({ ...unnamed, usageMetadata: { promptTokenCount: 1 } })).not.toBe(idOf(unnamed))
  })

  it('gives token probabilities as OpenAI does', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'ä', logProbability: -0.5 }],
      topCandidates: [{ candidates: [{ token: 'ä', logProbability: -0.5 }, { token: 'b' }] }],
    }
    const entry = { token: 'ä', logprob: -0.5, bytes: [195, 164] }
    expect(read(sse(chunk([{ text: 'ä' }], { ...STOP, logprobsResult })))[1]).toEqual({
      type: 'text-delta',
      text: 'ä',
      logprobs: [{ ...entry, top_logprobs: [entry, { token: 'b', logprob: 0, bytes: [98] }] }],
    })
  })

  it('names sources with characters, whatever part they counted from', () => {
    const chunks = [{ web: { uri: 'https://a.test', title: 'A' } }, { retrievedContext: { text: 'Quelle' } }]
    const groundingSupports = [
      { segment: { startIndex: 4, endIndex: 9, text: 'böse' }, groundingChunkIndices: [0, 1] },
      { segment: { startIndex: 0, endIndex: 6, text: 'Drache' }, groundingChunkIndices: [0, 9] },
      { segment: { endIndex: 3, text: 'never said' }, groundingChunkIndices: [1] },
    ]
    const events = read(
      sse(
        chunk([{ text: 'Der böse ' }]),
        chunk([{ text: 'Drache' }], { ...STOP, groundingMetadata: { groundingChunks: chunks, groundingSupports } }),
      ),
    )
    const citations = events.flatMap((event) => (event.type === 'text-delta' ? (event.citations ?? []) : []))
    expect(citations.map(({ raw: _raw, maker: _maker, ...rest }) => rest)).toEqual([
      { url: 'https://a.test', title: 'A', startIndex: 4, endIndex: 8 },
      { quote: 'Quelle', startIndex: 4, endIndex: 8 },
      { url: 'https://a.test', title: 'A', startIndex: 9, endIndex: 15 },
      { quote: 'Quelle' },
    ])
  })

  it('names the sources of recitations, and those without a passage', () => {
    const quoted = { citationMetadata: { citationSources: [{ startIndex: 0, endIndex: 1, uri: 'https://b.test' }] } }
    const bare = { groundingMetadata: { groundingChunks: [{ web: { uri: 'https://c.test' } }] } }
    const events = read(sse(chunk([{ text: 'ab' }], { ...STOP, ...quoted, ...bare })))
    expect(events.find((event) => event.type === 'text-delta' && event.text === '')).toMatchObject({
      citations: [{ url: 'https://c.test' }, { url: 'https://b.test', startIndex: 0, endIndex: 1 }],
    })
  })

  it("shows pictures, and leaves Google's own work out of the text", () => {
    const parts = [
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { codeExecutionResult: { output: '1' } },
      { text: 'Here: ' },
      { inlineData: { mimeType: 'image/png', data: 'iVBO' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklG' } },
    ]
    expect(answerOf(read(sse(chunk(parts, STOP)))).text).toBe('Here: ![image](data:image/png;base64,iVBO)')
  })

  it('never throws and never ends twice, whatever comes', () => {
    const part = fc.oneof(
      fc.record({ text: fc.string(), thought: fc.boolean(), thoughtSignature: fc.string() }, { requiredKeys: [] }),
      fc.record({
        functionCall: fc.record(
          { name: fc.string(), args: fc.jsonValue(), willContinue: fc.boolean() },
          { requiredKeys: [] },
        ),
      }),
      fc.jsonValue(),
    )
    const any = fc.record(
      {
        candidates: fc.array(
          fc.record(
            {
              index: fc.nat(2),
              content: fc.record({ parts: fc.array(part) }),
              finishReason: fc.constantFrom('STOP', 'SAFETY', 'OTHER', ''),
              groundingMetadata: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
          { maxLength: 3 },
        ),
        usageMetadata: fc.record({ promptTokenCount: fc.integer(), trafficType: fc.string() }, { requiredKeys: [] }),
        promptFeedback: fc.record({ blockReason: fc.string() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(any), fc.integer({ min: 1, max: 64 }), (chunks, size) => {
        const text = chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')
        expect(grammarBreach(readReply(geminiReader(upstream), Buffer.from(text), size))).toBeUndefined()
      }),
    )
  })
})
