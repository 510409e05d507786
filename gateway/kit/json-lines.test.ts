import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createJsonLinesReader } from './json-lines.ts'

function read(text: string, size: number): string[] {
  const reader = createJsonLinesReader()
  const bytes = Buffer.from(text)
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += size) lines.push(...reader.push(bytes.subarray(at, at + size)))
  return [...lines, ...reader.end()]
}

describe('createJsonLinesReader', () => {
  for (const size of [1, 3, 4096]) {
    it.each([
      { name: 'lines', text: '{"a":1}\n{"b":2}\n', lines: ['{"a":1}', '{"b":2}'] },
      { name: 'blank lines and CRLF', text: '{"a":1}\r\n\r\n  \n{"b":2}\r\n', lines: ['{"a":1}', '{"b":2}'] },
      { name: 'a last line without its end', text: '{"a":1}\n{"error":"ü🦆"}', lines: ['{"a":1}', '{"error":"ü🦆"}'] },
      { name: 'nothing', text: '', lines: [] },
    ])(`reads $name in pieces of ${size}`, ({ text, lines }) => {
      expect(read(text, size)).toEqual(lines)
    })
  }

  it('gives up on a line that has no end', () => {
    const reader = createJsonLinesReader()
    const block = new Uint8Array(1024 * 1024).fill(97)
    for (let bytes = 0; bytes <= limits.streamLineBytes; bytes += block.length) reader.push(block)
    expect(reader.overflowed).toBe(true)
    expect(reader.push(Buffer.from('\n{}\n'))).toEqual([])
  })
})
