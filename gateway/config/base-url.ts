import { BlockList, isIP } from 'node:net'
import type { Locality } from '../contract/route.ts'

/** A base URL that may be used, or why it may not. Messages never repeat the URL: it may carry a password. */
export type BaseUrlCheck =
  | {
      readonly ok: true
      /** Without a trailing slash. */
      readonly url: string
      readonly locality: Exclude<Locality, 'builtin'>
      readonly warning: string | undefined
    }
  | { readonly ok: false; readonly message: string; readonly suggestion: string | undefined }

const LOOPBACK = addresses(['127.0.0.0', 8, '0.0.0.0', 32], ['::1', 128, '::', 128])
const PRIVATE = addresses(
  // 100.64.0.0/10 is what overlay networks such as Tailscale hand out.
  ['10.0.0.0', 8, '172.16.0.0', 12, '192.168.0.0', 16, '100.64.0.0', 10],
  ['fc00::', 7],
)
/** Link-local ranges, and the addresses at which clouds hand out a machine's credentials. */
const METADATA = addresses(
  ['169.254.0.0', 16, '100.100.100.200', 32, '168.63.129.16', 32, '192.0.0.192', 32],
  // The last two are IPv4 link-local inside NAT64 and 6to4 addresses.
  ['fe80::', 10, 'fd00:ec2::', 32, '64:ff9b::a9fe:0', 112, '2002:a9fe::', 32],
)
const METADATA_NAME = /^(metadata|instance-data)(\.|$)|(^|[.-])169[.-]254[.-]\d+[.-]\d+\.|(^|\.)a9fe[0-9a-f]{4}\./

/**
 * Decides whether requests and a key may be sent to an address, and how far away it is. The WHATWG parser has
 * already turned decimal, octal, hexadecimal and IPv4-mapped spellings into the address that would be connected to.
 */
export function checkBaseUrl(text: string): BaseUrlCheck {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || !/^https?:\/\//i.test(text)) {
    return refused('must be an http:// or https:// address', withScheme(text))
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return refused('must not carry a user name or password', 'Put the credential into the key or into headers.')
  }
  if (parsed.search !== '' || parsed.hash !== '') return refused('must not carry a query or a fragment')
  const host = parsed.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (isMetadata(host)) return refused('points at a link-local or metadata address, which is never used')
  const locality = localityOf(host)
  const url = parsed.href.replace(/\/+$/, '')
  const warning =
    parsed.protocol === 'http:' && locality === 'cloud'
      ? 'sends prompts and keys over the internet without encryption; use https'
      : undefined
  return { ok: true, url, locality, warning }
}

function refused(message: string, suggestion?: string): BaseUrlCheck {
  return { ok: false, message, suggestion }
}

/** Only for what is surely an address: people also paste keys here, which no message may repeat. */
function withScheme(text: string): string | undefined {
  const isAddress = /^(localhost|[a-z0-9-]{1,24}(?=[.:])(\.[a-z0-9-]{1,24})*)(:\d+)?(\/[\w.-]{0,24})*$/i.test(text)
  return isAddress ? `Write http://${text}` : undefined
}

function isMetadata(host: string): boolean {
  return holds(METADATA, host) || METADATA_NAME.test(host)
}

function localityOf(host: string): 'device' | 'lan' | 'cloud' {
  if (isIP(host) !== 0) return holds(LOOPBACK, host) ? 'device' : holds(PRIVATE, host) ? 'lan' : 'cloud'
  if (/(^|\.)localhost$/.test(host)) return 'device'
  const isNear = !host.includes('.') || /\.(local|lan|home\.arpa|internal)$/.test(host)
  return isNear ? 'lan' : 'cloud'
}

function holds(list: BlockList, host: string): boolean {
  const family = isIP(host)
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/** Each argument: address, prefix length, address, prefix length... */
function addresses(v4: readonly (string | number)[], v6: readonly (string | number)[]): BlockList {
  const list = new BlockList()
  for (const [family, flat] of [
    ['ipv4', v4],
    ['ipv6', v6],
  ] as const) {
    for (let index = 0; index < flat.length; index += 2) {
      list.addSubnet(String(flat[index]), Number(flat[index + 1]), family)
    }
  }
  return list
}
