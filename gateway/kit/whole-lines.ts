import { limits } from '../contract/limits.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/**
 * Cuts a byte stream into whole lines of text. Chunks may end anywhere, even inside a character: only bytes up to the
 * last line end are decoded, and a line end is never part of a character in UTF-8. The common chunk (whole lines, LF)
 * costs one search and one native decode.
 */
export class WholeLines {
  #tail: Uint8Array[] = []
  #tailBytes = 0
  #first = true
  /** The last line ended in CR: an LF that follows belongs to it. */
  #afterReturn = false
  #overflowed = false

  /** True once a single line exceeded {@link limits.streamLineBytes}; from then on nothing more is read. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  /** The lines that these bytes complete, each ending in "\n" whatever its line end was; "" when there is none. */
  push(bytes: Uint8Array): string {
    if (this.#overflowed || bytes.length === 0) return ''
    const end = endOfLines(bytes)
    if (end === 0) {
      this.#keep(bytes)
      return ''
    }
    const whole = this.#join(end === bytes.length ? bytes : bytes.subarray(0, end))
    if (end < bytes.length) this.#keep(bytes.subarray(end))
    return this.#text(whole)
  }

  /** What stands after the last line end, once the stream is over. */
  rest(): string {
    if (this.#overflowed || this.#tailBytes === 0) return ''
    return this.#text(this.#join(new Uint8Array(0)))
  }

  #keep(bytes: Uint8Array): void {
    this.#tailBytes += bytes.length
    if (this.#tailBytes > limits.streamLineBytes) {
      this.#overflowed = true
      this.#tail = []
      return
    }
    // A copy, because the caller may reuse its buffer before the line is complete.
    this.#tail.push(Uint8Array.from(bytes))
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#tailBytes === 0) return last
    const joined = Buffer.concat([...this.#tail, last])
    this.#tail = []
    this.#tailBytes = 0
    return joined
  }

  #text(bytes: Uint8Array): string {
    let text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
    if (this.#first) {
      this.#first = false
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
    }
    if (this.#afterReturn && text.charCodeAt(0) === LINE_FEED) text = text.slice(1)
    this.#afterReturn = text === '' ? false : text.charCodeAt(text.length - 1) === CARRIAGE_RETURN
    return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  }
}

/** The offset after the last line end; 0 when there is none. */
function endOfLines(bytes: Uint8Array): number {
  // Nearly every chunk ends with its event, so that there is nothing to search.
  if (bytes[bytes.length - 1] === LINE_FEED) return bytes.length
  return Math.max(bytes.lastIndexOf(LINE_FEED), bytes.lastIndexOf(CARRIAGE_RETURN)) + 1
}
