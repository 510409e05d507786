import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MESSAGES, OWNER_KEY, startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import {
  ollamaStream,
  openAiJson,
  openAiStream,
  startScriptedUpstream,
  type ScriptedUpstream,
} from './scripted-upstream.ts'

/**
 * SEC-33: an app that may use local models only, and everything that a client can write to get to the cloud all the
 * same. The cloud answers gladly; what counts is that nobody ever asks it.
 */
const LOCAL_KEY = 'sk-local-only-0123456789abcdef0123456789'
const NAMED_KEY = 'sk-named-only-0123456789abcdef0123456789'
let local: ScriptedUpstream
let cloud: ScriptedUpstream
let gateway: AttackedGateway

beforeAll(async () => {
  local = await startScriptedUpstream((request, response) => {
    if (request.path !== '/api/chat' || /broken|unlisted/.test(request.text)) {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"not here"}')
      return
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(ollamaStream('from here'))
  })
  cloud = await startScriptedUpstream(({ text }, response) => {
    const isStream = text.includes('"stream":true')
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
    response.end(isStream ? openAiStream('from the cloud') : openAiJson('from the cloud'))
  })
  gateway = await startAttackedGateway(
    `
discovery: false
keys: { laptop: os.environ/LOCAL_KEY, named: os.environ/NAMED_KEY }
apps:
  laptop: { models: ['local/*'] }
  named: { models: [mine, 'local/llama3', 'tagged:latest'] }
routing: { retries: 0, cooldown: { disabled: true }, fallbacks: [big] }
providers:
  local: { kind: ollama, base_url: '${local.url}' }
  openai: { base_url: '${cloud.url}/v1', key: test-key, locality: cloud }
  localcloud: { kind: openai_like, base_url: '${cloud.url}/v1', key: test-key, locality: cloud }
models:
  mine: local/llama3
  tagged:latest: local/llama3
  big: openai/gpt-4o
  mixed: { targets: [local/llama3, { use: openai/gpt-4o, id: cloud-target-id }] }
  failing: { targets: [local/broken], fallbacks: [big], context_fallbacks: [big], content_fallbacks: [big] }
  'gpt-*': openai/gpt-*
  '*': 'openai/*'
aliases:
  local-alias: big
  local/alias: big
  'LOCAL/x': openai/gpt-4o
`,
    { LOCAL_KEY, NAMED_KEY },
  )
})
afterAll(async () => {
  await gateway.remove()
  await local.close()
  await cloud.close()
})
const TRICKS: readonly string[] = [
  'big',
  'auto',
  'openai/gpt-4o',
  'OpenAI/gpt-4o',
  'gpt-4o',
  'gpt-4o:latest',
  'big:latest',
  ' big ',
  '\tbig\n',
  '\u00a0big',
  'BIG',
  'Big',
  'mine:latest',
  'MINE',
  'tagged',
  'mixed:latest',
  'local-alias',
  'local/alias',
  'local/alias:latest',
  ' local/alias',
  'LOCAL/x',
  'Local/llama3',
  'local//llama3',
  'local/../openai/gpt-4o',
  'local/*',
  'local/',
  'local',
  'localcloud/gpt-4o',
  'local/llama3/../../openai/gpt-4o',
  'cloud-target-id',
  'openai/gpt-4o#2',
  'ollama/../openai/gpt-4o',
  '*',
  'gpt-*',
  'openai/*',
  'unheard-of',
  'openai/local/llama3',
  'openai_like/local/llama3',
  'local\\llama3',
  'local%2fllama3',
  'local/llama3,openai/gpt-4o',
  '__proto__',
  'constructor',
]
const PATHS = [
  '/v1/chat/completions',
  '/chat/completions',
  '/openai/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/images/generations',
  '/v1/moderations',
  '/v1/rerank',
  '/v2/rerank',
  '/v1/audio/speech',
]

/** Asks with the app's key; the cloud must have heard nothing. */
async function expectNoCloud(
  key: string,
  path: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const before = cloud.received.length
  const response = await gateway.post(path, body, { authorization: `Bearer ${key}`, ...headers })
  await response.text()
  expect({ path, body, reached: cloud.received.slice(before).map(({ text }) => text) }).toEqual({
    path,
    body,
    reached: [],
  })
  return response
}

