import { crc32 } from 'node:zlib'
import { limits } from '../contract/limits.ts'

/** One message of an AWS event stream. Only headers with a text are kept; others are skipped. */
export interface EventStreamMessage {
  /** Names as sent: `:message-type`, `:event-type`, `:exception-type`. */
  readonly headers: ReadonlyMap<string, string>
  readonly payload: Uint8Array
}

/**
 * A push-based reader of `application/vnd.amazon.eventstream`. A message is, in big-endian order: its length (u32), the
 * length of its headers (u32), the CRC-32 of these eight bytes, headers, payload, and the CRC-32 of all before it.
 * Source: AWS, "Event stream encoding".
 */
export interface EventStreamReader {
  /** Bytes as they came; the messages that they complete. */
  push(bytes: Uint8Array): EventStreamMessage[]
  /** What is wrong with the stream, the rest of a sentence; nothing after it is read. Undefined: nothing yet. */
  readonly broken: string | undefined
  /** Bytes of a message that is not complete; at the end of the body there must be none. */
  rest(): Uint8Array
}

/** A reader for one stream. */
export function createEventStreamReader(): EventStreamReader {
  return new Reader()
}

/** Lengths and their checksum. */
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const SMALLEST_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES
const FIRST_CAPACITY_BYTES = 4_096

class Reader implements EventStreamReader {
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0
  #broken: string | undefined

  get broken(): string | undefined {
    return this.#broken
  }

  rest(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  push(bytes: Uint8Array): EventStreamMessage[] {
    const messages: EventStreamMessage[] = []
    if (this.#broken !== undefined || bytes.length === 0) return messages
    this.#append(bytes)
    let at = 0
    while (this.#broken === undefined) {
      const size = this.#sizeAt(at)
      if (size === undefined) break
      const message = this.#read(this.#buffer.subarray(at, at + size))
      if (message === undefined) break
      messages.push(message)
      at += size
    }
    this.#drop(at)
    return messages
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#buffer.length) {
      const grown = Buffer.alloc(Math.max(needed, this.#buffer.length * 2, FIRST_CAPACITY_BYTES))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = needed
  }

  #drop(count: number): void {
    if (count === 0) return
    this.#buffer.copy(this.#buffer, 0, count, this.#length)
    this.#length -= count
  }

  /** The size of the message that begins here; undefined while it is not all there, or is none. */
  #sizeAt(at: number): number | undefined {
    const available = this.#length - at
    if (available < PRELUDE_BYTES) return undefined
    const size = this.#buffer.readUInt32BE(at)
    // The lengths are checked before they are believed: a web page would else make us wait for gigabytes.
    if (crc32(this.#buffer.subarray(at, at + 8)) !== this.#buffer.readUInt32BE(at + 8)) {
      this.#broken = 'a message whose lengths do not match their checksum'
      return undefined
    }
    if (size < SMALLEST_BYTES || size > limits.streamLineBytes) {
      this.#broken = `a message of ${size} bytes`
      return undefined
    }
    return available < size ? undefined : size
  }

  #read(frame: Buffer): EventStreamMessage | undefined {
    const end = frame.length - CHECKSUM_BYTES
    if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) {
      this.#broken = 'a message that does not match its checksum'
      return undefined
    }
    const payloadAt = PRELUDE_BYTES + frame.readUInt32BE(4)
    const headers = payloadAt > end ? undefined : readHeaders(frame.subarray(PRELUDE_BYTES, payloadAt))
    if (headers === undefined) {
      this.#broken = 'a message with headers that cannot be read'
      return undefined
    }
    // A copy, because the buffer is used again.
    return { headers, payload: Uint8Array.from(frame.subarray(payloadAt, end)) }
  }
}

const TEXT_TYPE = 7
/** Bytes of a value by its type, where they are fixed: two booleans, byte, short, integer, long, time, UUID. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }
const BYTES_TYPE = 6

/** A header is the length of its name (u8), the name, its type (u8), and the value, behind its length (u16) if it varies. */
function readHeaders(block: Buffer): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>()
  let at = 0
  while (at < block.length) {
    const typeAt = at + 1 + block.readUInt8(at)
    if (typeAt >= block.length) return undefined
    const type = block.readUInt8(typeAt)
    const value = valueSpan(block, typeAt + 1, type)
    if (value === undefined || value.end > block.length) return undefined
    if (type === TEXT_TYPE) {
      headers.set(block.toString('utf8', at + 1, typeAt), block.toString('utf8', value.start, value.end))
    }
    at = value.end
  }
  return headers
}

function valueSpan(block: Buffer, at: number, type: number): { start: number; end: number } | undefined {
  if (type !== TEXT_TYPE && type !== BYTES_TYPE) {
    const size = FIXED_BYTES[type]
    return size === undefined ? undefined : { start: at, end: at + size }
  }
  if (at + 2 > block.length) return undefined
  return { start: at + 2, end: at + 2 + block.readUInt16BE(at) }
}
