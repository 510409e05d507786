import { limits } from '../../contract/limits.ts'
import { hostName } from './authority.ts'
import type { Refusal } from './refusal.ts'
import type { GuardPolicy, Inbound, Rule } from './rule.ts'

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/

/** The other end must be on this machine, whatever we are bound to. */
export const peerRule: Rule = {
  id: 'peer',
  check({ head }) {
    if (head.peer !== undefined && LOOPBACK.test(head.peer)) return undefined
    return {
      rule: 'peer',
      status: 403,
      code: 'peer_not_allowed',
      message: 'Spillway serves only programs on the machine that it runs on.',
      close: true,
    }
  },
}

/** HTTP/1.1, or 1.0 for old tools; never a request without headers (0.9) nor the preface of HTTP/2. */
export const versionRule: Rule = {
  id: 'version',
  check({ head }) {
    if (head.version === '1.1' || head.version === '1.0') return undefined
    return {
      rule: 'version',
      status: head.version === '0.9' ? 400 : 505,
      code: 'http_version_not_supported',
      message: 'Spillway speaks HTTP/1.1. Tell the client to use it instead of HTTP/2 or older versions.',
      close: true,
    }
  },
}

/** Node would drop headers beyond its own count without a word, and with them perhaps the one that counts. */
export const headerCountRule: Rule = {
  id: 'header-count',
  check({ head }) {
    if (head.headerCount <= limits.requestHeaderCount) return undefined
    return {
      rule: 'header-count',
      status: 431,
      code: 'too_many_headers',
      message: `The request has ${head.headerCount} headers; at most ${limits.requestHeaderCount} are read.`,
      close: true,
    }
  },
}

/** Exactly one well-formed `Host` with a listed name: what a rebound DNS name cannot forge. */
export const hostRule: Rule = {
  id: 'host',
  check({ head, target }, policy) {
    const { host } = head.fields
    if (host === undefined || head.repeated.includes('host')) return badHost('exactly one Host header is needed')
    const refused = refuseAuthority(host, policy)
    if (refused !== undefined || target?.authority === undefined) return refused
    return refuseAuthority(target.authority, policy)
  },
}

function refuseAuthority(authority: string, policy: GuardPolicy): Refusal | undefined {
  const name = hostName(authority)
  if (name === undefined) return badHost('the host is not a name or address with an optional port')
  if (policy.hosts.has(name)) return undefined
  return {
    rule: 'host',
    status: 403,
    code: 'host_not_allowed',
    message:
      `The host '${name.slice(0, limits.quotedNameChars)}' is not served. Use http://localhost or http://127.0.0.1, ` +
      'or name this host under server.hosts in the configuration.',
    close: true,
  }
}

function badHost(why: string): Refusal {
  return { rule: 'host', status: 400, code: 'invalid_host', message: `Bad request: ${why}.`, close: true }
}

/** The request-target must be one of the forms that an origin server serves. */
export const targetRule: Rule = {
  id: 'target',
  check({ head, target }) {
    if (target !== undefined && (target.form !== 'asterisk' || head.method === 'OPTIONS')) return undefined
    return {
      rule: 'target',
      status: 400,
      code: 'invalid_target',
      message: 'Bad request: the path must begin with exactly one slash and be percent-encoded.',
      close: true,
    }
  },
}

/**
 * One unambiguous end of the body. The parser is strict already; this stays so where its strictness changes, and
 * refuses what it lets through: a coding beside `chunked`, `chunked` on HTTP/1.0, a body where none belongs.
 */
export const framingRule: Rule = {
  id: 'framing',
  check({ head, match }) {
    const { transferEncoding, contentLength } = head.fields
    const doubled = head.repeated.includes('transfer-encoding') || head.repeated.includes('content-length')
    if (doubled) return badFraming('Transfer-Encoding or Content-Length came twice')
    if (transferEncoding !== undefined) {
      if (head.version !== '1.1') return badFraming('Transfer-Encoding needs HTTP/1.1')
      if (transferEncoding.toLowerCase() !== 'chunked') return badFraming("the only Transfer-Encoding is 'chunked'")
      if (contentLength !== undefined) return badFraming('Transfer-Encoding and Content-Length exclude each other')
    }
    if (contentLength !== undefined && !/^\d+$/.test(contentLength)) return badFraming('bad Content-Length')
    if (hasBody(head) && !mayCarryBody(head.method, match)) return badFraming(`${head.method} takes no body`)
    return undefined
  },
}

const CARRIES_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** DELETE only where the route says what its body is: Ollama's clients name there what they want deleted. */
function mayCarryBody(method: string, match: Inbound['match']): boolean {
  if (CARRIES_BODY.has(method)) return true
  return method === 'DELETE' && match?.route.method === 'DELETE' && match.route.policy.body !== 'none'
}

/** True when the client announced a body. */
export function hasBody({ fields }: Pick<Inbound['head'], 'fields'>): boolean {
  return fields.transferEncoding !== undefined || Number(fields.contentLength ?? 0) > 0
}

function badFraming(why: string): Refusal {
  return { rule: 'framing', status: 400, code: 'invalid_framing', message: `Bad request: ${why}.`, close: true }
}
