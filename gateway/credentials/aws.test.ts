import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime'
import { createHash, createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Signing } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { Secret } from '../contract/secret.ts'
import type { SignableRequest } from '../contract/signer.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { plainTarget } from '../test/plain-target.ts'
import type { AwsCredentials } from './aws-credentials.ts'
import { createAwsSigner } from './aws.ts'

const SIGNING: Signing = { kind: 'aws-sigv4', service: 'bedrock', region: 'us-east-1' }
const EXAMPLE = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const PATH = '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse'
const request: SignableRequest = {
  method: 'POST',
  url: `https://bedrock-runtime.us-east-1.amazonaws.com${PATH}`,
  headers: { 'content-type': 'application/json', accept: '*/*', 'user-agent': 'x' },
  body: '{"messages":[]}',
}

function targetWith(parts: Partial<Target>): Target {
  const own = { id: 'bedrock/m', provider: 'bedrock', endpoint: 'bedrock', model: 'm', locality: 'cloud' as const }
  return {
    ...plainTarget,
    ...own,
    baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
    key: undefined,
    ...parts,
  }
}

function withKeys(id: string, secret: string, token?: string): Target {
  return targetWith({
    secrets: {
      access_key_id: new Secret(id),
      secret_access_key: new Secret(secret),
      ...(token !== undefined && { session_token: new Secret(token) }),
    },
  })
}

const exampleTarget = withKeys(EXAMPLE.id, EXAMPLE.secret)

async function headersOf(
  target: Target,
  { signing = SIGNING, clock = createFakeClock(), asked = request } = {},
): Promise<Readonly<Record<string, string>>> {
  const signed = await createAwsSigner({ clock }).sign(asked, target, signing)
  if (isFailure(signed)) throw new Error(signed.message)
  return signed
}

