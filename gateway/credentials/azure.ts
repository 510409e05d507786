import { createHash } from 'node:crypto'
import type { AccessToken, ClientSecretCredentialOptions, TokenCredential } from '@azure/identity'
import type { Clock } from '../contract/clock.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Target } from '../contract/route.ts'
import type { Secret } from '../contract/secret.ts'
import type { Signer } from '../contract/signer.ts'
import { cleanMessage } from '../kit/clean-message.ts'
import { createLruMap } from '../kit/lru-map.ts'

export interface AzureSignerDeps {
  readonly clock: Clock
  /** Where a target's identity comes from. Default: {@link entraCredential}. */
  readonly credentialOf?: (target: Target) => Promise<TokenCredential>
}

const REMEDY =
  'Run `az login`, set tenant_id, client_id and client_secret of this provider (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET), or give it a key (AZURE_API_KEY).'

/** An identity with the token that it has for one scope. */
interface Identity {
  readonly credential: TokenCredential
  token: AccessToken | undefined
  /** The request for a token that is under way: a burst asks once. */
  pending: Promise<AccessToken | Failure> | undefined
}

/**
 * Signs requests to Azure with Entra tokens: of the application in the target's settings, else of what this machine has
 * (`DefaultAzureCredential`: workload and managed identities, the login of `az`; AZURE_TOKEN_CREDENTIALS chooses among them).
 * Tokens are kept until shortly before they expire. Microsoft's library is only loaded when the first request needs it.
 */
export function createAzureSigner({ clock, credentialOf = entraCredential }: AzureSignerDeps): Signer {
  const identities = createLruMap<Identity>(limits.keptCredentials)

  const identityOf = async (target: Target, scope: string): Promise<Identity> => {
    const key = cacheKey(target, scope)
    const known = identities.get(key)
    if (known !== undefined) return known
    const identity: Identity = { credential: await credentialOf(target), token: undefined, pending: undefined }
    // Another request may have been quicker while the library was loaded.
    const first = identities.get(key) ?? identity
    identities.set(key, first)
    return first
  }

  const tokenOf = async (target: Target, scope: string): Promise<AccessToken | Failure> => {
    try {
      const identity = await identityOf(target, scope)
      const { token } = identity
      if (token !== undefined && clock.nowMs() < renewAtMs(token)) return token
      identity.pending ??= ask(identity, scope, { clock, secret: target.secrets?.['client_secret'] })
      const renewed = await identity.pending
      // A token that is to be renewed is good for some minutes more.
      return isFailure(renewed) && token !== undefined && clock.nowMs() < token.expiresOnTimestamp ? token : renewed
    } catch (error) {
      // The settings themselves are refused, such as a tenant that is none.
      return refused(error, target.secrets?.['client_secret'])
    }
  }

  return {
    sign: async (_request, target, signing) => {
      if (signing.kind !== 'azure-entra') throw new Error(`azure.ts cannot sign ${signing.kind}`)
      const token = await tokenOf(target, signing.scope)
      return isFailure(token) ? token : { authorization: `Bearer ${token.token}` }
    },
  }
}

/** One request for a token, bounded in time. Never rejects. */
async function ask(
  identity: Identity,
  scope: string,
  { clock, secret }: { clock: Clock; secret: Secret | undefined },
): Promise<AccessToken | Failure> {
  const abort = new AbortController()
  const late = Promise.withResolvers<Failure>()
  const timer = clock.startTimer(limits.credentialsTimeoutMs, () => {
    late.resolve(unauthorized(`Entra gave no token within ${limits.credentialsTimeoutMs / 1_000} seconds.`))
    abort.abort()
  })
  const asked = identity.credential
    .getToken(scope, { abortSignal: abort.signal })
    .then((token) => token ?? unauthorized('Entra gave no token.'))
    .catch((error: unknown) => refused(error, secret))
  const answer = await Promise.race([asked, late.promise])
  timer.cancel()
  identity.pending = undefined
  if (!isFailure(answer)) identity.token = answer
  return answer
}

/** How long before its end a token is renewed, where Entra does not say. */
const RENEWAL_LEAD_MS = 5 * 60_000

function renewAtMs({ expiresOnTimestamp, refreshAfterTimestamp }: AccessToken): number {
  return Math.min(refreshAfterTimestamp ?? Infinity, expiresOnTimestamp - RENEWAL_LEAD_MS)
}

/** The application in the target's settings, else whoever this machine is. Rejects where the settings can be nobody. */
export async function entraCredential(
  target: Target,
  options: ClientSecretCredentialOptions = {},
): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import('@azure/identity')
  const { tenant_id: tenant, client_id: client } = target.settings ?? {}
  const secret = target.secrets?.['client_secret']
  if (tenant !== undefined && client !== undefined && secret !== undefined) {
    return new ClientSecretCredential(tenant, client, secret.reveal(), options)
  }
  return new DefaultAzureCredential({
    ...(tenant !== undefined && { tenantId: tenant }),
    ...(client !== undefined && { managedIdentityClientId: client, workloadIdentityClientId: client }),
  })
}

/** Without the secret itself: what is kept for long is not the key. */
function cacheKey({ settings = {}, secrets = {} }: Target, scope: string): string {
  const secret = secrets['client_secret']
  const digest = secret === undefined ? '' : createHash('sha256').update(secret.reveal()).digest('hex')
  return JSON.stringify([settings['tenant_id'], settings['client_id'], digest, scope])
}

/** The library's messages list every way that it tried, one to a line; the first line says what is wrong. */
function refused(error: unknown, secret: Secret | undefined): Failure {
  const said = error instanceof Error ? error.message : String(error)
  const hidden = secret === undefined ? said : secret.hideIn(said)
  const sentence = cleanMessage(hidden.slice(0, limits.quotedReplyChars)).replace(/[.\s]+$/, '')
  return unauthorized(`Entra gave no token: ${sentence}.`)
}

function unauthorized(sentence: string): Failure {
  return { kind: 'unauthorized-upstream', message: `${sentence} ${REMEDY}`, status: 401 }
}
