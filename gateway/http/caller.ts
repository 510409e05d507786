import { limits } from '../contract/limits.ts'
import type { Refusal } from './guard/refusal.ts'
import type { RequestHead } from './guard/request-head.ts'
import type { AppRecord, ServerDeps } from './server-deps.ts'

/** Who calls when the user turned keys off. */
const anonymous: AppRecord = { id: 'anonymous', name: 'anonymous', models: undefined, origins: [] }

export type Caller = { readonly app: AppRecord } | { readonly refusal: Refusal }

/** What finding a caller needs of the program. */
export type CallerDeps = Pick<ServerDeps, 'config' | 'resolveKey' | 'badKeys'>

/**
 * The only way from headers to an app, whichever header holds the key. The guard has made sure that there is at
 * most one. A valid key is never throttled: guessing must not lock the owner out.
 */
export function findCaller(head: RequestHead, deps: CallerDeps): Caller {
  const presented = presentedKey(head)
  const app = presented === undefined ? undefined : lookUp(presented, deps)
  if (app !== undefined) return fromListedOrigin(app, head, deps)
  if (deps.config().server.auth === 'off') return fromListedOrigin(anonymous, head, deps)
  if (presented === undefined) return { refusal: noKey }
  const blockedMs = deps.badKeys.countBadKey()
  return { refusal: blockedMs === undefined ? badKey : tooManyBadKeys(blockedMs) }
}

/** Undefined when there is none that could be one: no header, another scheme, nothing after `Bearer`. */
function presentedKey({ fields }: RequestHead): string | undefined {
  const direct = fields.xApiKey ?? fields.apiKey ?? fields.litellmApiKey
  const value = direct?.trim() ?? fields.authorization?.trim()
  if (value === undefined) return undefined
  const bearer = /^bearer +(.*)$/i.exec(value)
  const key = bearer === null ? value : (bearer[1] ?? '')
  if (direct === undefined && bearer === null) return undefined
  return key === '' ? undefined : key
}

function lookUp(presented: string, deps: CallerDeps): AppRecord | undefined {
  return presented.length > limits.appKeyChars ? undefined : deps.resolveKey(presented)
}

/** Origins are granted per app: a page that may spend one app's budget may not spend another's. */
function fromListedOrigin(app: AppRecord, head: RequestHead, deps: CallerDeps): Caller {
  const { origin } = head.fields
  if (origin === undefined || app.origins.includes(origin) || deps.config().server.origins.includes(origin)) {
    return { app }
  }
  return { refusal: otherAppsOrigin(origin, app) }
}

const noKey: Refusal = {
  rule: 'key',
  status: 401,
  code: 'missing_api_key',
  message:
    'A key is needed: send "Authorization: Bearer KEY". Spillway showed one at its first start; ' +
    '`spillway keys` lists and creates them.',
  headers: { 'www-authenticate': 'Bearer realm="spillway"' },
}

const badKey: Refusal = {
  rule: 'key',
  status: 401,
  code: 'invalid_api_key',
  message:
    'This key is not known here. It must be a key of Spillway, not of a provider; `spillway keys` lists and creates them.',
  headers: { 'www-authenticate': 'Bearer realm="spillway", error="invalid_token"' },
}

function tooManyBadKeys(blockedMs: number): Refusal {
  return {
    rule: 'key',
    status: 429,
    code: 'too_many_bad_keys',
    message: 'Too many wrong keys in the last minute. A valid key works at once.',
    headers: { 'retry-after': String(Math.max(1, Math.ceil(blockedMs / 1000))) },
  }
}

function otherAppsOrigin(origin: string, app: AppRecord): Refusal {
  return {
    rule: 'app-origin',
    status: 403,
    code: 'origin_not_allowed_for_app',
    message: `The web page at '${origin.slice(0, limits.quotedNameChars)}' may not use the key of the app '${app.name}'. List it under that app's origins.`,
  }
}
