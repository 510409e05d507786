const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Tells when a JSON object that comes in pieces is complete. Reads no more than strings and braces. */
export class ObjectEnd {
  /** True once the outermost brace is closed: all that can follow is white space. */
  reached = false
  #depth = 0
  #inString = false
  #escaped = false

  push(text: string): void {
    for (let at = 0; at < text.length && !this.reached; at += 1) this.#read(text.charCodeAt(at))
  }

  #read(code: number): void {
    if (this.#escaped) this.#escaped = false
    else if (this.#inString) this.#readInString(code)
    else if (code === QUOTE) this.#inString = true
    else if (code === OPEN_BRACE) this.#depth += 1
    else if (code === CLOSE_BRACE) this.#close()
  }

  #readInString(code: number): void {
    if (code === BACKSLASH) this.#escaped = true
    else if (code === QUOTE) this.#inString = false
  }

  #close(): void {
    this.#depth -= 1
    this.reached = this.#depth <= 0
  }
}