function bodyFor(model: string): Record<string, unknown> {
  return { model, messages: MESSAGES, prompt: 'hi', input: 'hi', query: 'hi', documents: ['a'], voice: 'alloy' }
}

describe.each([
  ['local/*', LOCAL_KEY],
  ['single names', NAMED_KEY],
])('SEC-33: an app limited to %s', (_, key) => {
  it('is served what it may use', async () => {
    const response = await expectNoCloud(key, '/v1/chat/completions', bodyFor('local/llama3'))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-spillway-locality')).toBe('device')
  })

  it.each(TRICKS)('%j, on every route', async (model) => {
    for (const path of PATHS) await expectNoCloud(key, path, bodyFor(model))
    await expectNoCloud(key, '/v1/chat/completions', { ...bodyFor(model), stream: true })
  })

  it('as the model of a path', async () => {
    for (const model of TRICKS.filter((name) => !name.includes('/') && !/[\t\n%\\]/.test(name))) {
      for (const prefix of ['/openai/deployments', '/engines', '/v1/engines']) {
        const path = `${prefix}/${encodeURIComponent(model)}/chat/completions?api-version=2024-10-21`
        await expectNoCloud(key, path, bodyFor('local/llama3'))
        await expectNoCloud(key, `${prefix}/${encodeURIComponent(model)}/embeddings`, bodyFor('local/llama3'))
      }
    }
    for (const model of ['openai%2Fgpt-4o', 'local%2F..%2Fopenai%2Fgpt-4o', '%62ig', 'local/llama3']) {
      await expectNoCloud(key, `/openai/deployments/${model}/chat/completions`, bodyFor('local/llama3'))
    }
  })

  it.each(TRICKS)('fallbacks of the request: %j', async (name) => {
    for (const model of ['local/broken', 'mixed']) {
      const fallbacks = [name, { model: name, messages: MESSAGES, api_base: cloud.url }]
      await expectNoCloud(key, '/v1/chat/completions', { ...bodyFor(model), fallbacks })
      await expectNoCloud(key, '/v1/chat/completions', { ...bodyFor(model), extra_body: { model: name, fallbacks } })
      await expectNoCloud(key, '/v1/chat/completions', {
        ...bodyFor(model),
        context_window_fallback_dict: { [model]: name },
      })
    }
  })

  it('fallbacks of the configuration, when what it may use fails', async () => {
    for (const model of ['local/broken', 'failing', 'local/unlisted']) {
      const response = await expectNoCloud(key, '/v1/chat/completions', bodyFor(model))
      expect(response.status).toBeGreaterThanOrEqual(400)
    }
  })

  it('tags, headers and forms', async () => {
    const headers = { 'x-litellm-tags': 'cloud,default', 'x-litellm-model': 'big', 'x-model': 'big' }
    await expectNoCloud(
      key,
      '/v1/chat/completions',
      { ...bodyFor('local/llama3'), metadata: { tags: ['default'] } },
      headers,
    )
    const form = new FormData()
    form.set('model', 'big')
    form.set('file', new Blob(['RIFF']), 'a.wav')
    const before = cloud.received.length
    const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: form,
    })
    await response.text()
    expect([response.status, cloud.received.length]).toEqual([403, before])
  })

  it('is not told of what it may not use', async () => {
    for (const path of ['/v1/models', '/v1/models?return_wildcard_routes=true', '/model/info']) {
      const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${key}` } })
      expect(await response.text()).not.toMatch(/gpt|openai|cloud/)
    }
  })
})

describe('the owner’s key', () => {
  it('does reach the cloud by such names, so the tricks are real', async () => {
    const before = cloud.received.length
    for (const model of ['big', 'gpt-4o', 'mine:latest', 'tagged', 'local-alias', 'cloud-target-id']) {
      await (
        await gateway.post('/v1/chat/completions', bodyFor(model), { authorization: `Bearer ${OWNER_KEY}` })
      ).text()
    }
    expect(cloud.received.length - before).toBeGreaterThanOrEqual(4)
  })
})
