/** The fields in which the wires have what a maker signed or encrypted. */
const FIELDS: ReadonlySet<string> = new Set(['signature', 'thoughtSignature', 'redactedContent', 'encrypted_content'])

/** Every signature anywhere in a request, in the order in which they stand there. */
export function signaturesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(signaturesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    return FIELDS.has(key) && typeof inner === 'string' ? [inner] : signaturesIn(inner)
  })
}
