import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAttackedGateway, until, type AttackedGateway } from './attacked-gateway.ts'
import { filesUnder } from './canary.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { answerInWire } from './wire-replies.ts'

/** What the gateway keeps for one app, and everything by which another one could ask for it. */
const ALICE = 'sk-alice-0123456789abcdef0123456789abcdef'
const MALLORY = 'sk-mallory-0123456789abcdef0123456789abcdef'
const PLAN = 'the-secret-plan-4711'
let upstream: ScriptedUpstream
let gateway: AttackedGateway

const config = (rest = ''): string => `
discovery: false
${rest}
keys: { alice: os.environ/ALICE, mallory: os.environ/MALLORY }
routing: { retries: 0, cooldown: { disabled: true } }
providers:
  claude: { kind: anthropic, base_url: '${upstream.url}', key: provider-key-0123456789 }
  rewritten: { kind: openai, base_url: '${upstream.url}/v1', key: provider-key-0123456789, lane: translated }
models: { claude: claude/claude-sonnet-4-5, gpt: rewritten/gpt-4o }
`

beforeAll(async () => {
  upstream = await startScriptedUpstream(answerInWire('all is well'))
  gateway = await startAttackedGateway(config(), { ALICE, MALLORY })
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

function as(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` }
}

interface StoredAnswer {
  readonly id: string
  readonly output: readonly { readonly id: string }[]
}

async function respond(key: string, body: object, from = gateway): Promise<StoredAnswer> {
  const response = await from.post('/v1/responses', { model: 'claude', ...body }, as(key))
  expect(response.status).toBe(200)
  return (await response.json()) as StoredAnswer // asserted by what is done with it
}

async function get(path: string, key: string, method = 'GET'): Promise<{ status: number; text: string }> {
  const response = await fetch(gateway.url + path, { method, headers: as(key) })
  return { status: response.status, text: await response.text() }
}

/** Saved after the answer was sent. */
async function kept(id: string): Promise<void> {
  await until(`${id} is kept`, async () => (await get(`/v1/responses/${id}`, ALICE)).status === 200)
}

describe('stored responses belong to the app that asked', () => {
  it('nobody else can read, list, cancel or delete one, or learn that it is there', async () => {
    const { id } = await respond(ALICE, { input: PLAN })
    await kept(id)
    for (const key of [MALLORY, gateway.key]) {
      for (const prefix of ['/v1/responses/', '/responses/', '/openai/v1/responses/']) {
        for (const [path, method] of [
          [prefix + id, 'GET'],
          [`${prefix}${id}/input_items`, 'GET'],
          [prefix + id, 'DELETE'],
        ] as const) {
          const theirs = await get(path, key, method)
          const nobodys = await get(path.replace(id, 'resp_none'), key, method)
          expect([path, method, theirs.status]).toEqual([path, method, 404])
          expect(theirs.text.replaceAll(id, '')).toBe(nobodys.text.replaceAll('resp_none', ''))
        }
      }
    }
    const own = await get(`/v1/responses/${id}/input_items`, ALICE)
    expect([own.status, own.text.includes(PLAN)]).toEqual([200, true])
    expect((await get(`/v1/responses/${id}`, ALICE, 'DELETE')).text).toContain('"deleted":true')
    expect((await get(`/v1/responses/${id}`, ALICE)).status).toBe(404)
  })

  it.each(['claude', 'gpt'])('nobody else can go on from one or refer to its items (%s)', async (model) => {
    const { id, output } = await respond(ALICE, { input: [{ role: 'user', content: PLAN, id: `msg_alice` }] })
    await kept(id)
    const rest = id.replace('resp_', '')
    const items = [output[0]?.id, `msg_${rest}_0`, `x_${rest}_0`, `msg_${id}_0`, 'msg_alice', id, `msg_${rest}_0_0`]
    const references = items.map((item) => ({ type: 'item_reference', id: item }))
    const before = upstream.received.length
    for (const key of [MALLORY, gateway.key]) {
      for (const body of [
        { input: 'go on', previous_response_id: id },
        { input: [...references, { role: 'user', content: 'go on' }] },
        { input: [...references, { role: 'user', content: 'go on' }], previous_response_id: id },
        { input: 'go on', conversation: id },
        { input: 'go on', previous_response_id: [id] },
        { input: 'go on', previous_response_id: { id } },
      ]) {
        const response = await gateway.post('/v1/responses', { model, ...body }, as(key))
        expect(await response.text()).not.toContain(PLAN)
        expect(response.status).toBeLessThan(500)
      }
    }
    expect(JSON.stringify(upstream.received.slice(before))).not.toContain(PLAN)
    await respond(ALICE, { model, input: 'go on', previous_response_id: id })
    expect(upstream.received.at(-1)?.text).toContain(PLAN)
  })

  it('a request cannot be made large by referring to one item many times', async () => {
    upstream.script = answerInWire('x'.repeat(1_000_000))
    const { id, output } = await respond(ALICE, { input: 'a long story' })
    upstream.script = answerInWire('all is well')
    await kept(id)
    const calls = upstream.received.length
    const reference = { type: 'item_reference', id: output[0]?.id }
    const response = await gateway.post(
      '/v1/responses',
      { model: 'claude', input: [...Array.from({ length: 100_000 }, () => reference), { role: 'user', content: 'x' }] },
      as(ALICE),
    )
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('item_reference')])
    expect(upstream.received).toHaveLength(calls)
    const twice = await respond(ALICE, { input: [reference, { role: 'user', content: 'and then?' }] })
    expect(twice.id).not.toBe(id)
  })
})

describe('thoughts that are kept for the next turn', () => {
  const CALL = { id: 'toolu_of alice', name: 'f' }
  const SIGNED = 'signature-of-alice-0123456789'

  it('come back to the app that they were given to, and to nobody else', async () => {
    upstream.script = (_request, response) => {
      const content = [
        { type: 'thinking', thinking: PLAN, signature: SIGNED },
        { type: 'tool_use', ...CALL, input: {} },
      ]
      const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'tool_use' }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...message, usage: { input_tokens: 1, output_tokens: 1 } }))
    }
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }]
    const first = { model: 'claude', messages: [{ role: 'user', content: 'hi' }], tools, reasoning_effort: 'low' }
    const answered = await gateway.post('/v1/chat/completions', first, as(ALICE))
    const { choices } = (await answered.json()) as {
      choices: { message: { tool_calls: { id: string; function: object }[] } }[]
    }
    const call = choices[0]?.message.tool_calls[0]
    upstream.script = answerInWire('all is well')
    const second = {
      ...first,
      messages: [
        ...first.messages,
        { role: 'assistant', content: null, tool_calls: [{ type: 'function', ...call }] },
        { role: 'tool', tool_call_id: call?.id, content: '42' },
      ],
    }
    const sentAs = async (key: string): Promise<string> => {
      const response = await gateway.post('/v1/chat/completions', second, as(key))
      expect(response.status).toBe(200)
      await response.text()
      return upstream.received.at(-1)?.text ?? ''
    }
    for (const key of [MALLORY, gateway.key]) expect(await sentAs(key)).not.toMatch(new RegExp(`${PLAN}|${SIGNED}`))
    expect(await sentAs(ALICE)).toContain(SIGNED)
  })
})

describe('what is not to be kept', () => {
  it('is not on disk: "store": false, and logs.responses: false', async () => {
    const own = await startAttackedGateway(config('logs: { responses: false }'), { ALICE, MALLORY })
    const { id } = await respond(ALICE, { input: PLAN }, own)
    const streamed = await own.post('/v1/responses', { model: 'claude', input: PLAN, stream: true }, as(ALICE))
    expect(await streamed.text()).toContain('response.completed')
    const missing = await fetch(`${own.url}/v1/responses/${id}`, { headers: as(ALICE) })
    expect(missing.status).toBe(404)
    await own.stop()
    expect(existsSync(join(own.dataDir, 'responses.db'))).toBe(false)
    expect([...filesUnder(own.dataDir)].filter(([, bytes]) => bytes.includes(PLAN))).toEqual([])
    await own.remove()

    const refusing = await startAttackedGateway(config(), { ALICE, MALLORY })
    for (const stream of [true, false]) {
      const body = { model: 'claude', input: PLAN, store: false, stream }
      await (await refusing.post('/v1/responses', body, as(ALICE))).text()
    }
    await refusing.stop()
    expect([...filesUnder(refusing.dataDir)].filter(([, bytes]) => bytes.includes(PLAN))).toEqual([])
    await refusing.remove()
  })

  it('and what is kept is the owner’s to read alone', async () => {
    const { id } = await respond(ALICE, { input: 'hi' })
    await kept(id)
    const files = [...filesUnder(gateway.dataDir).keys()].filter((path) => path.includes('responses.db'))
    expect(files.length).toBeGreaterThan(0)
    for (const path of files) expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600])
  })
})
