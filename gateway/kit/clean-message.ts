import { limits } from '../contract/limits.ts'
import { redact } from './redact.ts'

/** A sentence that an upstream wrote, fit to be shown and logged: no credentials, no control characters, bounded. */
export function cleanMessage(text: string): string {
  const plain = redact(text.slice(0, limits.upstreamMessageChars * 2))
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
  return plain.length <= limits.upstreamMessageChars ? plain : `${plain.slice(0, limits.upstreamMessageChars)}...`
}
