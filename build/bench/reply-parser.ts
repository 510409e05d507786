const END_OF_HEAD = Buffer.from('\r\n\r\n')
const LF = 10
const CR = 13

/** Reads one HTTP/1.1 reply after the other from a socket's bytes, counting instead of keeping. */
export class ReplyParser {
  status = 0
  bodyBytes = 0
  /** The body's last bytes, to see whether a stream really ended. */
  tail = ''
  /** Body bytes have begun. */
  hasBody = false
  #head: Buffer = Buffer.alloc(0)
  #inHead = true
  #isChunked = false
  /** Bytes of the body, or of the current chunk with its line end, that are still to come; -1: in a size line. */
  #left = 0
  #sizeLine = ''
  #isLastChunk = false

  reset(): void {
    this.status = 0
    this.bodyBytes = 0
    this.tail = ''
    this.hasBody = false
    this.#head = Buffer.alloc(0)
    this.#inHead = true
    this.#isLastChunk = false
  }

  /** Takes bytes as they came; true when the reply is complete. */
  push(bytes: Buffer): boolean {
    if (!this.#inHead) return this.#body(bytes)
    this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
    const end = this.#head.indexOf(END_OF_HEAD)
    if (end === -1) return false
    const text = this.#head.toString('latin1', 0, end)
    this.status = Number(text.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
    this.#isChunked = length === undefined
    this.#left = length === undefined ? -1 : Number(length)
    this.#sizeLine = ''
    this.#inHead = false
    const rest = this.#head.subarray(end + 4)
    return rest.length > 0 || this.#left === 0 ? this.#body(rest) : false
  }

  #body(bytes: Buffer): boolean {
    if (!this.#isChunked) {
      this.#count(bytes)
      this.#left -= bytes.length
      return this.#left <= 0
    }
    let at = 0
    while (at < bytes.length) {
      if (this.#left === -1) {
        at = this.#readSize(bytes, at)
        continue
      }
      const take = Math.min(this.#left, bytes.length - at)
      // The last two bytes of a chunk are its line end, which is no body.
      const body = Math.max(0, Math.min(take, this.#left - 2))
      if (body > 0) this.#count(bytes.subarray(at, at + body))
      at += take
      this.#left -= take
      if (this.#left > 0) continue
      if (this.#isLastChunk) return true
      this.#left = -1
    }
    return false
  }

  #readSize(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte === LF) {
        const size = Number.parseInt(this.#sizeLine, 16)
        this.#sizeLine = ''
        this.#isLastChunk = size === 0
        this.#left = size + 2
        return at + 1
      }
      if (byte !== CR) this.#sizeLine += String.fromCharCode(byte)
    }
    return bytes.length
  }

  #count(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.hasBody = true
    this.bodyBytes += bytes.length
    this.tail = (this.tail + bytes.toString('latin1', Math.max(0, bytes.length - 24))).slice(-24)
  }
}
