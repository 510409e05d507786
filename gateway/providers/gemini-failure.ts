import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { HttpHead } from '../contract/provider.ts'
import { fieldAt, isJsonArray, objectsAt, parseJson, textAt } from '../kit/json-fields.ts'
import { upstreamFailure, type Upstream } from './upstream-failure.ts'

/** Reasons in an `ErrorInfo` that mean our key, whatever the status: an invalid one is answered with 400. */
const KEY_REASONS: ReadonlySet<string> = new Set([
  'API_KEY_INVALID',
  'API_KEY_EXPIRED',
  'API_KEY_SERVICE_BLOCKED',
  'API_KEY_HTTP_REFERRER_BLOCKED',
  'API_KEY_IP_ADDRESS_BLOCKED',
  'CONSUMER_INVALID',
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
])

/**
 * What a reply of Google that is not a success means. Beyond the common reading: an invalid key, which Google calls an invalid
 * argument, and a used up quota of a day, which no waiting of some seconds helps although one is named.
 */
export function geminiFailure(upstream: Upstream, head: HttpHead, body: string): Failure {
  const details = detailsOf(body)
  const status = impliedStatus(head.status, details)
  const failure = upstreamFailure(upstream, { ...head, status }, body)
  if (status === head.status) return failure
  const { retryAfterMs: _misleading, ...rest } = failure
  return { ...rest, status: head.status }
}

/** What to do about a failure, where Google's own sentence does not say it. */
export function geminiHint(kind: FailureKind): string | undefined {
  return kind === 'quota'
    ? 'Wait until the quota renews, raise it in the Google Cloud console, or use another provider.'
    : undefined
}

function detailsOf(body: string): readonly JsonObject[] {
  const json = parseJson(body)
  return objectsAt(fieldAt(isJsonArray(json) ? json[0] : json, 'error'), 'details') ?? []
}

function impliedStatus(status: number, details: readonly JsonObject[]): number {
  if (status < 400) return status
  if (details.some((detail) => KEY_REASONS.has(textAt(detail, 'reason') ?? ''))) return 401
  return status === 429 && details.some(isUsedUp) ? 402 : status
}

function isUsedUp(detail: JsonObject): boolean {
  return (objectsAt(detail, 'violations') ?? []).some(
    (violation) => /PerDay/i.test(textAt(violation, 'quotaId') ?? '') || textAt(violation, 'quotaValue') === '0',
  )
}
