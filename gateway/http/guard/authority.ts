/**
 * RFC 9110 section 4.2 without user information: a name, an IPv4 address or a bracketed IPv6 address, and
 * perhaps a port. Anything else in a `Host` line is an attempt at confusing whoever builds a URL from it.
 */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9]\d{0,4}))?$/i

const LARGEST_PORT = 65_535

/** Names by which a program on this machine may call us. Exact: no suffix, no wildcard, no other loopback address. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/**
 * The name in an authority, in lower case; undefined when it is malformed. The port is checked but not compared:
 * `ssh -L` and containers change it, and it is no security boundary.
 */
export function hostName(authority: string): string | undefined {
  const match = AUTHORITY.exec(authority)
  if (match === null) return undefined
  if (match[2] !== undefined && Number(match[2]) > LARGEST_PORT) return undefined
  return match[1]?.toLowerCase()
}
