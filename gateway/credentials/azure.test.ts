import { createServer, type Server } from 'node:https'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClientSecretCredentialOptions } from '@azure/identity'
import { isFailure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Signing } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { Secret } from '../contract/secret.ts'
import type { Signer } from '../contract/signer.ts'
import { createFakeClock, type FakeClock } from '../kit/fake-clock.ts'
import { plainTarget } from '../test/plain-target.ts'
import { selfSigned } from '../test/self-signed.ts'
import { createAzureSigner, entraCredential } from './azure.ts'

const TENANT = '11111111-2222-3333-4444-555555555555'
const signing: Signing = { kind: 'azure-entra', scope: 'https://cognitiveservices.azure.com/.default' }
const request = { method: 'POST', url: 'https://azure.test/x', headers: {}, body: '{}' } as const

/** An authority on this machine, which notes what it was asked. */
let server: Server
let origin = ''
let asked: URLSearchParams[] = []
let answer: { status: number; body: object } | 'silence'
let clock: FakeClock
let arrived: PromiseWithResolvers<void>

beforeEach(async () => {
  asked = []
  arrived = Promise.withResolvers()
  clock = createFakeClock(Date.now())
  answer = tokenFor(3_600)
  server = createServer(selfSigned(), (incoming, reply) => {
    let text = ''
    incoming.on('data', (chunk) => (text += String(chunk)))
    incoming.on('end', () => {
      const isToken = incoming.url?.includes('/token') ?? false
      if (isToken) {
        asked.push(new URLSearchParams(text))
        arrived.resolve()
      }
      if (isToken && answer === 'silence') return
      const { status, body } = isToken && answer !== 'silence' ? answer : { status: 200, body: discovery() }
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  origin = `https://127.0.0.1:${address.port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function tokenFor(seconds: number): { status: number; body: object } {
  return { status: 200, body: { token_type: 'Bearer', expires_in: seconds, access_token: `token-${asked.length}` } }
}

function discovery(): object {
  return {
    token_endpoint: `${origin}/${TENANT}/oauth2/v2.0/token`,
    authorization_endpoint: `${origin}/${TENANT}/oauth2/v2.0/authorize`,
    issuer: `${origin}/${TENANT}/v2.0`,
    jwks_uri: `${origin}/keys`,
  }
}

/** The real library, with the authority of this test. */
function signer(): Signer {
  // The library types fewer settings of TLS than it hands on; nobody vouches for the certificate of a test.
  const tlsOptions: ClientSecretCredentialOptions['tlsOptions'] & object = { rejectUnauthorized: false } as object
  const options = { authorityHost: origin, disableInstanceDiscovery: true, tlsOptions, retryOptions: { maxRetries: 0 } }
  return createAzureSigner({ clock, credentialOf: (asking) => entraCredential(asking, options) })
}

function target(clientId = 'app-1', tenantId = TENANT): Target {
  return {
    ...plainTarget,
    id: 'azure/d',
    provider: 'azure',
    endpoint: 'azure',
    model: 'd',
    locality: 'cloud',
    baseUrl: 'https://acme.openai.azure.com',
    settings: { tenant_id: tenantId, client_id: clientId },
    secrets: { client_secret: new Secret('a-very-secret-secret') },
  }
}

describe('the signer of Azure', () => {
  it('asks Entra once for a burst and for all that follow while the token is good', async () => {
    const azure = signer()
    const [first, second] = await Promise.all([
      azure.sign(request, target(), signing),
      azure.sign(request, target(), signing),
    ])
    expect(first).toEqual({ authorization: 'Bearer token-0' })
    expect(second).toEqual(first)
    expect(await azure.sign(request, target(), signing)).toEqual(first)
    expect(asked.length).toBe(1)
    expect(asked[0]?.get('client_id')).toBe('app-1')
    expect(asked[0]?.get('scope')).toContain('https://cognitiveservices.azure.com/.default')
    expect(clock.pending).toBe(0)
  })

  it('keeps identities apart', async () => {
    const azure = signer()
    await azure.sign(request, target(), signing)
    await azure.sign(request, target('app-2'), signing)
    expect(asked.map((form) => form.get('client_id'))).toEqual(['app-1', 'app-2'])
  })

  it('says what Entra said and what to do, without the secret, and asks anew the next time', async () => {
    const azure = signer()
    const description = 'AADSTS7000215: Invalid client secret provided: a-very-secret-secret.'
    answer = { status: 401, body: { error: 'invalid_client', error_description: description, error_codes: [7000215] } }
    const failure = await azure.sign(request, target(), signing)
    if (!isFailure(failure)) throw new Error('signed')
    expect(failure.kind).toBe('unauthorized-upstream')
    expect(failure.message).toContain('AADSTS7000215')
    expect(failure.message).toContain('az login')
    expect(JSON.stringify(failure)).not.toContain('a-very-secret-secret')
    answer = tokenFor(3_600)
    expect(await azure.sign(request, target(), signing)).toHaveProperty('authorization')
  })

  it('does not wait for an Entra that is silent', async () => {
    const azure = signer()
    answer = 'silence'
    const pending = azure.sign(request, target(), signing)
    await arrived.promise
    await clock.advance(limits.credentialsTimeoutMs)
    const failure = await pending
    if (!isFailure(failure)) throw new Error('signed')
    expect(failure.message).toContain(`within ${limits.credentialsTimeoutMs / 1_000} seconds`)
    expect(clock.pending).toBe(0)
  })

  it('answers settings that can be none with a failure', async () => {
    const failure = await signer().sign(request, target('a', 'no tenant!'), signing)
    expect(isFailure(failure) && failure.kind).toBe('unauthorized-upstream')
  })

  it('renews a token before it expires, and goes on with the old one while it cannot', async () => {
    const tokens = ['first', 'second']
    const azure = createAzureSigner({
      clock,
      credentialOf: async () => ({
        getToken: async () => {
          const token = tokens.shift()
          if (token === undefined) throw new Error('the network is gone')
          return { token, expiresOnTimestamp: clock.nowMs() + 3_600_000 }
        },
      }),
    })
    const sign = (): ReturnType<Signer['sign']> => azure.sign(request, target(), signing)
    expect(await sign()).toEqual({ authorization: 'Bearer first' })
    await clock.advance(54 * 60_000)
    expect(await sign()).toEqual({ authorization: 'Bearer first' })
    await clock.advance(2 * 60_000)
    expect(await sign()).toEqual({ authorization: 'Bearer second' })
    await clock.advance(57 * 60_000)
    expect(await sign()).toEqual({ authorization: 'Bearer second' })
    await clock.advance(4 * 60_000)
    expect(await sign()).toHaveProperty('kind', 'unauthorized-upstream')
  })
})
