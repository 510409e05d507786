import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Target } from '../contract/route.ts'
import { limits } from '../contract/limits.ts'
import { Secret } from '../contract/secret.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { plainTarget } from '../test/plain-target.ts'
import { createGoogleSigner } from './google.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const scope = 'https://www.googleapis.com/auth/cloud-platform'
const request = { method: 'POST', url: 'https://vertex.test/x', headers: {}, body: '{}' } as const

/** A token server on this machine, which notes every assertion that it was shown. */
let server: Server
let tokenUrl = ''
let assertions: string[] = []
let answer: { status: number; body: unknown } | 'silence' = { status: 200, body: {} }
let folder = ''

beforeEach(async () => {
  assertions = []
  folder = await mkdtemp(join(tmpdir(), 'spillway-google-'))
  server = createServer((incoming, reply) => {
    let text = ''
    incoming.on('data', (chunk) => (text += String(chunk)))
    incoming.on('end', () => {
      assertions.push(new URLSearchParams(text).get('assertion') ?? '')
      if (answer === 'silence') return
      reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  tokenUrl = `http://127.0.0.1:${address.port}/token`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

function account(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'p',
    private_key_id: 'k1',
    private_key: privateKey,
    client_email: 'robot@p.iam.gserviceaccount.com',
    token_uri: tokenUrl,
    ...changes,
  })
}

function targetWith(credentials: string): Target {
  return {
    ...plainTarget,
    id: 'vertex_ai/gemini',
    provider: 'vertex_ai',
    endpoint: 'vertex_ai',
    model: 'gemini',
    locality: 'cloud',
    baseUrl: 'https://vertex.test',
    secrets: { credentials: new Secret(credentials) },
  }
}

function token(value: string, expiresInS = 3_600): typeof answer {
  return { status: 200, body: { access_token: value, expires_in: expiresInS, token_type: 'Bearer' } }
}

const google = { kind: 'google-oauth', scope } as const

describe('createGoogleSigner', () => {
  it('gets a token for a service account, with an assertion that its key signed', async () => {
    answer = token('ya29.first')
    const signed = await createGoogleSigner({ clock: createFakeClock() }).sign(request, targetWith(account()), google)
    expect(signed).toEqual({ authorization: 'Bearer ya29.first' })
    const [head = '', claims = '', signature = ''] = assertions[0]?.split('.') ?? []
    expect(verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(
      true,
    )
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))).toMatchObject({
      iss: 'robot@p.iam.gserviceaccount.com',
      scope,
      aud: tokenUrl,
    })
  })

  it('keeps a token while it is valid, for each account its own', async () => {
    const { sign } = createGoogleSigner({ clock: createFakeClock() })
    answer = token('ya29.a')
    await Promise.all([1, 2, 3].map(() => sign(request, targetWith(account()), google)))
    answer = token('ya29.b')
    expect(await sign(request, targetWith(account()), google)).toEqual({ authorization: 'Bearer ya29.a' })
    expect(assertions).toHaveLength(1)
    const other = targetWith(account({ client_email: 'other@p.iam.gserviceaccount.com' }))
    expect(await sign(request, other, google)).toEqual({ authorization: 'Bearer ya29.b' })
  })

  it('renews a token that is about to expire', async () => {
    const { sign } = createGoogleSigner({ clock: createFakeClock() })
    answer = token('ya29.old', 1)
    await sign(request, targetWith(account()), google)
    answer = token('ya29.new')
    expect(await sign(request, targetWith(account()), google)).toEqual({ authorization: 'Bearer ya29.new' })
  })

  it('reads the account from a file', async () => {
    answer = token('ya29.file')
    const path = join(folder, 'account.json')
    await writeFile(path, account())
    const signed = await createGoogleSigner({ clock: createFakeClock() }).sign(request, targetWith(path), google)
    expect(signed).toEqual({ authorization: 'Bearer ya29.file' })
  })

  it('exchanges the token of another identity provider', async () => {
    answer = { status: 200, body: { access_token: 'ya29.federated', expires_in: 3_600, token_type: 'Bearer' } }
    const path = join(folder, 'subject-token')
    await writeFile(path, 'their-token')
    const federated = JSON.stringify({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: tokenUrl,
      credential_source: { file: path },
    })
    const signed = await createGoogleSigner({ clock: createFakeClock() }).sign(request, targetWith(federated), google)
    expect(signed).toEqual({ authorization: 'Bearer ya29.federated' })
    expect(assertions).toHaveLength(1)
  })

  it('says what Google said, and tries again with the next request', async () => {
    const { sign } = createGoogleSigner({ clock: createFakeClock() })
    answer = { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } }
    const failure = await sign(request, targetWith(account()), google)
    expect(failure).toMatchObject({ kind: 'unauthorized-upstream', status: 401 })
    expect(failure).toMatchObject({ message: expect.stringContaining('invalid_grant: Invalid JWT Signature. Run') })
    answer = token('ya29.later')
    expect(await sign(request, targetWith(account()), google)).toEqual({ authorization: 'Bearer ya29.later' })
  })

  it.each([
    ['text that is no JSON', () => '{"private_key": "very-private', 'no account'],
    ['an account without its key', () => account({ private_key: undefined }), 'without client_email or private_key'],
    ['a key that is none', () => account({ private_key: 'very-private-key-material' }), 'no access token'],
    ['a file that is not there', () => join(folder, 'missing.json'), 'ENOENT'],
  ])('says how to put right %s', async (_name, credentials, says) => {
    const { sign } = createGoogleSigner({ clock: createFakeClock() })
    const failure = await sign(request, targetWith(credentials()), google)
    expect(failure).toMatchObject({
      kind: 'unauthorized-upstream',
      message: expect.stringMatching(/gcloud auth application-default login/),
    })
    expect(JSON.stringify(failure)).toContain(says)
    expect(JSON.stringify(failure)).not.toContain('very-private')
    expect(assertions).toEqual([])
  })

  it('does not wait for ever', async () => {
    answer = 'silence'
    const clock = createFakeClock()
    const signing = createGoogleSigner({ clock }).sign(request, targetWith(account()), google)
    await clock.advance(limits.credentialsTimeoutMs)
    expect(await signing).toMatchObject({
      kind: 'unauthorized-upstream',
      message: expect.stringContaining('within 15 seconds'),
    })
    expect(clock.pending).toBe(0)
  })
})
