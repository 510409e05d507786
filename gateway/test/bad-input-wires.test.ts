import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { converseBytes } from '../providers/test/event-stream-bytes.ts'
import { MESSAGES, startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { CLIENT_ROUTES, type ClientRoute } from './client-wires.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { answerInWire, wireReply } from './wire-replies.ts'
import { WIRE_MODELS, wiresConfig, wiresEnvironment } from './wires-config.ts'

/**
 * The same as bad-input.test.ts on every other route and in every other wire: the client's own shape of error, a status
 * and a sentence that help, one row for each request that was let in, and never a fault of ours.
 */
let upstream: ScriptedUpstream
let gateway: AttackedGateway

beforeAll(async () => {
  upstream = await startScriptedUpstream(answerInWire('all is well'))
  gateway = await startAttackedGateway(
    `discovery: false\nserver: { max_body_mb: 1 }\nrouting: { retries: 0, cooldown: { disabled: true } }\n${wiresConfig(upstream.url)}`,
    wiresEnvironment(upstream.url),
  )
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

const routes = CLIENT_ROUTES.map((route) => ({ ...route, title: route.path }))
const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

/** What is wrong whatever the route, and what the sentence must speak of. */
interface Slip {
  readonly name: string
  readonly text: (route: ClientRoute) => string
  readonly status: number
  readonly says: RegExp
  readonly headers?: Readonly<Record<string, string>>
  /** Turned away before it was let in. */
  readonly unlogged?: true
}

const whole = ({ body }: ClientRoute, more: object = {}): string =>
  JSON.stringify({ model: 'openai', ...body, ...more })
const SLIPS: readonly Slip[] = [
  { name: 'half a JSON', text: () => '{"model":"openai",', status: 400, says: /JSON/ },
  { name: 'nothing', text: () => '', status: 400, says: /empty|JSON/ },
  { name: 'a list', text: () => '[]', status: 400, says: /object/ },
  { name: 'no UTF-8', text: () => '{"model":"\udc80"}'.slice(0, 9) + '\u0000"}', status: 400, says: /JSON/ },
  { name: 'nested too deeply', text: (route) => whole(route, { a: deep(70) }), status: 400, says: /deep|levels/ },
  { name: 'an unknown model', text: (route) => whole(route, { model: 'opnai' }), status: 404, says: /opnai/ },
  { name: 'no model', text: ({ body }) => JSON.stringify(body), status: 400, says: /model/ },
  { name: 'an empty model', text: (route) => whole(route, { model: '' }), status: 400, says: /model/ },
  { name: 'a model that is a number', text: (route) => whole(route, { model: 5 }), status: 400, says: /model/ },
  {
    name: 'a model of control characters',
    text: (route) => whole(route, { model: 'a\r\nb' }),
    status: 400,
    says: /model/,
  },
  {
    name: 'a model called like a property',
    text: (route) => whole(route, { model: '__proto__' }),
    status: 404,
    says: /__proto__/,
  },
  {
    name: 'the wrong type',
    text: (route) => whole(route),
    headers: { 'content-type': 'text/plain' },
    status: 415,
    says: /application\/json/,
    unlogged: true,
  },
  {
    name: 'an unknown key',
    text: (route) => whole(route),
    headers: { authorization: 'Bearer sk-nobody' },
    status: 401,
    says: /key/,
    unlogged: true,
  },
  {
    name: 'too much',
    text: (route) => whole(route, { pad: 'x'.repeat(2 ** 21) }),
    status: 413,
    says: /limit|large/,
    unlogged: true,
  },
]

async function ask(path: string, text: string, headers = {}): Promise<{ status: number; text: string; rows: number }> {
  const before = (await gateway.rows()).length
  const response = await gateway.post(path, text, headers)
  const answered = await response.text()
  return { status: response.status, text: answered, rows: (await gateway.rows()).length - before }
}

describe('bad input on every translated route', () => {
  it.each(SLIPS.flatMap((slip) => routes.map((route) => ({ slip, route, name: slip.name, title: route.title }))))(
    '$title: $name',
    async ({ slip, route }) => {
      const { status, text, rows } = await ask(route.path, slip.text(route), slip.headers)
      expect([status, route.wire.errorIn(text), text]).toEqual([slip.status, expect.stringMatching(slip.says), text])
      expect(rows).toBe(slip.unlogged === true ? 0 : 1)
    },
  )

  it.each(routes)('$title: keys that every object has are keys like any other', async (route) => {
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const head = `{"model":"openai","${key}":{"a":1},"${key}":{"polluted":true},`
      const { status, text } = await ask(route.path, head + JSON.stringify(route.body).slice(1))
      expect([key, status < 500, text.includes('"error":{"message":"Something broke')]).toEqual([key, true, false])
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    }
  })
})

const tool = { type: 'function', name: 'f', parameters: { type: 'object' } }
const user = (content: unknown): object => ({ messages: [{ role: 'user', content }], max_tokens: 9 })
const input = (...items: unknown[]): object => ({ input: items })

/** What only one wire has: path, body without the model, and what the sentence must speak of. */
const OWN_SLIPS: readonly (readonly [path: string, name: string, body: object, says: RegExp])[] = [
  ['/v1/messages', 'no max_tokens', { messages: MESSAGES }, /max_tokens/],
  ['/v1/messages', 'no messages', { max_tokens: 9 }, /messages/],
  ['/v1/messages', 'empty messages', { max_tokens: 9, messages: [] }, /messages/],
  ['/v1/messages', 'messages of texts', { max_tokens: 9, messages: ['hi'] }, /messages/],
  ['/v1/messages', 'max_tokens below nothing', { max_tokens: -1, messages: MESSAGES }, /max_tokens/],
  ['/v1/messages', 'max_tokens as text', { max_tokens: '9', messages: MESSAGES }, /max_tokens/],
  ['/v1/messages', 'half of max_tokens', { max_tokens: 0.5, messages: MESSAGES }, /max_tokens/],
  ['/v1/messages', 'a role of nobody', { max_tokens: 9, messages: [{ role: 'wizard', content: 'x' }] }, /role/],
  [
    '/v1/messages',
    'a role like a property',
    { max_tokens: 9, messages: [{ role: 'constructor', content: 'x' }] },
    /role/,
  ],
  ['/v1/messages', 'content that is a number', user(5), /content/],
  ['/v1/messages', 'a block of no type', user([{ text: 'x' }]), /content/],
  ['/v1/messages', 'a tool without a name', { ...user('x'), tools: [{ input_schema: {} }] }, /tools/],
  [
    '/v1/messages',
    'a schema that is a text',
    { ...user('x'), tools: [{ name: 'f', input_schema: 'x' }] },
    /tools|schema/,
  ],
  ['/v1/messages', 'a result without a call', user([{ type: 'tool_result', content: 'x' }]), /tool_use_id/],
  [
    '/v1/messages',
    'an id that is a number',
    user([{ type: 'tool_result', tool_use_id: 5, content: 'x' }]),
    /tool_use_id/,
  ],
  [
    '/v1/messages',
    'a picture without data',
    user([{ type: 'image', source: { type: 'base64' } }]),
    /image|source|data/,
  ],
  ['/v1/messages/count_tokens', 'no messages', {}, /messages/],
  ['/v1/responses', 'no input', {}, /input/],
  ['/v1/responses', 'input that is a number', { input: 5 }, /input/],
  ['/v1/responses', 'items of texts', input('hi'), /input/],
  ['/v1/responses', 'a role of nobody', input({ role: 'wizard', content: 'x' }), /role/],
  ['/v1/responses', 'a tool without a name', { input: 'x', tools: [{ type: 'function' }] }, /tools/],
  ['/v1/responses', 'a schema that is a text', { input: 'x', tools: [{ ...tool, parameters: 'x' }] }, /parameters/],
  ['/v1/responses', 'a result without its call’s id', input({ type: 'function_call_output', output: 'x' }), /call_id/],
  [
    '/v1/responses',
    'an id that is a number',
    input({ type: 'function_call_output', call_id: 5, output: 'x' }),
    /call_id/,
  ],
  [
    '/v1/responses',
    'a picture that is an object',
    input({ role: 'user', content: [{ type: 'input_image', image_url: {} }] }),
    /image/,
  ],
  ['/api/chat', 'a role that is a number', { messages: [{ role: 5, content: 'x' }] }, /role/],
  ['/api/chat', 'content that is a list', { messages: [{ role: 'user', content: [] }] }, /content/],
  ['/api/chat', 'half a picture', { messages: [{ role: 'user', content: 'x', images: ['%%%'] }] }, /images/],
  ['/api/chat', 'options that are a list', { messages: MESSAGES, options: [] }, /options/],
  ['/api/generate', 'a prompt that is a number', { prompt: 5 }, /prompt/],
  ['/api/embed', 'no input', {}, /input/],
]

describe('what only one wire can have wrong', () => {
  it.each(OWN_SLIPS.map(([path, name, body, says]) => ({ path, name, body, says })))(
    '$path: $name',
    async ({ path, body, says }) => {
      const wire = CLIENT_ROUTES.find((route) => route.path === path)?.wire
      const calls = upstream.received.length
      // At a target that speaks another wire, so that nobody else can be the one who complains.
      const { status, text, rows } = await ask(path, JSON.stringify({ model: 'cohere', ...body }))
      expect([status, wire?.errorIn(text), text]).toEqual([400, expect.stringMatching(says), text])
      expect([rows, upstream.received.length - calls]).toEqual([1, 0])
    },
  )
})

const reply =
  (type: string, body: string | Buffer, status = 200): Script =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body)
const SSE = 'text/event-stream'
const JSON_TYPE = 'application/json'
const FRAMES = 'application/vnd.amazon.eventstream'

/** Answers that are none, of any wire: what was promised as JSON or as a stream. */
const FAULTS: readonly (readonly [name: string, Script])[] = [
  ['a web page', reply('text/html', '<!doctype html><title>Login</title>')],
  ['nothing', reply(JSON_TYPE, '')],
  ['no stream', reply(SSE, '')],
  ['half of its answer', (request, response) => half(request, response)],
  ['garbage', reply(SSE, '\u0000\u0001garbage\n\nmore: garbage\n\ndata: {"a":\n\n')],
  ['frames that are none', reply(FRAMES, Buffer.from('\u0000\u0000\u0000\u0010garbage garbage garbage garbage'))],
  ['a frame that never ends', reply(FRAMES, Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3, 4]))],
  ['JSON of nothing', reply(JSON_TYPE, '{}')],
  ['a JSON text', reply(JSON_TYPE, '"all is well"')],
  ['null', reply(JSON_TYPE, 'null')],
  ['values of other types', reply(JSON_TYPE, '{"content":5,"choices":{},"candidates":"x","output":[],"message":[]}')],
  ['lists of nothing', reply(JSON_TYPE, '{"content":[null],"choices":[null],"candidates":[null],"output":[null]}')],
  ['an end before its beginning', reply(SSE, order('message_stop', 'content_block_delta', 'message_start'))],
  ['deltas of nothing', reply(SSE, order('response.output_text.delta', 'content-delta', 'content_block_delta'))],
  ['an exception', reply(FRAMES, converseBytes([['throttlingException', { message: 'Too many requests' }]]))],
  ['Anthropic’s error', reply(JSON_TYPE, '{"type":"error","error":{"type":"overloaded_error","message":"busy"}}', 529)],
  ['Google’s error', reply(JSON_TYPE, '[{"error":{"code":429,"message":"busy","status":"RESOURCE_EXHAUSTED"}}]', 429)],
  ['AWS’s error', reply(JSON_TYPE, '{"__type":"ThrottlingException","message":"busy"}', 429)],
  ['OpenAI’s error inside a 200', reply(JSON_TYPE, '{"error":{"message":"busy","type":"server_error"}}')],
  ['Ollama’s error', reply(JSON_TYPE, '{"error":"busy"}', 500)],
]

