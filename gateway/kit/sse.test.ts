import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createSseReader, type SseEvent } from './sse.ts'

function read(bytes: Uint8Array, size: number): { events: SseEvent[]; leftover: string } {
  const reader = createSseReader()
  const events: SseEvent[] = []
  for (let at = 0; at < bytes.length; at += size) events.push(...reader.push(bytes.subarray(at, at + size)))
  events.push(...reader.end())
  return { events, leftover: reader.leftover() }
}

const cases: readonly { name: string; text: string; events: readonly SseEvent[] }[] = [
  { name: 'LF', text: 'data: a\n\ndata: b\n\n', events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'CRLF', text: 'data: a\r\n\r\ndata: b\r\n\r\n', events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'CR', text: 'data: a\r\rdata: b\r\r', events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'mixed line ends', text: 'data: a\r\n\ndata: b\n\r\n', events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'a byte order mark', text: '\uFEFFdata: a\n\n', events: [{ data: 'a' }] },
  { name: 'no space after the colon', text: 'data:{"a":1}\n\n', events: [{ data: '{"a":1}' }] },
  { name: 'only one space is taken', text: 'data:  a\n\n', events: [{ data: ' a' }] },
  { name: 'a space before the field', text: ' data: a\n\n', events: [{ data: 'a' }] },
  { name: 'comments', text: ': PROCESSING\n\ndata: a\n: ping\n\n', events: [{ data: 'a' }] },
  { name: 'several data lines', text: 'data: a\ndata: b\ndata:\n\n', events: [{ data: 'a\nb\n' }] },
  {
    name: 'named events',
    text: 'event: error\ndata: x\n\ndata: y\n\n',
    events: [{ event: 'error', data: 'x' }, { data: 'y' }],
  },
  { name: 'an event without data is none', text: 'event: ping\n\nid: 7\nretry: 10\n\n', events: [] },
  { name: 'a missing last blank line', text: 'data: a\n\ndata: b', events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'characters of two to four bytes', text: 'data: é€🦆 über\n\n', events: [{ data: 'é€🦆 über' }] },
  { name: 'a line separator that is no line end', text: 'data: a\u2028b\n\n', events: [{ data: 'a\u2028b' }] },
]

describe('createSseReader', () => {
  for (const size of [1, 2, 3, 7, 4096]) {
    it.each(cases)(`reads $name in pieces of ${size}`, ({ text, events }) => {
      expect(read(Buffer.from(text), size).events).toEqual(events)
    })
  }

  it('hands out what is not SSE', () => {
    const error = '{\n  "error": {\n    "message": "gone"\n  }\n}'
    const { events, leftover } = read(Buffer.from(`data: a\n\n${error}`), 5)
    expect(events).toEqual([{ data: 'a' }])
    expect(JSON.parse(leftover)).toEqual({ error: { message: 'gone' } })
  })

  it('does not keep a reference to the bytes it was given', () => {
    const reader = createSseReader()
    const chunk = Buffer.from('data: before')
    reader.push(chunk)
    chunk.fill(0)
    expect(reader.push(Buffer.from('\n\n'))).toEqual([{ data: 'before' }])
  })

  it('gives up on an event that has no end', () => {
    const reader = createSseReader()
    const block = new Uint8Array(1024 * 1024).fill(97)
    reader.push(Buffer.from('data: '))
    for (let bytes = 0; bytes <= limits.streamLineBytes; bytes += block.length) reader.push(block)
    expect(reader.overflowed).toBe(true)
    expect(reader.push(Buffer.from('\n\ndata: later\n\n'))).toEqual([])
  })

  it('bounds the lines that are no SSE', () => {
    const reader = createSseReader()
    const line = Buffer.from(`${'x'.repeat(999)}\n`)
    for (let count = 0; count < 200; count += 1) reader.push(line)
    expect(reader.leftover().length).toBeLessThanOrEqual(limits.errorBodyBytes + 1_000)
  })
})
