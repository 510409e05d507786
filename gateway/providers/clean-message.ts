import { limits } from '../contract/limits.ts'

/** Credentials by the prefixes that providers give them. */
const PREFIXED_KEY = /\b(?:sk|pk|rk|gsk|hf|xai|nvapi|csk|pplx|fw|tgp|gh[opsu]|github_pat|r8|glpat)[-_][\w-]{8,}/g
const GOOGLE_KEY = /\bAIza[\w-]{16,}/g
const JSON_WEB_TOKEN = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi
/** A value that is called a key or a token; one that its sender already masked (`abc***xyz`) says nothing more. */
const NAMED_SECRET =
  /((?:api[ _-]?key|token|secret|password|authorization)(?: provided)?["']?\s*[:=]\s*["']?)[\w.~+/=-]{16,}(?![\w*])/gi

const PLACEHOLDER = '[key]'

/** An upstream's sentence, fit to be shown and logged: no credentials, no control characters, bounded. */
export function cleanMessage(text: string): string {
  const plain = text
    .slice(0, limits.upstreamMessageChars * 2)
    .replace(PREFIXED_KEY, PLACEHOLDER)
    .replace(GOOGLE_KEY, PLACEHOLDER)
    .replace(JSON_WEB_TOKEN, PLACEHOLDER)
    .replace(BEARER, `$1 ${PLACEHOLDER}`)
    .replace(NAMED_SECRET, `$1${PLACEHOLDER}`)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
  return plain.length <= limits.upstreamMessageChars ? plain : `${plain.slice(0, limits.upstreamMessageChars)}...`
}
