import { afterEach, describe, expect, it } from 'vitest'
import type { Call, ReplySink } from '../contract/call.ts'
import { limits } from '../contract/limits.ts'
import { createInProcess, type InProcess } from './in-process.ts'
import { KEY, standInDeps } from './test/gateway-fixture.ts'
import type { AppRecord, Executed, ServerDeps } from './server-deps.ts'

const APP: AppRecord = { id: 'inside', name: 'inside', models: undefined, origins: [] }
const CHAT = 'http://spillway/v1/chat/completions'
const open: InProcess[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close(0)
})

type Engine = (call: Call, sink: ReplySink) => Promise<Executed>

function inside(engine?: Engine, more: Partial<ServerDeps> = {}): InProcess {
  const deps = standInDeps()
  const made = createInProcess({ ...deps, ...(engine === undefined ? {} : { execute: engine }), ...more }, () => APP)
  open.push(made)
  return made
}

function post(body: RequestInit['body'] = '{"model":"gpt-4o","messages":[]}', init: RequestInit = {}): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body, ...init }
}

/** Answers with these pieces and leaves the rest to `then`. */
function streaming(then: (sink: ReplySink) => void): Engine {
  return (_, sink) => {
    const gone = Promise.withResolvers<Executed>()
    sink.onGone(() => gone.resolve({ status: 499 }))
    sink.head(200, { 'content-type': 'text/event-stream' })
    sink.write('data: 1\n\n')
    then({
      head: (status, headers) => sink.head(status, headers),
      write: (chunk) => sink.write(chunk),
      onDrain: (resume) => sink.onDrain(resume),
      end: (chunk) => (sink.end(chunk), gone.resolve({ status: 200 })),
      onGone: (left) => sink.onGone(left),
      destroy: () => sink.destroy(),
    })
    return gone.promise
  }
}

describe('what a caller inside may send', () => {
  it.each([
    ['no host that exists', 'https://nowhere.invalid/v1/models'],
    ['an address', 'http://203.0.113.7:81/v1/models'],
    ['a URL object', new URL('http://spillway/v1/models')],
    ['a Request', new Request('http://spillway/v1/models')],
  ])('%s', async (_, url) => {
    const response = await inside().fetch(url)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ data: [{ id: 'gpt-4o' }, { id: 'local/org/qwen' }] })
  })

  it.each([
    ['a form', (form: FormData) => form],
    ['a form inside a Request', (form: FormData) => new Request(CHAT, { method: 'POST', body: form })],
  ])('%s, with a file', async (_, wrap) => {
    const forms: string[] = []
    const { fetch } = inside((call, sink) => {
      if (call.work.operation === 'passthrough') forms.push(call.work.body.raw.toString())
      sink.head(200, {})
      sink.end('{}')
      return Promise.resolve({ status: 200 })
    })
    const form = new FormData()
    form.set('model', 'whisper')
    form.set('file', new Blob(['sound']), 'a.wav')
    const body = wrap(form)
    const url = 'http://spillway/v1/audio/transcriptions'
    const init = body instanceof Request ? { headers: body.headers, body: await body.blob() } : { body }
    expect((await fetch(url, { method: 'POST', ...init })).status).toBe(200)
    expect(forms[0]).toContain('sound')
  })

  it('a stream', async () => {
    const seen: string[] = []
    const { fetch } = inside((call, sink) => {
      if (call.work.operation === 'chat') seen.push(call.work.body.raw.toString())
      sink.head(200, {})
      sink.end('{}')
      return Promise.resolve({ status: 200 })
    })
    const body = new Blob(['{"model":"gpt-4o",', '"messages":[]}']).stream()
    await fetch(CHAT, post(body, { duplex: 'half' }))
    expect(seen).toEqual(['{"model":"gpt-4o","messages":[]}'])
  })

  it('nothing but http: what has no path of ours is a mistake of the caller', async () => {
    await expect(inside().fetch('data:,x')).rejects.toThrow(TypeError)
    await expect(inside().fetch('/v1/models')).rejects.toThrow(TypeError)
  })
})

