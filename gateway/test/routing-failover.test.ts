import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, chatChunk, chatReply, inTurn, replyEvents, replyJson } from './scripted-replies.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

const says = (content: string): Script => replyJson(chatReply({ content }))
const refuses = (status: number, error: object, headers: Record<string, string> = {}): Script =>
  replyJson(
    { error: { message: `status ${status}`, type: 'x', param: null, code: null, ...error } },
    { status, headers },
  )
const TOO_LONG = refuses(400, {
  message: "This model's maximum context length is 10 tokens.",
  code: 'context_length_exceeded',
})
const FILTERED = refuses(400, { message: 'The prompt was filtered.', code: 'content_filter' })
const FILTERED_AWAY = replyJson(chatReply({ content: '' }, { finish_reason: 'content_filter' }))

interface World {
  readonly gateway: TestGateway
  readonly client: OpenAI
  readonly upstreams: Readonly<Record<string, ScriptedUpstream>>
}

/** A gateway with one OpenAI-compatible provider for each script, under its name. */
async function start(scripts: Readonly<Record<string, Script>>, rest: string): Promise<World> {
  const entries = await Promise.all(
    Object.entries(scripts).map(async ([name, script]) => [name, await startScriptedUpstream(script)] as const),
  )
  const providers = entries.map(
    ([name, upstream]) => `  ${name}: { kind: openai_like, base_url: '${upstream.url}/v1', key: k }`,
  )
  const gateway = await startTestGateway(`discovery: false\nproviders:\n${providers.join('\n')}\n${rest}`)
  running.push(gateway, ...entries.map(([, upstream]) => upstream))
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  return { gateway, client, upstreams: Object.fromEntries(entries) }
}

interface Asked {
  readonly text: string
  readonly headers: Headers
}

async function ask({ client }: World, model: string, body: object = {}): Promise<Asked> {
  const request = client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'hi' }],
    ...body,
    stream: false,
  })
  const { data, response } = await request.withResponse()
  return { text: data.choices[0]?.message.content ?? '', headers: response.headers }
}

const counts = ({ upstreams }: World): Record<string, number> =>
  Object.fromEntries(Object.entries(upstreams).map(([name, upstream]) => [name, upstream.received.length]))

describe('before the first word', () => {
  it('waits as long as Retry-After says and tries again', async () => {
    const world = await start(
      { a: inTurn(refuses(429, {}, { 'retry-after-ms': '20' }), says('second')) },
      'models: { m: a/x }',
    )
    const { text, headers } = await ask(world, 'm')
    expect(text).toBe('second')
    expect(headers.get('x-litellm-attempted-retries')).toBe('1')
    expect(headers.get('x-spillway-attempts')).toBe('2')
    expect(headers.get('x-spillway-reason')).toBe('retry')
    const [row] = await world.gateway.rows()
    expect(row?.attempts.map(({ why, failure, status }) => ({ why, failure, status }))).toEqual([
      { why: 'primary', failure: 'rate-limited', status: 429 },
      { why: 'retry', failure: undefined, status: 200 },
    ])
  })

  it.each([{ 'retry-after': '120' }, { 'retry-after': new Date(Date.parse('2100-01-01T00:00:00Z')).toUTCString() }])(
    'passes a Retry-After on that is too long to wait for: %o',
    async (header) => {
      const world = await start({ a: refuses(429, { code: 'rate_limit_exceeded' }, header) }, 'models: { m: a/x }')
      const error: unknown = await ask(world, 'm').catch((raised: unknown) => raised)
      expect(error).toBeInstanceOf(OpenAI.RateLimitError)
      expect(
        Number((error as InstanceType<typeof OpenAI.RateLimitError>).headers.get('retry-after')),
      ).toBeGreaterThanOrEqual(120)
      expect(counts(world)).toEqual({ a: 1 })
    },
  )

  it('goes to another deployment at once, and leaves the limited one alone after that', async () => {
    const world = await start(
      { a: refuses(429, {}, { 'retry-after': '30' }), b: says('b') },
      'models: { m: { balance: order, targets: [a/x, b/x] } }',
    )
    expect((await ask(world, 'm')).text).toBe('b')
    expect((await ask(world, 'm')).text).toBe('b')
    expect(counts(world)).toEqual({ a: 1, b: 2 })
    const rows = await world.gateway.rows()
    expect(rows[1]).toMatchObject({
      target: 'b/x',
      attempts: [{ target: 'b/x' }],
      dropped: [{ target: 'a/x', by: 'health' }],
    })
  })

  it('makes exactly the attempts that are allowed', async () => {
    const world = await start({ a: refuses(503, {}) }, 'routing: { retries: 1 }\nmodels: { m: a/x }')
    await expect(ask(world, 'm')).rejects.toMatchObject({ status: 503 })
    expect(counts(world)).toEqual({ a: 2 })
    await expect(ask(world, 'm', { num_retries: 0 })).rejects.toMatchObject({ status: 503 })
    expect(counts(world)).toEqual({ a: 3 })
  })

  it('never sends a prompt that is too long to the same model again', async () => {
    const world = await start(
      { a: TOO_LONG, b: TOO_LONG, c: says('c') },
      'models: { m: { balance: order, targets: [a/x, b/x, c/larger] } }',
    )
    expect((await ask(world, 'm')).text).toBe('c')
    expect(counts(world)).toEqual({ a: 1, b: 0, c: 1 })
  })

  it('moves on when the first token is too slow', async () => {
    const world = await start(
      { a: () => undefined, b: replyEvents([chatChunk({ content: 'b' }), chatChunk({}, 'stop')]) },
      `
models: { m: { balance: order, targets: [{ use: a/x, timeouts: { first_token_ms: 50 } }, b/x] } }`,
    )
    expect((await stream(world, 'm')).text).toBe('b')
    const [row] = await world.gateway.rows()
    expect(row).toMatchObject({
      target: 'b/x',
      attempts: [{ target: 'a/x', failure: 'first-token-timeout' }, { target: 'b/x' }],
    })
  })
})

