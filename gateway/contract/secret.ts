const REDACTED = '[secret]'
/** What people write where a runner wants any key at all (`dummy`, `ollama`) is a word, not a secret. */
const SHORTEST_HIDDEN_CHARS = 12

/**
 * A credential that cannot be printed by accident: string conversion, JSON and `util.inspect` all give
 * "[secret]". Only `reveal()` gives the value: for an upstream header, or to hash it.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /**
   * The text with every occurrence of the value taken out: for what an upstream that was sent it says. A message may have
   * been cut in the middle of one, so a long beginning of it counts as well.
   */
  hideIn(text: string): string {
    const value = this.#value
    if (value.length < SHORTEST_HIDDEN_CHARS) return text
    const beginning = value.slice(0, Math.max(SHORTEST_HIDDEN_CHARS, value.length >> 2))
    const [first = '', ...rest] = text.split(beginning)
    return (
      first + rest.map((after) => REDACTED + after.slice(sharedChars(after, value.slice(beginning.length)))).join('')
    )
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/** How far two texts are the same from their beginning. */
function sharedChars(text: string, other: string): number {
  let count = 0
  while (count < text.length && text.charAt(count) === other.charAt(count)) count += 1
  return count
}
