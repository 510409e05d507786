import type { HttpHead } from '../contract/provider.ts'

/**
 * How long an upstream asks to wait, in milliseconds. Read from `retry-after-ms`, then `retry-after` (seconds or a date,
 * which is measured against the reply's own `date`, so that no clock is needed), then from the sentence itself
 * ("try again in 1m2.5s", "retry after 86400 seconds": Groq, OpenAI, Azure). Undefined when nothing is said.
 */
export function retryHint(head: HttpHead, message: string): number | undefined {
  return fromMilliseconds(headerOf(head, 'retry-after-ms')) ?? fromRetryAfter(head) ?? fromSentence(message)
}

/** A header's first value. */
export function headerOf(head: HttpHead, name: string): string | undefined {
  const value = head.headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

/** A duration as Go prints it: `2m59.56s`, `48s`, `28ms`. */
export function durationMs(text: string): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text)
  if (match === null || text === '') return undefined
  const [, hours, minutes, seconds, milliseconds] = match
  const total = Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000
  return finite(Math.ceil(total + Number(milliseconds ?? 0)))
}

function fromMilliseconds(value: string | undefined): number | undefined {
  // Azure sends `retry-after-ms: 0` next to a meaningful `retry-after`.
  const ms = Number(value ?? Number.NaN)
  return ms > 0 ? finite(Math.ceil(ms)) : undefined
}

function fromRetryAfter(head: HttpHead): number | undefined {
  const value = headerOf(head, 'retry-after')?.trim()
  if (value === undefined || value === '') return undefined
  const seconds = Number(value)
  if (!Number.isNaN(seconds)) return seconds >= 0 ? finite(Math.ceil(seconds * 1_000)) : undefined
  const waitMs = Date.parse(value) - Date.parse(headerOf(head, 'date') ?? '')
  return waitMs >= 0 ? waitMs : undefined
}

function fromSentence(message: string): number | undefined {
  const match =
    /(?:try again|retry)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?(?:h|ms|m|s)){1,4}|\d+(?:\.\d+)?\s*seconds?)/i.exec(message)
  const text = match?.[1]
  if (text === undefined) return undefined
  return durationMs(text.replace(/\s*seconds?$/i, 's'))
}

/** Digits enough make a number that is not one; whoever waits must not be told that. */
function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
