import { createHash } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/**
 * An id of `[A-Za-z0-9]` that is the same for the same seed, for ever: a conversation that is sent again on its next
 * turn must carry the ids of the last one. At most 32 characters.
 */
export function stableId(seed: string, length: number): string {
  const bytes = createHash('sha256').update(seed).digest()
  let id = ''
  for (const byte of bytes.subarray(0, length)) id += ALPHABET.charAt(byte % ALPHABET.length)
  return id
}

/** A tool call id in OpenAI's form, for upstreams that give none. */
export function toolCallId(seed: string): string {
  return `call_${stableId(seed, 24)}`
}
