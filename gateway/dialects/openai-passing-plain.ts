/**
 * Every event that may need reading holds one of these: errors, the terminal marker, a finish reason that is not
 * null, and usage that is not null. Quotes inside JSON strings are escaped, so text cannot imitate a key;
 * the bare words in prose cost one needless parse and nothing else. Needles that begin with
 * different letters let the regular expression engine skip ahead: `"usage"` with its quote is twice as slow.
 */
const SUSPECT = /error|DONE\]|_reason"\s*:\s*"|usage"\s*:\s*\{/g

const CLOSE_BRACE = 0x7d

/**
 * Finds the events of one chunk that are nothing but more of the same answer: one copy to a Latin-1 string, in which
 * offsets are those of the bytes, and one search of it, however many events there are.
 */
export class PlainEvents {
  readonly #text: string
  /** The first suspect place at or behind the last offset that was asked for. */
  #suspect = -1
  /** What is left has line ends of another style: each event of it is to be read. */
  #isOver = false

  constructor(whole: Buffer) {
    this.#text = whole.toString('latin1')
  }

  /**
   * The offset behind the plain events that begin at `from`. Plain is an event of one `data:` line that holds an
   * object, as far as its ends tell, and nothing suspect: an SDK throws on data that is cut short or no object, in the
   * middle of an answer that may be healthy, so whatever looks otherwise has to be read.
   */
  endFrom(from: number): number {
    const text = this.#text
    if (this.#isOver) return from
    const suspect = this.#suspectFrom(from)
    for (let at = from; at < text.length;) {
      const end = text.indexOf('\n\n', at)
      if (end < 0) this.#isOver = true
      if (end < 0 || end + 2 > suspect) return at
      if (text.charCodeAt(end - 1) !== CLOSE_BRACE || !text.startsWith('data: {', at)) return at
      at = end + 2
    }
    return text.length
  }

  #suspectFrom(from: number): number {
    if (this.#suspect >= from) return this.#suspect
    SUSPECT.lastIndex = from
    this.#suspect = SUSPECT.exec(this.#text)?.index ?? this.#text.length
    return this.#suspect
  }
}