function half(...[request, response]: Parameters<Script>): void {
  const { type, body } = wireReply(request, 'never whole')
  response.writeHead(200, { 'content-type': type }).end(body.slice(0, Math.floor(body.length / 2)))
}

function order(...types: readonly string[]): string {
  const event = { index: 0, delta: { type: 'text_delta', text: '' }, message: {}, response: null }
  return types.map((type) => `event: ${type}\ndata: ${JSON.stringify({ ...event, type })}\n\n`).join('')
}

describe('upstreams of every wire that do not answer', () => {
  const asked = CLIENT_ROUTES.filter(({ streamed }) => streamed !== undefined)

  it.each(FAULTS)('but send %s', async (_name, script) => {
    upstream.script = (request, response) =>
      request.path === '/token' ? answerInWire('')(request, response) : script(request, response)
    const already = gateway.notices.length
    const wrong: unknown[] = []
    const one = async (model: string, { path, wire }: ClientRoute, body: object): Promise<void> => {
      const response = await gateway.post(path, { ...body, model })
      const text = await response.text()
      const sentence = response.status === 200 ? wire.errorInStream(text) : wire.errorIn(text)
      const isOurs = response.status === 500 && /inside Spillway|a bug/.test(text)
      // An answer without any content is one all the same where its wire has an end that says so.
      if (isOurs || (sentence === undefined && response.status !== 200))
        wrong.push([model, path, response.status, text])
      else if (sentence === undefined && /all is well|garbage/.test(text)) wrong.push([model, path, text])
    }
    for (const model of WIRE_MODELS) {
      await Promise.all(
        asked.flatMap((route) => [one(model, route, route.body), one(model, route, route.streamed ?? {})]),
      )
    }
    upstream.script = answerInWire('all is well')
    expect(wrong).toEqual([])
    expect(gateway.notices.slice(already).filter((notice) => /\bbug\b/.test(notice))).toEqual([])
  })

  it('and the next good request is served', async () => {
    for (const model of WIRE_MODELS) {
      for (const { path, streamed } of asked) {
        const response = await gateway.post(path, { ...streamed, model })
        expect([model, path, response.status, await response.text()]).toEqual([
          model,
          path,
          200,
          expect.stringContaining('well'),
        ])
      }
    }
  })
})
