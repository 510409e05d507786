/** A request-target, RFC 9112 section 3.2, in the three forms that an origin server may get. */
export interface Target {
  readonly form: 'origin' | 'absolute' | 'asterisk'
  /** Begins with one slash; `*` for the asterisk form. Still percent-encoded. */
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
  /** Host and port of the absolute form. */
  readonly authority: string | undefined
}

/** Visible ASCII except `"`, `#`, `<`, `>`, `\`, `^`, `` ` ``, `{`, `|`, `}`: RFC 3986 wants all of those encoded. */
const CLEAN = /^[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/

const ABSOLUTE = /^http:\/\/([^/?]*)(\/[^?]*)?(?:\?(.*))?$/i

/** Undefined when the target is none of the three forms: `//host/`, `https://...`, control bytes, a fragment. */
export function parseTarget(target: string): Target | undefined {
  if (target === '*') return { form: 'asterisk', path: '*', query: '', authority: undefined }
  if (!CLEAN.test(target)) return undefined
  if (target.startsWith('/')) {
    if (target.startsWith('//')) return undefined
    const mark = target.indexOf('?')
    if (mark === -1) return { form: 'origin', path: target, query: '', authority: undefined }
    return { form: 'origin', path: target.slice(0, mark), query: target.slice(mark + 1), authority: undefined }
  }
  const match = ABSOLUTE.exec(target)
  if (match === null || match[2]?.startsWith('//')) return undefined
  return { form: 'absolute', path: match[2] ?? '/', query: match[3] ?? '', authority: match[1] }
}
