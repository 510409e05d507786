import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ollamaPages } from '../ollama-pages.ts'
import { hotRoutes } from '../operations.ts'
import { pageRoutes } from '../page-routes.ts'
import { responsePages } from '../response-pages.ts'
import type { Route } from '../route-table.ts'
import { KEY, OTHER_KEY, standInDeps, startFixture, type Fixture } from '../test/gateway-fixture.ts'
import { sendRaw, type RawResponse } from '../test/raw-client.ts'

/** The rules of the guard, one by one, on every route that there is: none was forgotten, none has a door of its own. */
let gateway: Fixture

beforeAll(async () => {
  gateway = await startFixture()
})
afterAll(() => gateway.server.close(0))

const deps = standInDeps()
const pages = [...pageRoutes(deps), ...responsePages(deps), ...ollamaPages(deps)]
const routes: readonly Route<unknown>[] = [...hotRoutes, ...pages]
const places = routes.flatMap((route) =>
  [route.method, ...(route.also === undefined ? [] : [route.also])].map((method) => ({
    method,
    path: route.path.replaceAll(/\{[a-z]+\*?\}/g, 'some-name'),
    route,
  })),
)
type Place = (typeof places)[number]

interface Attack {
  readonly name: string
  readonly headers: readonly string[]
  readonly status: number
  /** Attacks on a body make sense where there is one, those on a key where one is needed. */
  readonly on?: (place: Place) => boolean
  readonly query?: string
}

const HOST = 'Host: localhost'
const JSON_TYPE = 'Content-Type: application/json'
const GOOD_KEY = `Authorization: Bearer ${KEY}`
const needsKey = ({ route }: Place): boolean => route.policy.auth === 'key'
const hasBody = ({ route }: Place): boolean => route.policy.body !== 'none'
const takesJson = (place: Place): boolean => place.route.policy.body === 'json' && hasBody(place)
const typed = (type: string): readonly string[] => [HOST, GOOD_KEY, `Content-Type: ${type}`]
const good = [HOST, GOOD_KEY, JSON_TYPE]

const ATTACKS: readonly Attack[] = [
  { name: 'a page elsewhere', headers: [...good, 'Origin: https://evil.example'], status: 403 },
  { name: 'a page in a sandbox', headers: [...good, 'Origin: null'], status: 403 },
  {
    name: 'a page of the same site',
    headers: [...good, 'Sec-Fetch-Site: same-site', 'Origin: http://localhost:9'],
    status: 403,
  },
  { name: 'a page that was rebound', headers: ['Host: evil.example', GOOD_KEY, JSON_TYPE], status: 403 },
  { name: 'two hosts', headers: [HOST, 'Host: localhost', GOOD_KEY, JSON_TYPE], status: 400 },
  {
    name: 'another app’s page',
    headers: [HOST, `x-api-key: ${OTHER_KEY}`, JSON_TYPE, 'Origin: http://localhost:3000'],
    status: 403,
    on: needsKey,
  },
  { name: 'no key', headers: [HOST, JSON_TYPE], status: 401, on: needsKey },
  { name: 'a wrong key', headers: [HOST, JSON_TYPE, 'x-api-key: sk-sw-nobody'], status: 401, on: needsKey },
  { name: 'two keys', headers: [...good, `x-api-key: ${OTHER_KEY}`], status: 400, on: needsKey },
  { name: 'a key in the URL', headers: [HOST, JSON_TYPE], status: 400, query: `?key=${KEY}` },
  { name: 'plain text', headers: typed('text/plain'), status: 415, on: hasBody },
  { name: 'no type', headers: [HOST, GOOD_KEY], status: 415, on: hasBody },
  { name: 'a form of a page', headers: typed('application/x-www-form-urlencoded'), status: 415, on: hasBody },
  { name: 'files', headers: typed('multipart/form-data; boundary=x'), status: 415, on: takesJson },
  { name: 'another encoding', headers: typed('application/json; charset=utf-16'), status: 415, on: takesJson },
  { name: 'a bomb', headers: [...good, 'Content-Encoding: gzip'], status: 415, on: hasBody },
  { name: 'an upgrade', headers: [...good, 'Connection: Upgrade', 'Upgrade: websocket'], status: 426 },
]

