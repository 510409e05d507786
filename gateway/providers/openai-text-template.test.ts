import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../contract/stream-event.ts'
import { openAiReader } from './openai-reader.ts'

const UPSTREAM = { label: 'Test', keyEnv: [] }

/** A chunk as servers write it; `more` stands behind its choices. */
function chunk(delta: string, { finish = 'null', more = '' } = {}): string {
  return `{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]${more}}`
}

function says(text: string, more = ''): string {
  return chunk(`{"content":${text}}`, { more })
}

function read(events: readonly string[]): readonly StreamEvent[] {
  const reader = openAiReader(UPSTREAM)
  const bytes = Buffer.from([...events, '[DONE]'].map((data) => `data: ${data}\n\n`).join(''))
  return [...reader.push(bytes), ...reader.end()]
}

function textOf(events: readonly StreamEvent[]): string {
  return events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
}

const LEARNED = [says('"a"'), says('"b"'), says('"c"')]

describe('a stream whose events differ only in their text', () => {
  it.each([
    ['plain text', says('"d"'), 'd'],
    ['letters of every script', says('"日本 é 🙂"'), '日本 é 🙂'],
    ['nothing', says('""'), ''],
    ['escapes', says('"\\"\\n\\u00e9\\\\"'), '"\n\u00e9\\'],
    ['text that looks like an end', says('"\\"},\\"finish_reason\\":\\"stop\\"}]}"'), '"},"finish_reason":"stop"}]}'],
    ['the same key twice', chunk('{"content":"x","content":"y"}'), 'y'],
    ['text that cannot be read', says('"\u0001"'), ''],
    ['a null', says('null'), ''],
  ])('gives %s as a parser would', (_name, event, text) => {
    const events = read([...LEARNED, event, says('"z"')])
    expect(textOf(events)).toBe(`abc${text}z`)
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
  })

  it('says nothing more once a choice has finished, although servers send more', () => {
    expect(textOf(read([...LEARNED, chunk('{}', { finish: '"stop"' }), says('"late"')]))).toBe('abc')
  })

  it('keeps answers apart that come in turns', () => {
    const second = (text: string): string => says(text).replace('"index":0', '"index":1')
    const events = read([...LEARNED, second('"x"'), second('"y"'), second('"z"'), second('"!"'), says('"d"')])
    const of = (choice: number | undefined): string =>
      textOf(events.filter((event) => event.type === 'text-delta' && event.choice === choice))
    expect([of(undefined), of(1)]).toEqual(['abcd', 'xyz!'])
  })

  it('still counts what is counted along with each event', () => {
    const usage = ',"usage":{"prompt_tokens":3,"completion_tokens":4}'
    const events = read([...LEARNED, ...['"d"', '"e"', '"f"'].map((text) => says(text, usage))])
    expect(events).toContainEqual({ type: 'usage', usage: { input: 3, output: 4 } })
    expect(textOf(events)).toBe('abcdef')
  })

  it('collects a refusal that every event repeats beside its text', () => {
    const refusing = (text: string): string => chunk(`{"content":"${text}","refusal":"no"}`)
    const events = read([refusing('a'), refusing('b'), refusing('c'), refusing('d')])
    expect(events).toContainEqual(expect.objectContaining({ type: 'end', refusal: 'nononono' }))
  })
})
