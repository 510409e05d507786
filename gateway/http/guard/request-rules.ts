import { limits } from '../../contract/limits.ts'
import { allowedMethods } from '../route-table.ts'
import { hasBody } from './connection-rules.ts'
import type { Refusal } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import type { Rule } from './rule.ts'

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])

/** Query keys under which clients put credentials. URLs end in histories, logs and referrers. */
const KEY_IN_QUERY: ReadonlySet<string> = new Set([
  'key',
  'api_key',
  'api-key',
  'apikey',
  'x-api-key',
  'token',
  '_token',
  'auth',
  'auth_token',
  'access_token',
  'authorization',
  'subscription-key',
])

/** A key in the URL is refused even where it would be right, so that nobody gets used to it. */
export const keyInUrlRule: Rule = {
  id: 'key-in-url',
  check({ target }) {
    if (target === undefined || target.query === '') return undefined
    for (const name of new URLSearchParams(target.query).keys()) {
      if (KEY_IN_QUERY.has(name.toLowerCase())) return keyInUrl
    }
    return undefined
  },
}

const keyInUrl: Refusal = {
  rule: 'key-in-url',
  status: 400,
  code: 'key_in_url',
  message:
    'A key does not belong into a URL, where histories and logs keep it. Send it as "Authorization: Bearer KEY". ' +
    'If that URL was used elsewhere, replace the key.',
}

/** Only methods with a meaning here; `Allow` names those of the path at hand. */
export const methodRule: Rule = {
  id: 'method',
  check({ head, target, match }) {
    if (target?.form === 'asterisk' && head.method === 'OPTIONS') return undefined
    const known = METHODS.has(head.method)
    if (match === undefined) return known ? undefined : refuseMethod(head, [...METHODS].join(', '))
    const answered = match.route.method === 'GET' && head.method === 'HEAD' ? 'GET' : head.method
    if (known && (answered === match.route.method || answered === match.route.also || answered === 'OPTIONS'))
      return undefined
    return refuseMethod(head, allowedMethods(match.route))
  },
}

function refuseMethod(head: RequestHead, allow: string): Refusal {
  return {
    rule: 'method',
    status: 405,
    code: 'method_not_allowed',
    message: `${head.method} is not possible here. Possible: ${allow}.`,
    headers: { allow },
  }
}

/** What is not in the table is not served. */
export const routeRule: Rule = {
  id: 'route',
  check({ target, match }, policy) {
    if (target === undefined || target.form === 'asterisk' || match !== undefined) return undefined
    const nearest = policy.nearestPath(target.path)
    const hint = nearest === undefined ? 'A client needs the base URL .../v1.' : `Did you mean ${nearest}?`
    return {
      rule: 'route',
      status: 404,
      code: 'unknown_url',
      message: `Nothing is served at ${target.path.slice(0, limits.quotedNameChars)}. ${hint}`,
    }
  },
}

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset=(?:"utf-8"|utf-8)[ \t]*)?;?[ \t]*$/i
const FORM_TYPE = /^multipart\/form-data[ \t]*;/i

/**
 * JSON only, decided before a byte of the body is read: `text/plain` and forms are what a page can send without
 * asking first. Forms with files are read where files belong, and those need a key in a header, which asks first.
 */
export const contentTypeRule: Rule = {
  id: 'content-type',
  check({ head, match }) {
    const isAsked = head.method === 'POST' || (head.method === 'DELETE' && hasBody(head))
    if (!isAsked || match === undefined) return undefined
    const { contentType } = head.fields
    const { body } = match.route.policy
    const single = contentType !== undefined && !head.repeated.includes('content-type')
    if (single && body !== 'none' && JSON_TYPE.test(contentType)) return undefined
    if (single && body === 'form' && FORM_TYPE.test(contentType)) return undefined
    const wanted = body === 'form' ? 'application/json or multipart/form-data' : 'application/json'
    return {
      rule: 'content-type',
      status: 415,
      code: 'unsupported_media_type',
      message: `The body must be sent with exactly one "Content-Type: ${wanted}" (in UTF-8).`,
    }
  },
}

/** No compressed bodies: a few KB may become gigabytes. */
export const contentEncodingRule: Rule = {
  id: 'content-encoding',
  check({ head }) {
    const { contentEncoding } = head.fields
    const plain = contentEncoding === undefined || contentEncoding.toLowerCase() === 'identity'
    if (plain && !head.repeated.includes('content-encoding')) return undefined
    return {
      rule: 'content-encoding',
      status: 415,
      code: 'unsupported_content_encoding',
      message: 'The body must not be compressed. Turn request compression off in the client.',
      headers: { 'accept-encoding': 'identity' },
    }
  },
}

/** What is announced as too large is not read at all; a chunked body is counted while it is read. */
export const bodySizeRule: Rule = {
  id: 'body-size',
  check({ head, match }, policy) {
    if (match === undefined || !hasBody(head)) return undefined
    const allowed = isForm(head) ? policy.formBytes : policy.bodyBytes
    return Number(head.fields.contentLength ?? 0) > allowed ? bodyTooLarge(allowed) : undefined
  },
}

/** Whether the body is a form with files rather than JSON. */
export function isForm(head: RequestHead): boolean {
  return FORM_TYPE.test(head.fields.contentType ?? '')
}

/** The refusal of a body beyond its limit, announced or counted. */
export function bodyTooLarge(allowedBytes: number): Refusal {
  return {
    rule: 'body-size',
    status: 413,
    code: 'request_too_large',
    message: `The body is larger than ${allowedBytes} bytes. Send less, or raise server.max_body_mb in the configuration.`,
    close: true,
  }
}

/** Header names under which a key is taken, with their fields. */
const CREDENTIALS = [
  ['authorization', 'authorization'],
  ['x-api-key', 'xApiKey'],
  ['api-key', 'apiKey'],
  ['x-litellm-api-key', 'litellmApiKey'],
] as const

/** One request has one caller: two credentials, or one twice, would leave open which of them was checked. */
export const credentialRule: Rule = {
  id: 'credential',
  check({ head }) {
    const present = CREDENTIALS.filter(([, field]) => head.fields[field] !== undefined).map(([name]) => name)
    const twice = head.repeated.find((name) => CREDENTIALS.some(([credential]) => credential === name))
    if (present.length <= 1 && twice === undefined) return undefined
    return {
      rule: 'credential',
      status: 400,
      code: 'ambiguous_credential',
      message: `Send exactly one key: the request has ${twice === undefined ? present.join(' and ') : `two ${twice} headers`}.`,
    }
  },
}
