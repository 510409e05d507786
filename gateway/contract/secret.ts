const REDACTED = '[secret]'

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
