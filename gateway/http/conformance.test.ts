import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFixture, type Fixture } from './test/gateway-fixture.ts'
import { openAiError, openSocket, sendRaw, type RawResponse } from './test/raw-client.ts'

/**
 * The requirements of RFC 9112 and RFC 9110 that an HTTP/1.1 origin server can be held to from outside: the 33
 * points that public conformance checkers look at, in strict mode, and some more. Each sends bytes over a real
 * socket.
 */
let gateway: Fixture

beforeAll(async () => {
  gateway = await startFixture()
})

afterAll(() => gateway.server.close(0))

const HOST = 'Host: localhost\r\n'
const CHUNKED_HELLO = '5\r\nhello\r\n0\r\n\r\n'
const NEXT = `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`

/** A request of one piece, and what the first status must be. */
const singleRequests: readonly { name: string; bytes: string; statuses: readonly number[] }[] = [
  { name: 'a simple GET is served', bytes: `GET / HTTP/1.1\r\n${HOST}\r\n`, statuses: [200] },
  {
    name: 'a POST with Content-Length is parsed',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
    statuses: [405],
  },
  { name: 'OPTIONS * is served', bytes: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, statuses: [204] },
  { name: 'the absolute form is served', bytes: `GET http://localhost/ HTTP/1.1\r\n${HOST}\r\n`, statuses: [200] },
  { name: 'CONNECT is understood', bytes: `CONNECT example.com:443 HTTP/1.1\r\n${HOST}\r\n`, statuses: [405] },
  { name: 'an unknown version is refused', bytes: `GET / HTTP/2.0\r\n${HOST}\r\n`, statuses: [505] },
  { name: 'a request line without version is refused', bytes: `GET /\r\n${HOST}\r\n`, statuses: [400] },

  { name: 'a missing Host is refused', bytes: 'GET / HTTP/1.1\r\n\r\n', statuses: [400] },
  { name: 'a second Host is refused', bytes: `GET / HTTP/1.1\r\n${HOST}Host: example.com\r\n\r\n`, statuses: [400] },
  { name: 'a Host with a space is refused', bytes: 'GET / HTTP/1.1\r\nHost: bad host\r\n\r\n', statuses: [400] },
  {
    name: 'a header name with a space is refused',
    bytes: `GET / HTTP/1.1\r\n${HOST}Bad Header: value\r\n\r\n`,
    statuses: [400],
  },
  { name: 'a folded line is refused', bytes: `GET / HTTP/1.1\r\n${HOST}  continued\r\n\r\n`, statuses: [400] },
  { name: 'a space before the colon is refused', bytes: 'GET / HTTP/1.1\r\nHost : localhost\r\n\r\n', statuses: [400] },
  { name: 'a NUL in a header is refused', bytes: 'GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n', statuses: [400] },

  {
    name: 'a chunked body is parsed',
    bytes: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${CHUNKED_HELLO}`,
    statuses: [405],
  },
  {
    name: 'a chunked body on HTTP/1.0 is refused',
    bytes: `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${CHUNKED_HELLO}`,
    statuses: [400],
  },
  {
    name: 'Transfer-Encoding with Content-Length is refused',
    bytes: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${CHUNKED_HELLO}`,
    statuses: [400],
  },
  {
    name: 'an unknown coding is refused',
    bytes: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: nonsense\r\n\r\nhello`,
    statuses: [400, 501],
  },
  {
    name: 'a Content-Length that is no number is refused',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: xyz\r\n\r\nhello`,
    statuses: [400],
  },
  {
    name: 'two different Content-Length lines are refused',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!`,
    statuses: [400],
  },
  { name: 'an error is delimited', bytes: `get / HTTP/1.1\r\n${HOST}\r\n`, statuses: [400] },
  { name: 'a line feed alone ends no line', bytes: 'GET / HTTP/1.1\nHost: localhost\n\n', statuses: [400] },
  {
    name: 'a negative length is refused',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
    statuses: [400],
  },
  {
    name: 'a signed length is refused',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nhello`,
    statuses: [400],
  },
  { name: 'a nameless header is refused', bytes: `GET / HTTP/1.1\r\n${HOST}: value\r\n\r\n`, statuses: [400] },
  { name: 'an unknown Expect is refused', bytes: `GET / HTTP/1.1\r\n${HOST}Expect: tea\r\n\r\n`, statuses: [417] },
  {
    name: 'a body on GET is refused',
    bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
    statuses: [400],
  },
]

describe('one request', () => {
  it.each(singleRequests)('$name', async ({ bytes, statuses }) => {
    const { responses } = await sendRaw(gateway.port, bytes, { halfClose: true })
    expect(responses).toHaveLength(1)
    const [response] = responses
    expect(statuses).toContain(response?.status)
    expectDelimited(responses[0]?.headers ?? {}, response?.status ?? 0)
  })
})

