/**
 * On every response, streams and errors included: a browser must not guess types, keep, frame, run or share it.
 * Flat, name and value in turn, which is the form that Node writes fastest.
 */
export const baseHeaders: readonly string[] = [
  'x-content-type-options',
  'nosniff',
  'cache-control',
  'no-store',
  'content-security-policy',
  "default-src 'none'",
  'referrer-policy',
  'no-referrer',
]

const SAME_ORIGIN: readonly string[] = [...baseHeaders, 'cross-origin-resource-policy', 'same-origin']

/** What a page at a listed origin may read of our headers. */
const EXPOSED = [
  'x-spillway-request-id',
  'x-spillway-target',
  'x-spillway-locality',
  'x-spillway-reason',
  'x-spillway-attempts',
  'x-spillway-cost-usd',
  'x-request-id',
  'retry-after',
  'retry-after-ms',
].join(', ')

/** Headers of a reply; `origin` is the listed page's origin, where a page asked. */
export function replyHeaders(origin: string | undefined): readonly string[] {
  if (origin === undefined) return SAME_ORIGIN
  return [
    ...baseHeaders,
    'cross-origin-resource-policy',
    'cross-origin',
    'access-control-allow-origin',
    origin,
    'access-control-expose-headers',
    EXPOSED,
    'vary',
    'Origin',
  ]
}

/** Headers that a page's client library sends; a browser asks for each by name. */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'accept',
  'x-api-key',
  'api-key',
  'x-litellm-api-key',
  'openai-organization',
  'openai-project',
  'openai-beta',
  'anthropic-version',
  'anthropic-beta',
  'anthropic-dangerous-direct-browser-access',
  'idempotency-key',
  'user-agent',
  'http-referer',
  'x-title',
  'x-request-id',
  'x-stainless-arch',
  'x-stainless-async',
  'x-stainless-custom-poll-interval',
  'x-stainless-helper-method',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-poll-helper',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
].join(', ')

const PREFLIGHT_KEPT_S = '600'

/** The answer to a preflight of a listed origin. Credentials and `*` are never allowed. */
export function preflightHeaders(origin: string, asksPrivateNetwork: boolean): readonly string[] {
  const headers = [
    ...baseHeaders,
    'cross-origin-resource-policy',
    'cross-origin',
    'access-control-allow-origin',
    origin,
    'access-control-allow-methods',
    'GET, POST, DELETE',
    'access-control-allow-headers',
    ALLOWED_HEADERS,
    'access-control-max-age',
    PREFLIGHT_KEPT_S,
    'vary',
    'Origin, Access-Control-Request-Headers',
  ]
  return asksPrivateNetwork ? [...headers, 'access-control-allow-private-network', 'true'] : headers
}

/**
 * What the engine may not set, since it is ours to say or nobody's: an upstream's cookies, CORS rules, framing.
 * The engine lets none of these through; this is the second lock on that door.
 */
const OURS: ReadonlySet<string> = new Set([
  'x-content-type-options',
  'cache-control',
  'content-security-policy',
  'referrer-policy',
  'cross-origin-resource-policy',
  'vary',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'date',
  'server',
  'x-powered-by',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'x-spillway-request-id',
  'x-request-id',
])

/** True for a header that the engine may set on a reply. */
export function mayPass(name: string): boolean {
  return !OURS.has(name) && !name.startsWith('access-control-')
}
