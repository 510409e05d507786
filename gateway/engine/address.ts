import type { Target } from '../contract/route.ts'

/** Where a target's base URL leads, split for the connection pool. */
export interface Address {
  /** `https://api.example.com`: also what people and logs are shown, since it cannot hold credentials. */
  readonly origin: string
  /** The base path without a slash at its end. */
  readonly prefix: string
  /** With its question mark, or empty. */
  readonly search: string
}

const known = new WeakMap<Target, Address>()

/** Undefined: the base URL is no http(s) URL. Targets are immutable, so each is parsed once. */
export function addressOf(target: Target): Address | undefined {
  const cached = known.get(target)
  if (cached !== undefined) return cached
  const address = parseAddress(target.baseUrl)
  if (address !== undefined) known.set(target, address)
  return address
}

function parseAddress(baseUrl: string): Address | undefined {
  if (!URL.canParse(baseUrl)) return undefined
  const url = new URL(baseUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, ''), search: url.search }
}

/** The same server's own root: without the version that OpenAI's routes stand under. */
export function rootOf(address: Address): Address {
  return { ...address, prefix: address.prefix.replace(/\/v\d+$/, '') }
}

/** The path and query of one route of the target; both the base URL and the route may have a query. */
export function pathOf(address: Address, route: string): string {
  const separator = route.startsWith('/') ? '' : '/'
  const path = `${address.prefix}${separator}${route}`
  if (address.search === '') return path
  return path.includes('?') ? `${path}&${address.search.slice(1)}` : path + address.search
}
