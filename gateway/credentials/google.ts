import { createHash } from 'node:crypto'
import type { AuthClient } from 'google-auth-library'
import type { Clock } from '../contract/clock.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Target } from '../contract/route.ts'
import type { Secret } from '../contract/secret.ts'
import type { Signer } from '../contract/signer.ts'
import { cleanMessage } from '../kit/clean-message.ts'
import { stringOf, textAt } from '../kit/json-fields.ts'
import { createLruMap } from '../kit/lru-map.ts'
import { readAccount, unauthorized } from './google-account.ts'

export interface GoogleSignerDeps {
  readonly clock: Clock
}

/** The name of the secret setting that holds the JSON of an account, or the path of its file. */
const CREDENTIALS = 'credentials'
/** Where the library asks for tokens, whatever an account's file says. */
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const HEADERS = ['authorization', 'x-goog-user-project'] as const

/**
 * Signs requests to Google Cloud with OAuth tokens: of the account in the target's `credentials`, else of what this machine has
 * (Application Default Credentials: gcloud's login, the metadata server). Tokens are kept and renewed by Google's library, which
 * is only loaded when the first request needs it.
 */
export function createGoogleSigner({ clock }: GoogleSignerDeps): Signer {
  const clients = createLruMap<Promise<AuthClient | Failure> | undefined>(limits.keptCredentials)

  const headersFor = async (target: Target, scope: string): Promise<Readonly<Record<string, string>> | Failure> => {
    const secret = target.secrets?.[CREDENTIALS]
    const key = cacheKey(secret, scope)
    const pending = clients.get(key) ?? clientFor(secret, scope)
    clients.set(key, pending)
    try {
      const client = await pending
      if (!isFailure(client)) return pickHeaders(await client.getRequestHeaders())
      clients.set(key, undefined)
      return client
    } catch (error) {
      // A file that was put right, or a login that was made since, counts from the next request on.
      clients.set(key, undefined)
      return refused(error, secret)
    }
  }

  return {
    sign: async (_request, target, signing) => {
      if (signing.kind !== 'google-oauth') throw new Error(`google.ts cannot sign ${signing.kind}`)
      const done = new AbortController()
      const late = clock.sleep(limits.credentialsTimeoutMs, done.signal).then(
        () => {
          // Whoever asks next shall not wait for this one as well.
          clients.set(cacheKey(target.secrets?.[CREDENTIALS], signing.scope), undefined)
          return tooLate()
        },
        () => tooLate(),
      )
      const signed = headersFor(target, signing.scope)
      const first = await Promise.race([signed, late])
      done.abort()
      return first
    },
  }
}

/** Without the credentials themselves: what is kept for long is not the key. */
function cacheKey(secret: Secret | undefined, scope: string): string {
  const digest = secret === undefined ? 'default' : createHash('sha256').update(secret.reveal()).digest('hex')
  return `${digest} ${scope}`
}

async function clientFor(secret: Secret | undefined, scope: string): Promise<AuthClient | Failure> {
  const account = secret === undefined ? undefined : await readAccount(secret)
  if (isFailure(account)) return account
  const { GoogleAuth } = await import('google-auth-library')
  if (account === undefined) return new GoogleAuth({ scopes: [scope] }).getClient()
  if (account['type'] === 'service_account') return serviceAccount(account, scope)
  if (account['type'] === 'authorized_user') return gcloudLogin(account)
  // Federated and impersonated accounts: the library knows them by their `type`, and warns once that it trusts the text.
  return new GoogleAuth({ scopes: [scope], credentials: account }).getClient()
}

/** What `gcloud auth application-default login` writes. */
async function gcloudLogin(account: JsonObject): Promise<AuthClient> {
  const { UserRefreshClient } = await import('google-auth-library')
  const client = new UserRefreshClient()
  client.fromJSON(account)
  return client
}

/** A service account asks at its own `token_uri`: the library has only Google's public one built in. */
async function serviceAccount(account: JsonObject, scope: string): Promise<AuthClient> {
  const { JWT, gaxios } = await import('google-auth-library')
  const tokenUrl = textAt(account, 'token_uri') ?? TOKEN_URL
  const transporter = new gaxios.Gaxios()
  transporter.interceptors.request.add({
    resolved: async (config) => {
      if (String(config.url) === TOKEN_URL) config.url = new URL(tokenUrl)
      return config
    },
  })
  return new JWT({
    email: stringOf(account['client_email']) ?? '',
    key: stringOf(account['private_key']) ?? '',
    keyId: stringOf(account['private_key_id']) ?? '',
    scopes: [scope],
    additionalClaims: { aud: tokenUrl },
    transporter,
  })
}

function pickHeaders(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
}

function refused(error: unknown, secret: Secret | undefined): Failure {
  const said = error instanceof Error ? error.message : String(error)
  const hidden = secret === undefined ? said : secret.hideIn(said)
  return unauthorized(`Google gave no access token: ${cleanMessage(hidden).replace(/[.\s]+$/, '')}.`)
}

function tooLate(): Failure {
  return unauthorized(`Google gave no access token within ${limits.credentialsTimeoutMs / 1_000} seconds.`)
}