/** One gateway for all cases: each gives the first upstream an answer of its own, and asks once. */
describe('where a refused request goes', () => {
  let world: World

  beforeAll(async () => {
    const whole =
      (name: string): Script =>
      (request, response) => {
        const isStream = (JSON.parse(request.text) as { stream?: boolean }).stream === true
        const events = replyEvents([chatChunk({ content: name }), chatChunk({}, 'stop')])
        return (isStream ? events : says(name))(request, response)
      }
    const names = ['a', 'general', 'longer', 'laxer', 'wished', 'all']
    world = await start(
      Object.fromEntries(names.map((name) => [name, whole(name)])),
      `
routing: { retries: 0, fallbacks: [all], cooldown: { disabled: true } }
models:
  m: { targets: [a/x], fallbacks: [general], context_fallbacks: [longer], content_fallbacks: [laxer] }
  lonely: a/x
  general: general/y
  longer: longer/y
  laxer: laxer/y
  wished: wished/y
  all: all/y
`,
    )
    kept.push(...running.splice(0))
  })
  afterAll(async () => {
    for (const item of kept.splice(0)) await item.close()
  })
  const kept: { close(): Promise<void> }[] = []

  const answer = (script: Script): void => {
    if (world.upstreams.a !== undefined) world.upstreams.a.script = script
  }

  it.each<[string, Script, object, string | number, string | undefined]>([
    ['m', refuses(500, {}), {}, 'general', 'fallback'],
    ['m', TOO_LONG, {}, 'longer', 'fallback:context-window'],
    ['m', FILTERED, {}, 'laxer', 'fallback:content-policy'],
    ['m', FILTERED_AWAY, {}, 'laxer', 'fallback:content-policy'],
    ['m', refuses(500, {}), { fallbacks: ['wished'] }, 'wished', 'fallback'],
    ['m', TOO_LONG, { fallbacks: ['wished'] }, 'wished', 'fallback:context-window'],
    ['m', refuses(500, {}), { disable_fallbacks: true }, 500, undefined],
    ['m', refuses(400, { message: 'Bad tool.' }), {}, 400, undefined],
    ['lonely', refuses(500, {}), {}, 'all', 'fallback'],
  ])('%s falls back as configured (case %#)', async (model, script, body, outcome, reason) => {
    answer(script)
    if (typeof outcome === 'number') {
      await expect(ask(world, model, body)).rejects.toMatchObject({ status: outcome })
      return
    }
    const { text, headers } = await ask(world, model, body)
    expect(text).toBe(outcome)
    expect(headers.get('x-spillway-reason')).toBe(reason)
    expect(headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(headers.get('x-spillway-target')).toMatch(/\/y$/)
    const targets = (await world.gateway.rows()).at(-1)?.attempts.map((attempt) => attempt.target)
    expect(targets).toEqual([expect.stringMatching(/^a\/x/), `${outcome}/y`])
  })

  it.each<[string, Script]>([
    ['an error event', replyEvents([{ error: { message: 'no memory', type: 'server_error' } }])],
    [
      'an error beside a choice',
      replyEvents([{ ...chatChunk({ content: '' }), error: { code: 502, message: 'no provider' } }]),
    ],
    ['an error in a JSON reply', replyJson({ error: { message: 'no memory', type: 'server_error', code: 500 } })],
    [
      'a page for people',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Login</html>'),
    ],
    ['an end without a word', replyEvents([])],
  ])('%s inside a 200 counts as an error', async (_name, script) => {
    answer(script)
    expect((await stream(world, 'm')).text).toBe('general')
    expect((await world.gateway.rows()).at(-1)).toMatchObject({
      outcome: 'ok',
      target: 'general/y',
      attempts: [{ target: 'a/x' }, { target: 'general/y' }],
    })
  })
})

async function stream(
  { client }: World,
  model: string,
  body: object = {},
): Promise<{ text: string; error: string | undefined; finish: string | undefined }> {
  let text = ''
  let finish: string | undefined
  try {
    const chunks = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'hi' }],
      ...body,
      stream: true,
    })
    for await (const chunk of chunks) {
      text += chunk.choices[0]?.delta.content ?? ''
      finish ??= chunk.choices[0]?.finish_reason ?? undefined
    }
    return { text, finish, error: undefined }
  } catch (error) {
    return { text, finish, error: String(error) }
  }
}