describe('bodies that cannot be trusted', () => {
  it('Transfer-Encoding with Content-Length ends the connection', async () => {
    const bytes = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${CHUNKED_HELLO}${NEXT}`
    const { responses } = await sendRaw(gateway.port, bytes)
    expect(responses.map(refusalOf)).toEqual([{ status: 400, connection: 'close', openAiShape: true }])
  })

  it.each([
    ['chunked is not the last coding', 'Transfer-Encoding: chunked, gzip\r\n', CHUNKED_HELLO],
    ['another coding comes before chunked', 'Transfer-Encoding: gzip, chunked\r\n', CHUNKED_HELLO],
    ['chunked comes twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', CHUNKED_HELLO],
    ['the chunk size is no number', 'Transfer-Encoding: chunked\r\n', 'Z\r\nhello\r\n0\r\n\r\n'],
    ['the chunk does not end where it says', 'Transfer-Encoding: chunked\r\n', '5\r\nhello0\r\n\r\n'],
  ])('%s: refused, and the next request is not served', async (_, header, body) => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\n${HOST}Authorization: Bearer sk-sw-test-key\r\n`
    const bytes = `${head}Content-Type: application/json\r\n${header}\r\n${body}${NEXT}`
    const { responses } = await sendRaw(gateway.port, bytes)
    expect(responses.map(refusalOf)).toEqual([{ status: 400, connection: 'close', openAiShape: true }])
  })

  it('a broken chunk after the answer does not take the answer away', async () => {
    const bytes = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nZ\r\nhello\r\n0\r\n\r\n${NEXT}`
    const { responses } = await sendRaw(gateway.port, bytes)
    expect(responses.map(refusalOf)).toEqual([{ status: 405, connection: 'close', openAiShape: true }])
  })
})

describe('Expect: 100-continue', () => {
  const head =
    `POST /v1/chat/completions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n` +
    'Content-Length: 13\r\nExpect: 100-continue\r\nConnection: close\r\n'

  it('is asked for the body only when the request may come in', async () => {
    const socket = await openSocket(gateway.port)
    socket.write(`${head}Authorization: Bearer sk-sw-test-key\r\n\r\n`)
    const first = await new Promise<string>((resolve) => {
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    expect(first).toMatch(/^HTTP\/1\.1 100 Continue\r\n/)
    const last = new Promise<string>((resolve) => {
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    socket.write('{"model":"x"}')
    expect(await last).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    socket.destroy()
  })

  it('is answered with the refusal at once when it may not', async () => {
    const { responses } = await sendRaw(gateway.port, `${head}\r\n`)
    expect(responses.map(({ status }) => status)).toEqual([401])
  })
})

describe('connections', () => {
  it('stay open by default', async () => {
    const get = `GET / HTTP/1.1\r\n${HOST}\r\n`
    const { responses } = await sendRaw(gateway.port, get + get)
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    expect(responses[1]?.headers['connection']).toBe('keep-alive')
  })

  it('end when the client says so', async () => {
    expect(await closesAfter(gateway.port, NEXT)).toBe(true)
  })

  it('end after a request in HTTP/1.0', async () => {
    expect(await closesAfter(gateway.port, `GET / HTTP/1.0\r\n${HOST}\r\n`)).toBe(true)
  })

  it('answer pipelined requests in order', async () => {
    const { responses } = await sendRaw(
      gateway.port,
      `GET /nowhere HTTP/1.1\r\n${HOST}\r\nGET /health HTTP/1.1\r\n${HOST}\r\n${NEXT}`,
    )
    expect(responses.map(({ status }) => status)).toEqual([404, 200, 200])
  })

  it('send no body in reply to HEAD', async () => {
    const { raw, responses } = await sendRaw(gateway.port, `HEAD / HTTP/1.1\r\n${HOST}\r\n`, { halfClose: true })
    expect(responses[0]?.status).toBe(200)
    expect(raw.endsWith('\r\n\r\n')).toBe(true)
  })
})

describe('sizes', () => {
  it.each([
    ['a request line of 9,000 characters', `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${HOST}\r\n`, 404],
    ['a header of 9,000 characters', `GET / HTTP/1.1\r\n${HOST}X-Big: ${'x'.repeat(9000)}\r\n\r\n`, 200],
    ['headers of 17 KB', `GET / HTTP/1.1\r\n${HOST}X-Big: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    [
      '102 headers',
      `GET / HTTP/1.1\r\n${HOST}${Array.from({ length: 101 }, (_, n) => `X-H-${n}: value\r\n`).join('')}\r\n`,
      431,
    ],
  ])('%s: answered, and the server goes on', async (_, bytes, status) => {
    const { responses } = await sendRaw(gateway.port, bytes, { halfClose: true })
    expect(responses[0]?.status).toBe(status)
    const after = await sendRaw(gateway.port, NEXT)
    expect(after.responses[0]?.status).toBe(200)
  })
})

function refusalOf({ status, headers, body }: RawResponse): object {
  return { status, connection: headers['connection'], openAiShape: openAiError(body) !== undefined }
}

function expectDelimited(headers: Readonly<Record<string, string>>, status: number): void {
  const delimited = 'content-length' in headers || 'transfer-encoding' in headers || headers['connection'] === 'close'
  expect(delimited || status === 204).toBe(true)
}

async function closesAfter(port: number, bytes: string): Promise<boolean> {
  const socket = await openSocket(port)
  return new Promise((resolve) => {
    socket.setTimeout(4_000, () => resolve(false))
    socket.on('end', () => {
      socket.destroy()
      resolve(true)
    })
    socket.resume()
    socket.write(bytes)
  })
}