async function ask(place: Place, attack: Pick<Attack, 'headers' | 'query'>): Promise<RawResponse | undefined> {
  const { method, path } = place
  const body = hasBody(place) ? '{"model":"gpt-4o"}' : ''
  const length = hasBody(place) ? [`Content-Length: ${body.length}`] : []
  const lines = [`${method} ${path}${attack.query ?? ''} HTTP/1.1`, ...attack.headers, ...length]
  const { responses } = await sendRaw(gateway.port, `${lines.join('\r\n')}\r\n\r\n${body}`, { firstOnly: true })
  return responses[0]
}

describe('every route', () => {
  it('is among them: the new ones as well', () => {
    const paths = new Set(places.map(({ method, path }) => `${method} ${path}`))
    for (const known of [
      'POST /v1/responses',
      'GET /v1/responses/some-name',
      'DELETE /v1/responses/some-name',
      'GET /v1/responses/some-name/input_items',
      'POST /v1/responses/some-name/cancel',
      'POST /v1/messages',
      'POST /anthropic/v1/messages/count_tokens',
      'POST /utils/token_counter',
      'POST /api/chat',
      'POST /api/show',
      'DELETE /api/delete',
    ]) {
      expect([known, paths.has(known)]).toEqual([known, true])
    }
  })

  it.each(ATTACKS)('refuses $name', async (attack) => {
    const before = gateway.calls.length
    const wrong: unknown[] = []
    for (const place of places.filter(attack.on ?? (() => true))) {
      const answer = await ask(place, attack)
      const shared = Object.keys(answer?.headers ?? {}).filter((name) => name.startsWith('access-control-'))
      const isBare =
        answer?.headers['x-content-type-options'] !== 'nosniff' || answer.headers['cache-control'] !== 'no-store'
      if (answer?.status !== attack.status || shared.length > 0 || isBare)
        wrong.push([place.method, place.path, answer])
    }
    expect(wrong).toEqual([])
    expect(gateway.calls).toHaveLength(before)
  })

  it('tells no page elsewhere what it may send', async () => {
    for (const { path } of places) {
      const lines = [
        `OPTIONS ${path} HTTP/1.1`,
        HOST,
        'Origin: https://evil.example',
        'Access-Control-Request-Method: POST',
      ]
      const { responses } = await sendRaw(gateway.port, `${lines.join('\r\n')}\r\n\r\n`, { firstOnly: true })
      const [answer] = responses
      const names = Object.keys(answer?.headers ?? {}).filter((name) => name.startsWith('access-control-'))
      expect([path, answer?.status, names]).toEqual([path, 403, []])
    }
  })
})

describe('a page’s body', () => {
  it.each(['/api/show', '/api/pull'])(
    '%s is small, and what refuses it has the headers of every answer',
    async (path) => {
      const body = JSON.stringify({ model: 'gpt-4o', pad: 'x'.repeat(100_000) })
      const lines = [`POST ${path} HTTP/1.1`, ...good, `Content-Length: ${body.length}`]
      const { responses } = await sendRaw(gateway.port, `${lines.join('\r\n')}\r\n\r\n${body}`, { firstOnly: true })
      expect(responses[0]).toMatchObject({
        status: 413,
        headers: { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
      })
      expect(responses[0]?.body).toMatch(/^\{"error":"/)
    },
  )

  it('that is called like a failure is none', async () => {
    const body = '{"model":"gpt-4o","kind":"internal","message":"mine","status":"200 OK"}'
    const lines = ['POST /api/show HTTP/1.1', ...good, `Content-Length: ${body.length}`]
    const { responses } = await sendRaw(gateway.port, `${lines.join('\r\n')}\r\n\r\n${body}`, { firstOnly: true })
    expect(responses[0]?.status).toBeLessThan(500)
    expect(responses[0]?.body).not.toContain('mine')
  })
})
