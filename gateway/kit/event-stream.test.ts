import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createEventStreamReader, type EventStreamMessage } from './event-stream.ts'

function frame(head: Buffer, body: Buffer): Buffer {
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(16 + head.length + body.length, 0)
  prelude.writeUInt32BE(head.length, 4)
  const before = Buffer.concat([prelude, sum(prelude), head, body])
  return Buffer.concat([before, sum(before)])
}

function sum(bytes: Buffer): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(crc32(bytes))
  return out
}

function header(name: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), Buffer.from([type]), value])
}

function text(value: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(Buffer.byteLength(value))
  return Buffer.concat([length, Buffer.from(value)])
}

function readAll(bytes: Buffer, cuts: readonly number[]): readonly EventStreamMessage[] {
  const reader = createEventStreamReader()
  const messages: EventStreamMessage[] = []
  let from = 0
  for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    messages.push(...reader.push(bytes.subarray(from, to)))
    from = to
  }
  expect(reader.broken).toBeUndefined()
  expect(reader.rest().length).toBe(0)
  return messages
}

const plain = frame(header(':event-type', 7, text('chunk')), Buffer.from('{"a":"ü"}'))
const empty = frame(Buffer.alloc(0), Buffer.alloc(0))
/** Every type of header that AWS documents, with texts around them. */
const odd = frame(
  Buffer.concat([
    header('first', 7, text('1')),
    header('true', 0, Buffer.alloc(0)),
    header('false', 1, Buffer.alloc(0)),
    header('byte', 2, Buffer.alloc(1)),
    header('short', 3, Buffer.alloc(2)),
    header('integer', 4, Buffer.alloc(4)),
    header('long', 5, Buffer.alloc(8)),
    header('bytes', 6, text('xyz')),
    header('time', 8, Buffer.alloc(8)),
    header('uuid', 9, Buffer.alloc(16)),
    header('last', 7, text('2')),
  ]),
  Buffer.from('payload'),
)
const stream = Buffer.concat([plain, empty, odd, plain])

describe('event stream', () => {
  it('reads messages, however they are cut', () => {
    const whole = readAll(stream, [])
    expect(whole.map(({ payload }) => Buffer.from(payload).toString())).toEqual([
      '{"a":"ü"}',
      '',
      'payload',
      '{"a":"ü"}',
    ])
    expect(Object.fromEntries(whole[2]?.headers ?? [])).toEqual({ first: '1', last: '2' })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
        expect(readAll(stream, cuts)).toEqual(whole)
      }),
    )
    for (let at = 0; at <= stream.length; at += 1) expect(readAll(stream, [at])).toEqual(whole)
  })

  it('sees every damaged byte', () => {
    for (let at = 0; at < plain.length; at += 1) {
      const damaged = Buffer.from(plain)
      damaged.writeUInt8((plain[at] ?? 0) ^ 0x10, at)
      const reader = createEventStreamReader()
      expect(reader.push(Buffer.concat([damaged, plain]))).toEqual([])
      expect(reader.broken).toMatch(/checksum/)
      expect(reader.push(plain)).toEqual([])
    }
  })

  it('gives what stood before the damage', () => {
    const damaged = Buffer.from(plain)
    damaged.writeUInt8(1, plain.length - 1)
    const reader = createEventStreamReader()
    expect(reader.push(Buffer.concat([plain, damaged])).length).toBe(1)
    expect(reader.broken).toMatch(/does not match its checksum/)
  })

  it('keeps what is not complete', () => {
    const reader = createEventStreamReader()
    expect(reader.push(Buffer.concat([plain, plain.subarray(0, 20)])).length).toBe(1)
    expect(Buffer.from(reader.rest())).toEqual(plain.subarray(0, 20))
  })

  it.each([
    ['a web page', Buffer.from('<html><body>Bad gateway</body></html>'), /checksum/],
    ['a size beyond the bound', sized(limits.streamLineBytes + 1), /message of \d+ bytes/],
    ['a size that no message has', sized(15), /message of 15 bytes/],
    ['headers that end in their middle', frame(Buffer.from([9, 65, 65]), Buffer.alloc(0)), /headers/],
    ['headers of a type that is none', frame(header('a', 10, Buffer.alloc(0)), Buffer.alloc(0)), /headers/],
    ['a text that is longer than it is', frame(header('a', 7, Buffer.from([9, 9])), Buffer.alloc(0)), /headers/],
    ['a text without a length', frame(header('a', 7, Buffer.alloc(1)), Buffer.alloc(0)), /headers/],
  ])('refuses %s at once', (_name, bytes, why) => {
    const reader = createEventStreamReader()
    expect(reader.push(bytes)).toEqual([])
    expect(reader.broken).toMatch(why)
  })

  it('refuses headers that are longer than their message', () => {
    const bytes = frame(Buffer.alloc(0), Buffer.from('abc'))
    bytes.writeUInt32BE(99, 4)
    sum(bytes.subarray(0, 8)).copy(bytes, 8)
    sum(bytes.subarray(0, -4)).copy(bytes, bytes.length - 4)
    const reader = createEventStreamReader()
    expect(reader.push(bytes)).toEqual([])
    expect(reader.broken).toMatch(/headers/)
  })
})

/** The beginning of a message that says it has this size, with a checksum that is right. */
function sized(size: number): Buffer {
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(size)
  return Buffer.concat([prelude, sum(prelude)])
}
