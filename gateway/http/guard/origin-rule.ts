import { limits } from '../../contract/limits.ts'
import type { Refusal } from './refusal.ts'
import type { Rule } from './rule.ts'

/**
 * Browsers mark what a page sends, with `Origin`, `Sec-Fetch-Site` or both. A page needs its exact origin listed;
 * `same-site` is trusted as little as `cross-site`, since every development server is same-site with localhost.
 * Where both are absent the caller is no browser, and its key decides.
 */
export const originRule: Rule = {
  id: 'origin',
  check({ head, match }, policy) {
    const { origin, secFetchSite } = head.fields
    if (origin === undefined && secFetchSite === undefined) return undefined
    if (head.repeated.includes('origin') || head.repeated.includes('sec-fetch-site')) return twice
    if (secFetchSite === 'same-origin' || secFetchSite === 'none') {
      // We serve no page, so "same origin" means that a name was rebound to us, and nobody navigates to an API.
      const looking = origin === undefined && isSafe(head.method) && match?.route.policy.browsable === true
      return looking ? undefined : refused(origin)
    }
    return origin !== undefined && policy.origins.has(origin) ? undefined : refused(origin)
  },
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

const twice: Refusal = {
  rule: 'origin',
  status: 400,
  code: 'invalid_origin',
  message: 'Bad request: Origin or Sec-Fetch-Site came twice.',
  close: true,
}

function refused(origin: string | undefined): Refusal {
  const who =
    origin === undefined ? 'A page in a browser' : `The web page at '${origin.slice(0, limits.quotedNameChars)}'`
  return {
    rule: 'origin',
    status: 403,
    code: 'origin_not_allowed',
    message:
      `${who} may not use Spillway. If you want it to, list its exact origin under server.origins, or under ` +
      "an app's origins, in the configuration.",
    close: true,
  }
}

/** Whether an origin can be listed at all: exact, never `null`, never a wildcard. */
export function isListableOrigin(origin: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/*?#@]+$/.test(origin)
}
