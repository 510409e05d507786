import type { FailureKind } from '../../contract/failure.ts'
import { mapOf, type Read } from '../reading.ts'
import { count } from '../readers.ts'
import { quoted } from '../report.ts'
import { closest } from '../../kit/suggest.ts'
import { reportMisspelled } from './settings-map.ts'

/** Numbers by kind of failure, and the number for all others where the policy has one. */
export interface Policy {
  readonly byKind: ReadonlyMap<FailureKind, number>
  readonly others: number | undefined
}

/** LiteLLM's exceptions, and the failures that become one there. Later ones win where two share a failure. */
const EXCEPTIONS: Readonly<Record<string, readonly FailureKind[]>> = {
  BadGatewayError: ['server-error'],
  InternalServerError: ['server-error', 'unreachable', 'cut', 'bad-reply'],
  ServiceUnavailableError: ['overloaded'],
  TimeoutError: ['connect-timeout', 'first-token-timeout', 'stalled', 'total-timeout', 'upstream-timeout'],
  RateLimitError: ['rate-limited', 'quota'],
  AuthenticationError: ['unauthorized-upstream'],
  NotFoundError: ['model-missing'],
  BadRequestError: ['bad-request', 'unsupported'],
  ContentPolicyViolationError: ['content-policy'],
}

/** `retry_policy`, whose fields end in `Retries`, or `allowed_fails_policy`, whose fields end in `AllowedFails`. */
export function policy(suffix: 'Retries' | 'AllowedFails', max: number): Read<Policy> {
  const known = [...Object.keys(EXCEPTIONS), 'Default'].map((name) => `${name}${suffix}`)
  return (node, reading, path) => {
    const map = mapOf(node, reading, path)
    if (map === undefined) return undefined
    const amounts = new Map<string, number>()
    for (const { name, nameAt, value } of map.entries) {
      const field = known.includes(name) ? name : known.includes(`${name}${suffix}`) ? `${name}${suffix}` : undefined
      if (field === undefined) {
        const near = closest(name, known)
        const message = `There is no field ${quoted(name)} under ${path}.`
        const suggestion = near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${near}"?`
        reading.report.warn(nameAt, { code: 'unknown-key', message, suggestion })
        continue
      }
      if (field !== name) reportMisspelled(reading, nameAt, { name, meant: field })
      const amount = count(0, max)(value, reading, `${path}.${field}`)
      if (amount !== undefined) amounts.set(field, amount)
    }
    return { byKind: kindsOf(amounts, suffix), others: amounts.get(`Default${suffix}`) }
  }
}

function kindsOf(amounts: ReadonlyMap<string, number>, suffix: string): ReadonlyMap<FailureKind, number> {
  const byKind = new Map<FailureKind, number>()
  for (const [exception, kinds] of Object.entries(EXCEPTIONS)) {
    const amount = amounts.get(`${exception}${suffix}`)
    if (amount !== undefined) for (const kind of kinds) byKind.set(kind, amount)
  }
  return byKind
}
