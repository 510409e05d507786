import { WholeLines } from './whole-lines.ts'

/** A push-based reader of NDJSON: one JSON text per line. It does not parse, so that the caller decides what is an error. */
export interface JsonLinesReader {
  /** Bytes as they came; the lines that they complete, without blank ones. */
  push(bytes: Uint8Array): string[]
  /** The body ended: a last line without its line end. */
  end(): string[]
  /** True once one line exceeded `limits.streamLineBytes`: nothing after it is read. */
  readonly overflowed: boolean
}

/** A reader for one body. */
export function createJsonLinesReader(): JsonLinesReader {
  const lines = new WholeLines()
  return {
    push: (bytes) => split(lines.push(bytes)),
    end: () => split(lines.rest()),
    get overflowed() {
      return lines.overflowed
    },
  }
}

function split(text: string): string[] {
  const found: string[] = []
  let start = 0
  while (start < text.length) {
    const next = text.indexOf('\n', start)
    const end = next === -1 ? text.length : next
    const line = text.slice(start, end).trim()
    if (line !== '') found.push(line)
    start = end + 1
  }
  return found
}
