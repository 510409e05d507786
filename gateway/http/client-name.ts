import { limits } from '../contract/limits.ts'

/** Which program calls, as far as its user agent says: `OpenAI/JS 7.57.0`. Bounded, without control characters. */
export function clientName(userAgent: string | undefined): string {
  if (userAgent === undefined) return 'unknown'
  return (
    userAgent
      .slice(0, limits.clientNameChars)
      .replaceAll(/[^\x20-\x7e]/g, '?')
      .trim() || 'unknown'
  )
}
