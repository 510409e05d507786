import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { answers, toyJson, type Script } from './test/mock-upstream.ts'
import { engineFor, until, upstreamThat } from './test/setup.ts'
import { callOf, targetAt, TestSink } from './test/test-engine.ts'
import { transportFailure } from './upstream-failure.ts'

function encoded(encoding: string, body: Uint8Array): Script {
  return (response) => void response.writeHead(200, { 'content-encoding': encoding }).end(body)
}

describe('an encoding that was not asked for', () => {
  it.each([
    ['gzip', gzipSync(toyJson('hi'))],
    ['br', brotliCompressSync(toyJson('hi'))],
    ['identity', Buffer.from(toyJson('hi'))],
  ])('%s is undone', async (encoding, body) => {
    const upstream = await upstreamThat(encoded(encoding, body))
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url)] }), sink)
    expect(JSON.parse(sink.text)).toMatchObject({ text: 'hi' })
    expect(sink.headers['content-encoding']).toBeUndefined()
  })

  it.each([
    ['gzip', Buffer.from('no gzip at all')],
    ['gzip', gzipSync(toyJson('hi')).subarray(0, 20)],
    ['secret', Buffer.from('x')],
  ])('%s that cannot be undone is a bad reply', async (encoding, body) => {
    const upstream = await upstreamThat(encoded(encoding, body))
    const { engine, rows, bugs } = engineFor()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url)] }), new TestSink())
    expect(rows[0]?.failure).toBe('bad-reply')
    expect(bugs).toEqual([])
  })

  it('a bomb is stopped by the size of its contents', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 32))
    const upstream = await upstreamThat(encoded('gzip', bomb))
    const { engine, rows } = engineFor()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url)] }), new TestSink())
    expect(rows[0]).toMatchObject({ failure: 'bad-reply' })
    expect(rows[0]?.failureMessage).toContain('larger than')
  })
})

describe('connections', () => {
  it('are kept, and used again', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine } = engineFor()
    for (let i = 0; i < 5; i++) {
      await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url)] }), new TestSink())
    }
    expect(upstream.received.length).toBe(5)
    // A connection is free again one turn after its reply, so two may alternate.
    expect(upstream.sockets).toBeLessThanOrEqual(2)
    await engine.close()
    await until(() => upstream.sockets === 0)
  })

  it('a status line that is none is a bad reply', async () => {
    const upstream = await upstreamThat((response) => void response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'))
    const { engine, rows } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt(upstream.url)] }), sink)
    expect(rows[0]?.failure).toBe('bad-reply')
    expect(sink.text).toContain('does not speak HTTP')
  })

  it('an early hint is no reply', async () => {
    const upstream = await upstreamThat((response, received) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' })
      answers('hi')(response, received)
    })
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ stream: false, attempts: [targetAt(upstream.url)] }), sink)
    expect(JSON.parse(sink.text)).toMatchObject({ text: 'hi' })
  })

  it('a base URL that is none is said to be none', async () => {
    const { engine } = engineFor()
    const sink = new TestSink()
    await engine.execute(callOf({ attempts: [targetAt('localhost:11434')] }), sink)
    expect(sink.text).toContain('no http or https URL')
  })
})

describe('probe', () => {
  it('gives what answers', async () => {
    const upstream = await upstreamThat(answers('hi'))
    const { engine } = engineFor()
    const init = { timeoutMs: 2_000, maxBytes: 1_000, headers: { accept: 'text/plain' } }
    const reply = await engine.probe(`${upstream.url}/api/version?x=1`, init)
    expect(reply).toMatchObject({ status: 200, body: toyJson('hi') })
    expect(upstream.received[0]).toMatchObject({ path: '/api/version?x=1', headers: { accept: 'text/plain' } })
  })

  it.each<[string, Script | undefined, number]>([
    ['nobody listens', undefined, 1_000],
    ['nobody answers', () => undefined, 1_000],
    ['too much', answers('hi'), 5],
    ['a reset', (response) => void response.socket?.resetAndDestroy(), 1_000],
  ])('gives nothing when %s', async (_name, script, maxBytes) => {
    const url = script === undefined ? 'http://127.0.0.1:9/' : (await upstreamThat(script)).url
    const { engine } = engineFor()
    expect(await engine.probe(url, { timeoutMs: 100, maxBytes })).toBeUndefined()
  })
})

describe('transportFailure', () => {
  const progress = { label: 'Ollama', origin: 'http://127.0.0.1:11434', sent: false, replied: false }
  const error = (code: string): Error => Object.assign(new Error(code), { code })

  it.each([
    ['ECONNREFUSED', progress, 'unreachable', '`ollama serve`'],
    ['ENOTFOUND', progress, 'unreachable', 'cannot be resolved'],
    ['UND_ERR_CONNECT_TIMEOUT', progress, 'connect-timeout', 'did not accept'],
    ['SELF_SIGNED_CERT_IN_CHAIN', progress, 'unreachable', 'not trusted'],
    ['EPROTO', progress, 'unreachable', 'http://'],
    ['ECONNRESET', progress, 'unreachable', 'cannot be reached'],
    ['ECONNRESET', { ...progress, sent: true }, 'cut', 'may have been processed'],
    ['UND_ERR_SOCKET', { ...progress, sent: true, replied: true }, 'cut', 'in the middle. Ask again'],
    ['HPE_INVALID_CONSTANT', { ...progress, sent: true }, 'bad-reply', 'does not speak HTTP'],
    ['UND_ERR_INVALID_ARG', progress, 'unsupported', 'cannot be written'],
  ] as const)('%s %j', (code, at, kind, words) => {
    const failure = transportFailure(error(code), at)
    expect(failure?.kind).toBe(kind)
    expect(failure?.message).toContain(words)
  })

  it('an error without a code is a bug of ours', () => {
    expect(transportFailure(new TypeError('x is not a function'), progress)).toBeUndefined()
  })
})
