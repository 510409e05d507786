import { createHash } from 'node:crypto'
import type { Clock } from '../contract/clock.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Signing } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import type { Secret } from '../contract/secret.ts'
import type { SignableRequest, Signer } from '../contract/signer.ts'
import { cleanMessage } from '../kit/clean-message.ts'
import { createLruMap } from '../kit/lru-map.ts'
import { loadCredentials, type AwsCredentials } from './aws-credentials.ts'

export interface AwsSignerDeps {
  readonly clock: Clock
  /** Where credentials come from; tests put another one here. Default: AWS's own chain. */
  readonly load?: (target: Target, region: string) => Promise<AwsCredentials>
}

type AwsSigning = Extract<Signing, { kind: 'aws-sigv4' }>

const REMEDY =
  'or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a `profile`, or a Bedrock key (AWS_BEARER_TOKEN_BEDROCK).'

interface Kept {
  readonly credentials: Promise<AwsCredentials>
  /** Wall time until which they are used; settled by then or not. */
  untilMs: number
}

/**
 * Signs requests to AWS with Signature Version 4. Credentials are the target's own keys, or those that AWS's chain finds; they
 * are kept until shortly before they expire. AWS's libraries are only loaded when the first request needs them.
 */
export function createAwsSigner({ clock, load = loadCredentials }: AwsSignerDeps): Signer {
  const kept = createLruMap<Kept | undefined>(limits.keptCredentials)

  const settle = async (key: string, entry: Kept): Promise<void> => {
    try {
      const { expiration } = await entry.credentials
      const endMs = expiration === undefined ? Infinity : expiration.getTime() - limits.credentialsMarginMs
      entry.untilMs = Math.min(entry.untilMs, endMs)
    } catch {
      // Whoever waits is told why. The next request tries again: a login that was made since counts at once.
      kept.set(key, undefined)
    }
  }

  const fetchFor = (key: string, target: Target, region: string): Kept => {
    const entry: Kept = { credentials: load(target, region), untilMs: clock.nowMs() + limits.credentialsKeptMs }
    kept.set(key, entry)
    void settle(key, entry)
    return entry
  }

  const credentialsFor = (target: Target, region: string): Promise<AwsCredentials> => {
    const key = identityOf(target, region)
    const known = kept.get(key)
    const entry = known !== undefined && clock.nowMs() < known.untilMs ? known : fetchFor(key, target, region)
    return entry.credentials
  }

  const forget = (target: Target, region: string): void => kept.set(identityOf(target, region), undefined)

  const signed = async (request: SignableRequest, target: Target, signing: AwsSigning) => {
    try {
      const credentials = await credentialsFor(target, signing.region)
      return await signedHeaders(request, { credentials, signing, nowMs: clock.nowMs() })
    } catch (error) {
      return refused(error, target)
    }
  }

  return {
    sign: async (request, target, signing) => {
      if (signing.kind !== 'aws-sigv4') throw new Error(`aws.ts cannot sign ${signing.kind}`)
      const done = new AbortController()
      const late = clock.sleep(limits.credentialsTimeoutMs, done.signal).then(
        () => {
          // Whoever asks next shall not wait for this one as well.
          forget(target, signing.region)
          return tooLate(target)
        },
        () => tooLate(target),
      )
      const first = await Promise.race([signed(request, target, signing), late])
      done.abort()
      return first
    },
  }
}

/** What tells one account from another, without the keys themselves. */
function identityOf({ settings = {}, secrets = {} }: Target, region: string): string {
  const hash = createHash('sha256')
  const parts = [
    region,
    settings['profile'],
    settings['role_arn'],
    settings['role_session_name'],
    ...['access_key_id', 'secret_access_key', 'session_token'].map((name) => secrets[name]?.reveal()),
  ]
  return hash.update(JSON.stringify(parts)).digest('hex')
}

interface SigningParts {
  readonly credentials: AwsCredentials
  readonly signing: AwsSigning
  readonly nowMs: number
}

/**
 * The headers of a signature. Only what must be is signed, because proxies change the rest. The path is encoded once more for
 * the signature, as AWS wants it everywhere but at S3.
 */
async function signedHeaders(
  request: SignableRequest,
  { credentials, signing, nowMs }: SigningParts,
): Promise<Readonly<Record<string, string>>> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@aws-crypto/sha256-js'),
  ])
  const url = new URL(request.url)
  const signer = new SignatureV4({ credentials, region: signing.region, service: signing.service, sha256: Sha256 })
  const before: Record<string, string> = {
    ...signable(request.headers),
    host: url.host,
    // Node's hash is many times faster than the library's, and bodies can be large.
    'x-amz-content-sha256': createHash('sha256').update(request.body).digest('hex'),
  }
  const { headers } = await signer.sign(
    {
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: queryOf(url),
      headers: before,
      body: request.body,
    },
    { signingDate: new Date(nowMs) },
  )
  return Object.fromEntries(ADDED.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])))
}

const ADDED = ['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'] as const

function signable(headers: SignableRequest['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^(?:content-type$|x-amzn?-)/.test(name)))
}

function queryOf(url: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {}
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value)
  return query
}

/** The library's own sentence says what is missing; a key in it is taken out. */
function refused(error: unknown, target: Target): Failure {
  const { settings = {}, secrets = {} } = target
  const said = error instanceof Error ? error.message : String(error)
  const hidden = Object.values(secrets).reduce((text: string, secret: Secret) => secret.hideIn(text), said)
  const profile = settings['profile']
  const where = profile === undefined ? '' : ` in the profile "${profile}"`
  return unauthorized(`There are no AWS credentials${where}: ${cleanMessage(hidden).replace(/[.\s]+$/, '')}.`, target)
}

function tooLate(target: Target): Failure {
  return unauthorized(`AWS gave no credentials within ${limits.credentialsTimeoutMs / 1_000} seconds.`, target)
}

function unauthorized(sentence: string, { settings = {} }: Target): Failure {
  const profile = settings['profile'] === undefined ? '' : ` --profile ${settings['profile']}`
  return { kind: 'unauthorized-upstream', message: `${sentence} Run \`aws sso login${profile}\`, ${REMEDY}` }
}
