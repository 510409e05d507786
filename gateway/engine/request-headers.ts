import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'

/** Framing is the connection's business, whatever a configuration says. */
const NEVER: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
])

/** What a request says of itself wins over its provider's usual; lists of betas add up. */
function joined(name: string, usual: string | undefined, own: string): string {
  return usual !== undefined && name.endsWith('-beta') ? `${usual},${own}` : own
}

/**
 * The headers of one upstream request: ours, the provider's, the configured extras. Of the client's own headers only
 * those are among them that its dialect names, so neither its key nor its cookies can leave this machine.
 */
export function requestHeaders(
  lane: Readonly<Record<string, string>>,
  { target, provider, userAgent }: { readonly target: Target; readonly provider: Provider; readonly userAgent: string },
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: '*/*',
    // An encoding would delay tokens until a block is full.
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    ...provider.headers(target),
  }
  for (const name in lane) headers[name] = joined(name, headers[name], lane[name] ?? '')
  const extra = target.params.extraHeaders
  for (const name in extra) {
    const lower = name.toLowerCase()
    const value = extra[name]
    if (value !== undefined && !NEVER.has(lower)) headers[lower] = value
  }
  return headers
}
