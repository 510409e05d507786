import { describe, expect, it } from 'vitest'
import type { WriterContext } from '../contract/dialect.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { openaiChat } from './openai-chat.ts'

const plain: WriterContext = {
  id: 'chatcmpl-own',
  model: 'asked',
  createdS: 7,
  includeUsage: false,
  mergeReasoning: false,
  continued: false,
  body: {},
  promptTokensEstimate: 0,
  elapsedMs: () => 0,
}
const start: StreamEvent = { type: 'start', model: 'real' }
const end: StreamEvent = { type: 'end', reason: 'stop' }
const usage: StreamEvent = { type: 'usage', usage: { input: 5, output: 3, cacheRead: 2, reasoning: 1 } }
const hello: StreamEvent = { type: 'text-delta', text: 'Hello' }

describe('the chat stream', () => {
  it.each(['plain', 'a "b" \\ c', 'two\nlines\t\u0001', 'é 日本 🙂', '\ud83d', '\ude42 half', '\u2028', ''])(
    'writes the text %j so that a parser gives it back',
    (text) => {
      expect(contentOf(chunks(plain, [start, { type: 'text-delta', text }, end]))).toBe(text)
    },
  )

  it('is what OpenAI sends: role, deltas, an empty delta with the finish, the marker', () => {
    const [role, text, finish, ...rest] = chunks(plain, [start, hello, end])
    expect(role).toEqual({
      id: 'chatcmpl-own',
      object: 'chat.completion.chunk',
      created: 7,
      model: 'real',
      choices: [{ index: 0, delta: { role: 'assistant', content: '', refusal: null }, finish_reason: null }],
    })
    expect(text).toMatchObject({ choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: null }] })
    expect(finish).toMatchObject({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
    expect(rest).toEqual(['[DONE]'])
  })

  it('ends with the last usage, even when it came after the end, and only where it was asked for', () => {
    const early: StreamEvent = { type: 'usage', usage: { input: 1, output: 1 } }
    const events = [start, early, hello, end, usage]
    const asked = chunks({ ...plain, includeUsage: true }, events)
    expect(asked.at(-2)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 3,
        total_tokens: 8,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    })
    expect(asked.slice(0, -2).every((chunk) => isJsonObject(chunk) && chunk.usage === null)).toBe(true)
    expect(JSON.stringify(chunks(plain, events))).not.toContain('usage')
  })

  it('keeps upstream ids, and the names of a stream that goes on', () => {
    const named: StreamEvent = { type: 'start', model: 'real', upstreamId: 'chatcmpl-theirs' }
    expect(chunks(plain, [named, hello])[0]).toMatchObject({ id: 'chatcmpl-theirs', model: 'real' })
    const continued = chunks({ ...plain, continued: true }, [named, hello, end])
    expect(continued[0]).toMatchObject({
      id: 'chatcmpl-own',
      model: 'asked',
      choices: [{ delta: { content: 'Hello' } }],
    })
    expect(JSON.stringify(continued)).not.toContain('role')
  })

  it('gives null content before a tool call, and arguments in fragments', () => {
    const [role, begin, fragment] = chunks(plain, [
      start,
      { type: 'tool-call-start', index: 0, id: 'call_1', name: 'look' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{"a":"\\""}' },
    ])
    expect(role).toMatchObject({ choices: [{ delta: { role: 'assistant', content: null } }] })
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }
    expect(begin).toMatchObject({ choices: [{ delta: { tool_calls: [call] } }] })
    const rest = { index: 0, function: { arguments: '{"a":"\\""}' } }
    expect(fragment).toMatchObject({ choices: [{ delta: { tool_calls: [rest] } }] })
  })

  it('sends reasoning once, with signatures where there are some', () => {
    const [, thought, signed, redacted] = chunks(plain, [
      start,
      { type: 'reasoning-delta', text: 'hm' },
      { type: 'reasoning-delta', text: '', signature: 's' },
      { type: 'reasoning-delta', text: '', redacted: 'r' },
    ])
    expect(thought).toMatchObject({ choices: [{ delta: { reasoning_content: 'hm' } }] })
    expect(JSON.stringify(thought)).not.toContain('"reasoning"')
    expect(signed).toMatchObject({ choices: [{ delta: { thinking_blocks: [{ type: 'thinking', signature: 's' }] } }] })
    expect(redacted).toMatchObject({
      choices: [{ delta: { thinking_blocks: [{ type: 'redacted_thinking', data: 'r' }] } }],
    })
  })

  it.each<[string, StreamEvent[], string]>([
    [
      'before text',
      [{ type: 'reasoning-delta', text: 'h' }, { type: 'reasoning-delta', text: 'm' }, hello],
      '<think>hm</think>Hello',
    ],
    ['alone', [{ type: 'reasoning-delta', text: 'hm' }], '<think>hm</think>'],
    ['with a signature only', [{ type: 'reasoning-delta', text: '', signature: 's' }, hello], 'Hello'],
  ])('merges reasoning %s into the content', (_name, events, expected) => {
    const context = { ...plain, mergeReasoning: true }
    expect(contentOf(chunks(context, [start, ...events, end]))).toBe(expected)
  })

  it('keeps choices apart, each with its own role', () => {
    const written = chunks(plain, [start, hello, { ...hello, choice: 1 }, end, { ...end, choice: 1 }])
    const roles = written.filter((chunk) => JSON.stringify(chunk).includes('"role"'))
    expect(roles.map((chunk) => isJsonObject(chunk) && chunk.choices)).toMatchObject([[{ index: 0 }], [{ index: 1 }]])
  })

  it('carries log probabilities and refusals', () => {
    const token = { token: 'Hello', logprob: -0.1, bytes: null, top_logprobs: [] }
    const written = chunks(plain, [start, { ...hello, logprobs: [token] }, { ...end, refusal: 'No.' }])
    expect(written[1]).toMatchObject({ choices: [{ logprobs: { content: [token] } }] })
    expect(written[2]).toMatchObject({ choices: [{ delta: { refusal: 'No.' } }] })
  })
})

/** Every chunk as JSON; the marker as its word. */
function chunks(context: WriterContext, events: readonly StreamEvent[]): (JsonObject | string)[] {
  const writer = openaiChat.writer(context)
  const body = writer.write(events) + writer.done()
  return body
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => block.replace(/^data: /, ''))
    .map((data) => (data === '[DONE]' ? data : objectOf(JSON.parse(data))))
}

function objectOf(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('A chunk is an object.')
  return value
}

function contentOf(written: readonly (JsonObject | string)[]): string {
  return [...JSON.stringify(written).matchAll(/"delta":\{"content":("(?:[^"\\]|\\.)*")/g)]
    .map(([, text = '""']) => String(JSON.parse(text)))
    .join('')
}