/** Sends these events and then nothing, or closes the connection. */
const stops =
  (events: readonly object[], how: 'stall' | 'cut'): Script =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`)
    if (how === 'cut') setImmediate(() => response.socket?.destroySoon())
  }

describe('after the first word', () => {
  const BEGUN = [chatChunk({ role: 'assistant', content: 'The answer ' })]
  const REST = 'between_tokens_ms: 100'

  it.each(['stall', 'cut'] as const)('a %s is continued by a target that can', async (how) => {
    const world = await start(
      {
        a: stops(BEGUN, how),
        b: replyEvents([
          chatChunk({ role: 'assistant', content: 'The ' }),
          chatChunk({ content: 'answer is 42.' }),
          chatChunk({}, 'stop'),
        ]),
      },
      `routing: { timeouts: { ${REST} } }\nmodels: { m: { balance: order, targets: [a/x, b/x] } }`,
    )
    expect(await stream(world, 'm')).toEqual({ text: 'The answer is 42.', finish: 'stop', error: undefined })
    const [row] = await world.gateway.rows()
    expect(row).toMatchObject({
      outcome: 'ok',
      target: 'b/x',
      attempts: [{ why: 'primary' }, { why: 'continue:replay' }],
    })
  })

  it('gives the beginning to a target that takes it', async () => {
    const local = await startScriptedUpstream((_request, response) => {
      const line = (content: string, done: boolean): string =>
        `${JSON.stringify({ model: 'l', message: { role: 'assistant', content }, done, done_reason: 'stop' })}\n`
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(line('is 42.', false) + line('', true))
    })
    running.push(local)
    const world = await start(
      { a: stops(BEGUN, 'cut') },
      `  ollama: { base_url: '${local.url}' }
