import { describe, expect, it } from 'vitest'
import { ReplyParser } from './reply-parser.ts'

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const CHUNKED =
  'HTTP/1.1 429 No\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n'

describe('reply parser', () => {
  it.each([1, 2, 7, 1_000])('reads replies cut into pieces of %i bytes', (size) => {
    const parser = new ReplyParser()
    for (const [text, status, bytes] of [
      [PLAIN, 200, 5],
      [CHUNKED, 429, 31],
      [PLAIN, 200, 5],
    ] as const) {
      parser.reset()
      const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
      const ends = pieces.map((piece) => parser.push(Buffer.from(piece)))
      expect(ends.indexOf(true)).toBe(pieces.length - 1)
      expect(parser).toMatchObject({ status, bodyBytes: bytes, hasBody: true })
      expect(parser.tail.endsWith(bytes === 5 ? 'hello' : 'xyz')).toBe(true)
    }
  })

  it('ends an empty reply with its head', () => {
    const parser = new ReplyParser()
    expect(parser.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))).toBe(true)
    expect(parser.hasBody).toBe(false)
  })
})
