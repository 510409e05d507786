import { afterEach, describe, expect, it } from 'vitest'
import { bodyOf, chatReply, replyJson } from './scripted-replies.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

const names = (name: string): Script => replyJson(chatReply({ content: name }))

async function startUpstreams(...scripts: readonly Script[]): Promise<ScriptedUpstream[]> {
  const upstreams = await Promise.all(scripts.map((script) => startScriptedUpstream(script)))
  running.push(...upstreams)
  return upstreams
}

async function startGateway(configText: string): Promise<TestGateway> {
  const gateway = await startTestGateway(configText)
  running.unshift(gateway)
  return gateway
}

async function ask(
  gateway: TestGateway,
  model: string,
  body: object = {},
): Promise<{ text: string; headers: Headers; status: number }> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...body }),
  })
  const reply = (await response.json()) as { choices?: { message: { content: string } }[]; error?: { message: string } }
  const text = reply.choices?.[0]?.message.content ?? reply.error?.message ?? ''
  return { text, headers: response.headers, status: response.status }
}

/** An upstream that holds every answer back until it is let go. */
function holding(name: string): { readonly script: Script; readonly letGo: () => void } {
  const gate = Promise.withResolvers<void>()
  return {
    script: async (request, response) => {
      await gate.promise
      await names(name)(request, response)
    },
    letGo: () => gate.resolve(),
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

describe('which of several deployments', () => {
  it('shuffles by weight', async () => {
    const [heavy, light] = await startUpstreams(names('heavy'), names('light'))
    const gateway = await startGateway(`
model_list:
  - model_name: m
    litellm_params: { model: openai/a, api_base: '${heavy?.url}/v1', api_key: k, weight: 3 }
  - model_name: m
    litellm_params: { model: openai/a, api_base: '${light?.url}/v1', api_key: k, weight: 1 }
`)
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, () => ask(gateway, 'm')))
    // 150 and 50 are expected; six standard deviations are 37.
    expect(heavy?.received.length).toBeGreaterThan(113)
    expect(light?.received.length).toBeGreaterThan(13)
    expect((heavy?.received.length ?? 0) + (light?.received.length ?? 0)).toBe(200)
  })

  it('gives each request to the least busy one', async () => {
    const gates = [holding('a'), holding('b'), holding('c')]
    const upstreams = await startUpstreams(...gates.map((gate) => gate.script))
    const gateway = await startGateway(`
discovery: false
providers:
${upstreams.map((upstream, index) => `  p${index}: { kind: openai, base_url: '${upstream.url}/v1', key: k }`).join('\n')}
models:
  m: { balance: least-busy, targets: [p0/a, p1/a, p2/a] }
`)
    const answers: Promise<unknown>[] = []
    const received = (): number[] => upstreams.map((upstream) => upstream.received.length)
    for (let sent = 1; sent <= 9; sent++) {
      answers.push(ask(gateway, 'm'))
      await until(() => received().reduce((sum, count) => sum + count, 0) === sent)
      expect(Math.max(...received()) - Math.min(...received())).toBeLessThanOrEqual(1)
    }
    expect(received()).toEqual([3, 3, 3])
    for (const gate of gates) gate.letGo()
    await Promise.all(answers)
  })

  it('spills to the next tier when the first is full, and queues when all are', async () => {
    const local = holding('local')
    const cloud = holding('cloud')
    const upstreams = await startUpstreams(local.script, cloud.script)
    const gateway = await startGateway(`
discovery: false
providers:
  local: { kind: openai, base_url: '${upstreams[0]?.url}/v1', key: k }
  cloud: { kind: openai, base_url: '${upstreams[1]?.url}/v1', key: k }
models:
  m: { targets: [{ use: local/a, max_parallel: 1 }, { use: cloud/a, tier: 2, max_parallel: 1 }] }
`)
    const first = ask(gateway, 'm')
    await until(() => upstreams[0]?.received.length === 1)
    const second = ask(gateway, 'm')
    await until(() => upstreams[1]?.received.length === 1)
    const third = ask(gateway, 'm')
    cloud.letGo()
    expect((await second).text).toBe('cloud')
    expect((await second).headers.get('x-spillway-reason')).toBe('spill:busy')
    local.letGo()
    expect((await first).headers.get('x-spillway-reason')).toBe('tier-1')
    expect(['local', 'cloud']).toContain((await third).text)
    expect((await gateway.rows()).map((row) => row.outcome)).toEqual(['ok', 'ok', 'ok'])
  })

  it('keeps to the order of LiteLLM, without its pre-call checks', async () => {
    const [first, second] = await startUpstreams(names('first'), names('second'))
    const gateway = await startGateway(`
model_list:
  - model_name: m
    litellm_params: { model: openai/a, api_base: '${second?.url}/v1', api_key: k, order: 2 }
  - model_name: m
    litellm_params: { model: openai/a, api_base: '${first?.url}/v1', api_key: k, order: 1 }
`)
    for (let round = 0; round < 5; round++) expect((await ask(gateway, 'm')).text).toBe('first')
    if (first !== undefined) first.script = replyJson({ error: { message: 'down' } }, { status: 500 })
    const spilled = await ask(gateway, 'm', { num_retries: 0 })
    expect(spilled.text).toBe('second')
    expect(spilled.headers.get('x-litellm-attempted-retries')).toBe('1')
  })
})

describe('what a name leads to', () => {
  it.each([
    ['gpt', 'gpt-4o'],
    ['my-alias', 'gpt-4o'],
    ['openai/gpt-5-mini', 'gpt-5-mini'],
    ['team-x-large', 'x-large'],
    ['anything at all', 'anything at all'],
    ['unit-7', 'gpt-4o'],
  ])('%s -> %s', async (asked, sent) => {
    const [upstream] = await startUpstreams(names('ok'))
    const gateway = await startGateway(`
model_list:
  - model_name: gpt
    litellm_params: { model: openai/gpt-4o, api_base: '${upstream?.url}/v1', api_key: k }
    model_info: { id: unit-7 }
  - model_name: openai/*
    litellm_params: { model: openai/*, api_base: '${upstream?.url}/v1', api_key: k }
  - model_name: team-*
    litellm_params: { model: openai/*, api_base: '${upstream?.url}/v1', api_key: k }
  - model_name: '*'
    litellm_params: { model: openai/*, api_base: '${upstream?.url}/v1', api_key: k }
router_settings: { model_group_alias: { my-alias: gpt } }
`)
    const { text, status } = await ask(gateway, asked)
    expect({ text, status }).toEqual({ text: 'ok', status: 200 })
    expect(upstream && bodyOf(upstream).model).toBe(sent)
  })

  it('lists aliases and hides what is hidden', async () => {
    const gateway = await startGateway(`
model_list:
  - model_name: gpt
    litellm_params: { model: openai/gpt-4o, api_base: 'http://127.0.0.1:9/v1', api_key: k }
router_settings: { model_group_alias: { shown: gpt, secret: { model: gpt, hidden: true } } }
`)
    const response = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${gateway.key}` } })
    const { data } = (await response.json()) as { data: { id: string }[] }
    expect(data.map((model) => model.id)).toEqual(expect.arrayContaining(['gpt', 'shown']))
    expect(data.map((model) => model.id)).not.toContain('secret')
  })
})