describe('signature version 4', () => {
  it.each([
    [
      'https://examplebucket.s3.amazonaws.com/?lifecycle',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('is what AWS publishes for %s', async (url, signature) => {
    const clock = createFakeClock(Date.UTC(2013, 4, 24))
    const asked: SignableRequest = { method: 'GET', url, headers: {}, body: '' }
    const signing: Signing = { ...SIGNING, kind: 'aws-sigv4', service: 's3', region: 'us-east-1' }
    const headers = await headersOf(exampleTarget, { clock, asked, signing })
    expect(headers['x-amz-date']).toBe('20130524T000000Z')
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        `SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${signature}`,
    )
  })

  it('is made as AWS’s own client makes it for Bedrock, whose paths are encoded twice', async () => {
    const sent = await sentBySdk()
    expect(sent.path).toBe(PATH)
    expect(signatureOf(sent)).toBe(signatureIn(sent.headers))
    const headers = await headersOf(exampleTarget, { clock: createFakeClock(dateOf(sent.headers)) })
    const ours = { method: 'POST', path: PATH, body: '{"messages":[]}', headers: { ...sent.headers, ...headers } }
    expect(signatureIn(headers)).toBe(signatureOf(ours))
    expect(headers['authorization']).toContain('SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,')
  })

  it('covers the token of a temporary key, and sends none with a lasting one', async () => {
    const temporary = await headersOf(withKeys('ASIAEXAMPLE', EXAMPLE.secret, 'the-token'))
    expect(temporary['x-amz-security-token']).toBe('the-token')
    expect(temporary['authorization']).toContain('x-amz-security-token')
    const lasting = await headersOf(withKeys(EXAMPLE.id, EXAMPLE.secret, 'of-another-key'))
    expect(lasting).not.toHaveProperty('x-amz-security-token')
  })

  it('covers bytes like text', async () => {
    const text = await headersOf(exampleTarget)
    const bytes = await headersOf(exampleTarget, { asked: { ...request, body: Buffer.from('{"messages":[]}') } })
    expect(bytes).toEqual(text)
  })
})

describe('credentials', () => {
  const lasting: AwsCredentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' }

  it('are fetched once for each account, also by requests that come together', async () => {
    const load = vi.fn<() => Promise<AwsCredentials>>(async () => lasting)
    const signer = createAwsSigner({ clock: createFakeClock(), load })
    const first = targetWith({ settings: { profile: 'work' } })
    await Promise.all([signer.sign(request, first, SIGNING), signer.sign(request, first, SIGNING)])
    await signer.sign(request, { ...first, id: 'another', model: 'n' }, SIGNING)
    expect(load).toHaveBeenCalledTimes(1)
    await signer.sign(request, targetWith({ settings: { profile: 'home' } }), SIGNING)
    expect(load).toHaveBeenCalledTimes(2)
  })

  it('are renewed before they expire', async () => {
    const clock = createFakeClock()
    const lifeMs = limits.credentialsMarginMs + 60_000
    const load = vi.fn<() => Promise<AwsCredentials>>(async () => ({
      ...lasting,
      expiration: new Date(clock.nowMs() + lifeMs),
    }))
    const signer = createAwsSigner({ clock, load })
    const ask = (): Promise<unknown> => signer.sign(request, targetWith({}), SIGNING)
    await ask()
    await clock.advance(59_000)
    await ask()
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(2_000)
    await ask()
    expect(load).toHaveBeenCalledTimes(2)
    expect(clock.pending).toBe(0)
  })

  it('that failed are looked for again', async () => {
    const load = vi.fn<() => Promise<AwsCredentials>>(async () => lasting)
    load.mockRejectedValueOnce(new Error('The SSO session has expired'))
    const signer = createAwsSigner({ clock: createFakeClock(), load })
    const failed = await signer.sign(request, targetWith({}), SIGNING)
    expect(failed).toMatchObject({ kind: 'unauthorized-upstream', message: expect.stringContaining('aws sso login') })
    expect(failed).toMatchObject({ message: expect.stringContaining('The SSO session has expired') })
    expect(await signer.sign(request, targetWith({}), SIGNING)).toHaveProperty('authorization')
  })

  it('are not waited for without end', async () => {
    const clock = createFakeClock()
    const signer = createAwsSigner({ clock, load: () => new Promise(() => {}) })
    const signed = signer.sign(request, targetWith({}), SIGNING)
    await clock.advance(limits.credentialsTimeoutMs)
    expect(await signed).toMatchObject({ kind: 'unauthorized-upstream', message: expect.stringMatching(/15 seconds/) })
  })

  it('never stand in a failure', async () => {
    const load = async (): Promise<AwsCredentials> => {
      throw new Error(`no luck with ${EXAMPLE.secret}`)
    }
    const failed = await createAwsSigner({ clock: createFakeClock(), load }).sign(request, exampleTarget, SIGNING)
    expect(JSON.stringify(failed)).not.toContain(EXAMPLE.secret)
  })
})

describe('AWS’s own chain', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-aws-'))
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })

  it('reads the profile that is stated, and the environment where none is', async () => {
    const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = s\n`
    writeFileSync(join(folder, 'credentials'), `[default]\n${keys('AKIADEFAULT')}[work]\n${keys('AKIAWORK')}`)
    writeFileSync(join(folder, 'config'), '')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'))
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
    vi.stubEnv('AWS_PROFILE', undefined)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's')
    vi.stubEnv('AWS_SESSION_TOKEN', undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const work = targetWith({ settings: { profile: 'work' } })
    expect((await headersOf(work))['authorization']).toContain('Credential=AKIAWORK/')
    // A profile that is stated counts more than keys that lie about in the environment.
    const both = { ...exampleTarget, settings: { profile: 'work' } }
    expect((await headersOf(both))['authorization']).toContain('Credential=AKIAWORK/')
    expect((await headersOf(targetWith({})))['authorization']).toContain('Credential=AKIAENV/')
    const missing = targetWith({ settings: { profile: 'nobody' } })
    const failed = await createAwsSigner({ clock: createFakeClock() }).sign(request, missing, SIGNING)
    expect(failed).toMatchObject({ kind: 'unauthorized-upstream', message: expect.stringContaining('nobody') })
  })
})

describe('a role', () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('is taken on with the target’s own keys', async () => {
    let asked = ''
    const server = createServer((message, reply) => {
      message.on('data', (bytes: Buffer) => (asked += bytes.toString()))
      message.on('end', () => {
        asked += ` ${message.headers.authorization}`
        const keys =
          '<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>role-token</SessionToken>'
        const credentials = `<Credentials>${keys}<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>`
        reply.setHeader('content-type', 'text/xml')
        reply.end(`<AssumeRoleResponse><AssumeRoleResult>${credentials}</AssumeRoleResult></AssumeRoleResponse>`)
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo
    vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${port}`)
    const role = { role_arn: 'arn:aws:iam::1:role/models', role_session_name: 'desk' }
    const headers = await headersOf({ ...exampleTarget, settings: role })
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    expect(headers['x-amz-security-token']).toBe('role-token')
    expect(headers['authorization']).toContain('Credential=ASIAROLE/')
    expect(asked).toContain('RoleSessionName=desk')
    expect(asked).toContain(`Credential=${EXAMPLE.id}/`)
  })
})

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the official client would send. */
async function sentBySdk(): Promise<Sent> {
  let sent: Sent | undefined
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: EXAMPLE.id, secretAccessKey: EXAMPLE.secret },
    maxAttempts: 1,
    requestHandler: {
      handle: async (given: Omit<Sent, 'body'> & { readonly body: Uint8Array }) => {
        sent = { ...given, body: new TextDecoder().decode(given.body) }
        throw new Error('not sent')
      },
    },
  })
  const modelId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
  await client.send(new ConverseCommand({ modelId, messages: [] })).catch(() => undefined)
  if (sent === undefined) throw new Error('nothing was sent')
  return sent
}

/** The signature that these headers must have, worked out by hand from AWS's description. */
function signatureOf({ method, path, headers, body }: Sent): string {
  const [, day = '', signedNames = ''] =
    /Credential=[^/]+\/(\d+)\/.*SignedHeaders=([^,]+),/.exec(headers['authorization'] ?? '') ?? []
  const canonicalPath = path.split('/').map(encodeURIComponent).join('/')
  const canonicalHeaders = signedNames.split(';').map((name) => `${name}:${headers[name]?.trim()}\n`)
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const canonical = [method, canonicalPath, '', canonicalHeaders.join(''), signedNames, hash(body)].join('\n')
  const scope = `${day}/us-east-1/bedrock/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n')
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  const key = [day, 'us-east-1', 'bedrock', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${EXAMPLE.secret}`)
  return hmac(key, toSign).toString('hex')
}

function signatureIn(headers: Readonly<Record<string, string>>): string | undefined {
  return /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1]
}

/** `20260101T120000Z` in milliseconds. */
function dateOf(headers: Readonly<Record<string, string>>): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '') ?? []
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
}
