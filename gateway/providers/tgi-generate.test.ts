import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../contract/stream-event.ts'
import { openAiReader } from './openai-reader.ts'
import { readReply } from './test/read-reply.ts'

const upstream = { label: 'TGI', keyEnv: [] }

function read(body: string): readonly StreamEvent[] {
  return readReply(openAiReader(upstream), Buffer.from(body), 7)
}

function saidBy(events: readonly StreamEvent[]): unknown {
  const text = events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
  const end = events.find((event) => event.type === 'end')
  const usage = events.find((event) => event.type === 'usage')
  return [text, end?.reason, usage?.usage]
}

describe("replies of TGI's first API", () => {
  it.each([
    ['an object', '{"generated_text":"Hello"}', ['Hello', 'stop', undefined]],
    ['a list of one', '[{"generated_text":"Hello"}]', ['Hello', 'stop', undefined]],
    [
      'with details',
      '{"generated_text":"Hello","details":{"finish_reason":"length","generated_tokens":2,"prefill":[{},{},{}],"tokens":[]}}',
      ['Hello', 'length', { input: 3, output: 2 }],
    ],
    [
      'without the tokens of the prompt',
      '{"generated_text":"Hello","details":{"finish_reason":"eos_token","generated_tokens":2,"prefill":[]}}',
      ['Hello', 'stop', undefined],
    ],
  ])('%s', (_what, body, expected) => {
    expect(saidBy(read(body))).toEqual(expected)
  })

  it('a stream, whose end is its last event', () => {
    const events = [
      { index: 1, token: { id: 5, text: 'Hel', special: false }, generated_text: null, details: null },
      { index: 2, token: { id: 6, text: 'lo', special: false }, generated_text: null, details: null },
      {
        index: 3,
        token: { id: 2, text: '</s>', special: true },
        generated_text: 'Hello',
        details: { finish_reason: 'eos_token' },
      },
    ]
    const lines = events.map((event) => `data:${JSON.stringify(event)}\n\n`)
    expect(saidBy(read(lines.join('')))).toEqual(['Hello', 'stop', undefined])
    expect(read(lines.slice(0, 2).join('')).at(-1)).toMatchObject({ type: 'failure', failure: { kind: 'cut' } })
  })

  it.each(['{"generated":"x"}', '[]', '[{"generated_text":"a"},{"generated_text":"b"}]'])('not %s', (body) => {
    expect(read(body).at(-1)).toMatchObject({ type: 'failure', failure: { kind: 'bad-reply' } })
  })
})
