import { openAiStream, type Script } from './scripted-upstream.ts'

/** What it is called, and what an upstream does that was sent this key. */
export type Failing = readonly [string, (key: string) => Script]

/** Upstreams that repeat the key that they were sent and say what it is, as most do. */
export const NAMED: readonly Failing[] = [
  ['401 as OpenAI says it', (key) => json(401, { error: { message: `Incorrect API key provided: ${key}. See x.` } })],
  ['401, quoted', (key) => json(401, { error: { message: `Invalid key "${key}"`, code: 'invalid_api_key' } })],
  ['403, FastAPI', (key) => json(403, { detail: `Authorization: Bearer ${key} is not allowed` })],
  ['403, a list', (key) => json(403, { errors: [{ message: `token=${key}` }] })],
  ['400, its headers', (key) => json(400, { error: { message: `bad: {"authorization":"Bearer ${key}"}` } })],
  ['404, nested', (key) => json(404, { error: { message: JSON.stringify({ key }) } })],
  ['422, pydantic', (key) => json(422, { detail: [{ loc: ['header', 'api_key'], msg: 'bad', input: key }] })],
  ['429, a URL', (key) => json(429, { error: { message: `see https://user:${key}@host.example/?api_key=${key}` } })],
  ['402', (key) => json(402, { error: { message: `key ${key} is out of credit`, code: 'insufficient_quota' } })],
  ['500 as text', (key) => text(500, `panic: api key ${key} at main.go:1`)],
  ['503, long', (key) => text(503, `${'x'.repeat(1_990)} api_key=${key} ${'y'.repeat(5_000)}`)],
  ['a key at the cut', (key) => json(500, { error: { message: `${'x'.repeat(475)} key: ${key}` } })],
  ['200 with an error inside', (key) => json(200, { error: { message: `api key ${key} expired` } })],
  ['200 as garbage', (key) => text(200, `garbage api_key=${key}`)],
  ['200, half a JSON', (key) => text(200, `{"id":"x","api_key":"${key}","choi`)],
  ['an error event', (key) => sse(`data: {"error":{"message":"Incorrect API key provided: ${key}"}}\n\n`)],
  ['a named error event', (key) => sse(`event: error\ndata: {"message":"Bearer ${key} refused"}\n\n`)],
  ['an error event that is text', (key) => sse(`event: error\ndata: token: ${key}\n\n`)],
  ['an error after content', (key) => sse(`${begun()}data: {"error":{"message":"api key: ${key}"}}\n\n`)],
  ['a comment in a stream that is cut', (key) => sse(`: Bearer ${key}\n\n`)],
  [
    'lines where events were asked for',
    (key) => text(200, `{"error":"api key ${key} refused"}\n`, 'application/x-ndjson'),
  ],
  ['a reason phrase', (key) => (_request, response) => void response.writeHead(500, `key ${key}`).end()],
  ['a challenge', challenge],
  ['no HTTP at all', (key) => (_request, response) => void response.socket?.end(`api_key=${key}\r\n\r\n`)],
  ['a reset', () => (_request, response) => void response.socket?.resetAndDestroy()],
]

/** Upstreams that repeat it without a word about it: only its own beginning tells what it is. */
export const BARE: readonly Failing[] = [
  ['as code, type and param', (key) => json(401, { error: { message: 'no', code: key, type: key, param: key } })],
  ['as code inside a 200', (key) => json(200, { error: { message: 'no', code: key, type: key } })],
  ['500 as a page', (key) => text(500, `<html><title>Error for ${key}</title><body>${key}</body></html>`)],
  ['200 as a page', (key) => text(200, `<!doctype html><title>Login ${key}</title>`)],
  [
    'an error event full of it',
    (key) => sse(`data: {"error":{"message":"${key}","type":"${key}","code":"${key}"}}\n\n`),
  ],
  [
    'an error after content full of it',
    (key) => sse(`${begun()}data: {"error":{"message":"${key}","type":"${key}","code":"${key}","param":"${key}"}}\n\n`),
  ],
  ['where its message is cut', (key) => json(500, { error: { message: `${'x '.repeat(975)}${key}` } })],
  ['where the text is cut', (key) => text(500, `${'x '.repeat(125)}${key}`)],
  ['where the row is cut', (key) => json(500, { error: { message: `${'x '.repeat(225)}${key}` } })],
  ['a garbage stream', (key) => sse(`\u0000\u0001 ${key}\n\n: ${key}\n\nretry: ${key}\n\n`)],
  ['a redirect', redirect],
  ['an encoding', (key) => (_request, response) => void response.writeHead(200, { 'content-encoding': key }).end('x')],
]

function challenge(key: string): Script {
  const headers = { 'www-authenticate': `Bearer ${key}`, 'set-cookie': key, 'x-debug': key, 'retry-after': key }
  return (_request, response) => void response.writeHead(401, headers).end()
}
function redirect(key: string): Script {
  const location = `http://user:${key}@host.example/${key}?key=${key}#${key}`
  return (_request, response) => void response.writeHead(302, { location }).end(key)
}
function json(status: number, body: unknown): Script {
  return text(status, JSON.stringify(body), 'application/json')
}
function text(status: number, body: string, type = 'text/html'): Script {
  return (_request, response) => void response.writeHead(status, { 'content-type': type }).end(body)
}
function sse(body: string): Script {
  return text(200, body, 'text/event-stream')
}
function begun(): string {
  return openAiStream('It was ').toString().split('\n\n').slice(0, 2).join('\n\n') + '\n\n'
}