models: { m: { targets: [a/x, { use: ollama/l, tier: 2 }] } }`,
    )
    expect(await stream(world, 'm')).toEqual({ text: 'The answer is 42.', finish: 'stop', error: undefined })
    expect(bodyOf(local).messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'The answer ' }])
    expect((await world.gateway.rows())[0]?.attempts.at(-1)?.why).toBe('continue:prefill')
  })

  it.each<[string, readonly object[], object]>([
    ['nobody else is there', BEGUN, {}],
    [
      'a tool call was under way',
      [chatChunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{"a' } }] })],
      {},
    ],
    ['it must hold to a schema', BEGUN, { response_format: { type: 'json_object' } }],
  ])('ends in an error that the SDK raises when %s', async (name, events, body) => {
    const targets = name === 'nobody else is there' ? '[a/x]' : '[a/x, b/x]'
    const world = await start(
      { a: stops(events, 'cut'), b: replyEvents([chatChunk({ content: 'no' }), chatChunk({}, 'stop')]) },
      `models: { m: { balance: order, targets: ${targets} } }`,
    )
    const { error, finish } = await stream(world, 'm', body)
    expect(String(error)).toContain('ended its answer in the middle')
    expect(finish).toBeUndefined()
    expect((await world.gateway.rows())[0]).toMatchObject({ outcome: 'truncated', target: 'a/x' })
  })

  it('does not go on with an answer that begins differently', async () => {
    const world = await start(
      { a: stops(BEGUN, 'cut'), b: replyEvents([chatChunk({ content: 'Another one.' }), chatChunk({}, 'stop')]) },
      'models: { m: { balance: order, targets: [a/x, b/x] } }',
    )
    const { text, error } = await stream(world, 'm')
    expect(text).toBe('The answer ')
    expect(String(error)).toContain('ended its answer in the middle')
    expect((await world.gateway.rows())[0]).toMatchObject({ outcome: 'truncated' })
  })

  it.each(['auto', 'translated'])('one event that is garbage does not end a healthy stream (lane %s)', async (lane) => {
    const world = await start(
      {
        a: replyEvents([
          chatChunk({ content: 'one ' }),
          'data: {"half":\n\n',
          chatChunk({ content: 'two' }),
          chatChunk({}, 'stop'),
        ]),
      },
      `models: { m: { targets: [{ use: a/x, lane: ${lane} }] } }`,
    )
    const response = await fetch(`${world.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${world.gateway.key}` },
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    })
    const text = await response.text()
    expect([...text.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join('')).toBe('one two')
    expect((await world.gateway.rows())[0]).toMatchObject({ outcome: 'ok', finish: 'stop' })
  })

  it.each(['auto', 'translated'])(
    'a missing [DONE] is filled in, and does not delay the end (lane %s)',
    async (lane) => {
      const open: Script = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const event of [chatChunk({ content: 'whole' }), chatChunk({}, 'stop')])
          response.write(`data: ${JSON.stringify(event)}\n\n`)
      }
      const world = await start({ a: open }, `models: { m: { targets: [{ use: a/x, lane: ${lane} }] } }`)
      expect(await stream(world, 'm')).toEqual({ text: 'whole', finish: 'stop', error: undefined })
      expect((await world.gateway.rows())[0]).toMatchObject({ outcome: 'ok' })
    },
  )
})

describe('a runner that is dead', () => {
  it('is left alone while another serves, and found again when it is back', async () => {
    const dead = await startScriptedUpstream(says(''))
    const port = Number(new URL(dead.url).port)
    await dead.close()
    const world = await start(
      { cloud: says('cloud') },
      `
  ollama: { base_url: '${dead.url}' }
routing: { cooldown: { ms: 300 } }
models: { m: { targets: [ollama/llama3, { use: cloud/x, tier: 2 }] } }`,
    )
    for (const reason of ['next-tier', 'spill:down']) {
      const { text, headers } = await ask(world, 'm')
      expect(text).toBe('cloud')
      expect(headers.get('x-spillway-reason')).toBe(reason)
    }
    const rows = await world.gateway.rows()
    expect(rows.map((row) => row.attempts.map((attempt) => attempt.target))).toEqual([
      ['ollama/llama3', 'cloud/x'],
      ['cloud/x'],
    ])
    expect(rows[1]?.dropped).toMatchObject([{ target: 'ollama/llama3', by: 'health' }])

    const alive = await startScriptedUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({
          model: 'llama3',
          message: { role: 'assistant', content: 'local' },
          done: true,
          done_reason: 'stop',
        }),
      )
    }, port)
    running.push(alive)
    let text = ''
    while (text !== 'local') text = (await ask(world, 'm')).text
    expect(alive.received.length).toBe(1)
    expect((await ask(world, 'm')).headers.get('x-spillway-target')).toBe('ollama/llama3')
  })
})