describe('the guard holds inside too', () => {
  it.each([
    ['a path that is not served', 'http://spillway/v1/nothing', {}, 404],
    ['another method', 'http://spillway/v1/models', { method: 'DELETE' }, 405],
    ['a body where none belongs', 'http://spillway/v1/responses/resp_1', { method: 'DELETE', body: 'x' }, 400],
    ['a body of another type', CHAT, post('{}', { headers: { 'content-type': 'text/plain' } }), 415],
    ['a key in the URL', 'http://spillway/v1/models?api_key=x', {}, 400],
    ['a body that is too large', CHAT, post(`"${'x'.repeat(33 * 1024 * 1024)}"`), 413],
    ['a broken body', CHAT, post('{'), 400],
  ])('%s', async (_, url, init, status) => {
    const { fetch } = inside()
    const response = await fetch(url, init)
    expect(response.status).toBe(status)
    expect(await response.json()).toHaveProperty('error.message')
    // The next one is served: nothing of it is left on a connection.
    expect((await fetch('http://spillway/v1/models')).status).toBe(200)
  })

  it('a HEAD has no body, and a refusal of it neither', async () => {
    const response = await inside().fetch('http://spillway/v1/models', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })
})

describe('who calls', () => {
  it('is told by the connection: credentials and what browsers say are not even read', async () => {
    const calls: Call[] = []
    const lookedUp: string[] = []
    const { fetch } = inside(
      (call, sink) => {
        calls.push(call)
        sink.head(200, {})
        sink.end('{}')
        return Promise.resolve({ status: 200 })
      },
      { resolveKey: (key) => (lookedUp.push(key), undefined) },
    )
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${KEY}`,
      'x-api-key': 'another',
      'api-key': 'a third',
      origin: 'http://evil.example',
      'sec-fetch-site': 'cross-site',
      host: 'evil.example',
      cookie: 'a=b',
    }
    expect((await fetch(CHAT, post(undefined, { headers }))).status).toBe(200)
    expect(calls.map(({ app }) => app)).toEqual([APP])
    expect(lookedUp).toEqual([])
  })
})

describe('an answer', () => {
  it('comes piece by piece, as it is written', async () => {
    const proceed = Promise.withResolvers<void>()
    const { fetch } = inside(streaming((sink) => void proceed.promise.then(() => sink.end('data: 2\n\n'))))
    const { body } = await fetch(CHAT, post())
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    expect(await reader?.read()).toEqual({ done: false, value: 'data: 1\n\n' })
    proceed.resolve()
    expect(await reader?.read()).toEqual({ done: false, value: 'data: 2\n\n' })
    expect(await reader?.read()).toMatchObject({ done: true })
  })

  it('is held back while nobody reads it, and complete when it is read', async () => {
    const piece = Buffer.alloc(16 * 1024, 'x')
    const pieces = 200
    let written = 0
    const full = Promise.withResolvers<void>()
    const { fetch } = inside(
      streaming((sink) => {
        const more = (): void => {
          while (written < pieces) {
            written++
            if (sink.write(piece)) continue
            full.resolve()
            sink.onDrain(more)
            return
          }
          sink.end()
        }
        more()
      }),
    )
    const response = await fetch(CHAT, post())
    await full.promise
    await new Promise((resolve) => setImmediate(resolve))
    expect(written * piece.length).toBeLessThan(limits.inProcessReadAheadBytes + 32 * piece.length)
    expect((await response.arrayBuffer()).byteLength).toBe('data: 1\n\n'.length + pieces * piece.length)
  })

  it('that is cut makes its reader fail, and never as if the reader had wanted it', async () => {
    const { fetch } = inside(streaming((sink) => void setImmediate(() => sink.destroy())))
    const response = await fetch(CHAT, post())
    const failure: unknown = await response.text().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure).not.toMatchObject({ name: 'AbortError' })
  })

  it('that never begins makes the call fail', async () => {
    const { fetch } = inside((_, sink) => {
      sink.destroy()
      return Promise.resolve({ status: 499 })
    })
    await expect(fetch(CHAT, post())).rejects.toThrow('fetch failed')
  })
})

describe('a caller who leaves', () => {
  const leaving: readonly (readonly [string, (response: Response, stop: AbortController) => Promise<unknown>])[] = [
    [
      'aborts',
      (response, stop) => {
        stop.abort()
        return expect(response.text()).rejects.toMatchObject({ name: 'AbortError' })
      },
    ],
    ['cancels the body', async (response) => response.body?.cancel()],
    [
      'leaves the loop',
      async ({ body }) => {
        for await (const _ of body ?? []) break
      },
    ],
  ]
  it.each(leaving)('%s: the engine is told', async (_, leave) => {
    const gone = Promise.withResolvers<void>()
    const { fetch } = inside(streaming((sink) => sink.onGone(() => gone.resolve())))
    const stop = new AbortController()
    const response = await fetch(CHAT, post(undefined, { signal: stop.signal }))
    await leave(response, stop)
    await gone.promise
    expect(response.status).toBe(200)
  })

  it('before an answer has begun: the call fails with the reason', async () => {
    const gone = Promise.withResolvers<void>()
    const stop = new AbortController()
    const { fetch } = inside((_, sink) => {
      sink.onGone(() => gone.resolve())
      stop.abort(new Error('enough'))
      return gone.promise.then(() => ({ status: 499 }))
    })
    await expect(fetch(CHAT, post(undefined, { signal: stop.signal }))).rejects.toThrow('enough')
    await gone.promise
  })

  it('before it has called: nothing is sent', async () => {
    const calls: Call[] = []
    const { fetch } = inside((call) => (calls.push(call), Promise.resolve({ status: 200 })))
    await expect(fetch(CHAT, post(undefined, { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      name: 'AbortError',
    })
    expect(calls).toEqual([])
  })
})

describe('close', () => {
  it('lets a running answer end, and takes nothing new', async () => {
    const proceed = Promise.withResolvers<void>()
    const gateway = inside(streaming((sink) => void proceed.promise.then(() => sink.end('data: 2\n\n'))))
    const response = await gateway.fetch(CHAT, post())
    const closed = gateway.close(10_000)
    await expect(gateway.fetch(CHAT, post())).rejects.toThrow(TypeError)
    proceed.resolve()
    expect(await response.text()).toBe('data: 1\n\ndata: 2\n\n')
    await closed
  })

  it('cuts what does not end in time', async () => {
    const gateway = inside(streaming(() => undefined))
    const response = await gateway.fetch(CHAT, post())
    await gateway.close(0)
    await expect(response.text()).rejects.toThrow(TypeError)
  })

  it('does not wait for answers that are written and not yet read, and leaves them readable', async () => {
    const long = 'x'.repeat(500_000)
    const gateway = inside(streaming((sink) => sink.end(long)))
    const response = await gateway.fetch(CHAT, post())
    await gateway.close(60_000)
    expect(await response.text()).toBe(`data: 1\n\n${long}`)
  })
})

it('serves so many at once, and says so to one more', async () => {
  const { fetch } = inside(streaming(() => undefined))
  const stop = new AbortController()
  const all = Array.from({ length: limits.maxConnections }, () => fetch(CHAT, post(undefined, { signal: stop.signal })))
  await expect(fetch(CHAT, post())).rejects.toThrow(`${limits.maxConnections} requests`)
  expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([200]))
  stop.abort()
})
