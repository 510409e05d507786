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

  /** The text with every occurrence of the value taken out: for what an upstream that was sent it says. */
  hideIn(text: string): string {
    return this.#value.length < SHORTEST_HIDDEN_CHARS ? text : text.replaceAll(this.#value, REDACTED)
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
