import { describe, expect, it } from 'vitest'
import { PlainEvents } from './openai-passing-plain.ts'

const PLAIN = 'data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":null}\n\n'
const FINISH = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'

describe('PlainEvents', () => {
  it.each<[string, string, number]>([
    ['plain events only', PLAIN + PLAIN, 2 * PLAIN.length],
    ['a finish reason behind plain events', PLAIN + PLAIN + FINISH, 2 * PLAIN.length],
    ['a finish reason first', FINISH + PLAIN, 0],
    ['the terminal marker', `${PLAIN}data: [DONE]\n\n`, PLAIN.length],
    ['usage', `${PLAIN}data: {"choices":[],"usage": {"prompt_tokens":1}}\n\n`, PLAIN.length],
    ['data that is cut short', `${PLAIN}data: {"choices":\n\n${PLAIN}`, PLAIN.length],
    ['an event with a name', `${PLAIN}event: x\n${PLAIN}`, PLAIN.length],
    ['other line ends', PLAIN.replaceAll('\n', '\r\n').repeat(3), 0],
  ])('stops before %s', (_name, text, expected) => {
    expect(new PlainEvents(Buffer.from(text)).endFrom(0)).toBe(expected)
  })

  it('goes on behind the event that had to be read', () => {
    const events = new PlainEvents(Buffer.from(PLAIN + FINISH + PLAIN))
    expect(events.endFrom(0)).toBe(PLAIN.length)
    expect(events.endFrom(PLAIN.length)).toBe(PLAIN.length)
    expect(events.endFrom(PLAIN.length + FINISH.length)).toBe(2 * PLAIN.length + FINISH.length)
  })

  it('counts in bytes, whatever the text', () => {
    const text = PLAIN.replace('"a"', '"日本語 é"')
    expect(new PlainEvents(Buffer.from(text + FINISH)).endFrom(0)).toBe(Buffer.byteLength(text))
  })
})
