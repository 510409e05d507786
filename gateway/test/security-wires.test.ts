import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MESSAGES, startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { startScriptedUpstream, type ReceivedRequest, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTrapServer, type TrapServer } from './trap-server.ts'
import { answerInWire } from './wire-replies.ts'
import { WIRE_MODELS, wiresConfig, wiresEnvironment } from './wires-config.ts'

/**
 * Where a request goes, and with whose credentials, is the configuration's word alone, on every route and in every wire:
 * not a field, not a header, not a model's name, not the address of a picture.
 */
let upstream: ScriptedUpstream
let trap: TrapServer
let gateway: AttackedGateway

beforeAll(async () => {
  upstream = await startScriptedUpstream(answerInWire('all is well'))
  trap = await startTrapServer()
  gateway = await startAttackedGateway(
    `discovery: false\nrouting: { retries: 0, cooldown: { disabled: true } }\n${wiresConfig(upstream.url)}`,
    wiresEnvironment(upstream.url),
  )
  // The first request gets Google's token; all others are about models alone.
  await (await gateway.post('/v1/messages', { model: 'vertex', messages: MESSAGES, max_tokens: 9 })).text()
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
  await trap.close()
})
beforeEach(() => {
  upstream.script = answerInWire('all is well')
})

const CHOSEN = 'chosen-by-the-client'

/** The routes that are translated, with a request that every one of the models can be asked. */
const WAYS = [
  ['/v1/chat/completions', { messages: MESSAGES }],
  ['/v1/responses', { input: 'hi' }],
  ['/v1/messages', { messages: MESSAGES, max_tokens: 9 }],
  ['/anthropic/v1/messages', { messages: MESSAGES, max_tokens: 9, stream: true }],
  ['/api/chat', { messages: MESSAGES }],
  ['/api/generate', { prompt: 'hi' }],
  ['/v1/messages/count_tokens', { messages: MESSAGES }],
] as const
const everyWay = WIRE_MODELS.flatMap((model) => WAYS.map(([path, body]) => ({ model, path, body })))

/** What the configuration says, and nothing else, is in these places. */
const PATHS: Readonly<Record<string, RegExp>> = {
  openai: /^\/v1\/(chat\/completions|responses)$/,
  anthropic: /^\/v1\/messages(\/count_tokens)?$/,
  gemini: /^\/v1beta\/models\/gemini-2\.5-flash:(countTokens|generateContent|streamGenerateContent\?alt=sse)$/,
  vertex:
    /^\/v1beta1\/projects\/our-project\/locations\/us-central1\/publishers\/google\/models\/gemini-2\.5-flash:\w+(\?alt=sse)?$/,
  'vertex-claude':
    /^\/v1beta1\/projects\/our-project\/locations\/us-central1\/publishers\/anthropic\/models\/(claude-sonnet-4-5@20250929|count-tokens):\w+$/,
  bedrock: /^\/model\/us\.anthropic\.claude-sonnet-4-5-20250929-v1%3A0\/(converse|converse-stream|count-tokens)$/,
  azure: /^\/openai\/(deployments\/our-deployment\/chat\/completions\?api-version=2025-02-01-preview|v1\/responses)$/,
  foundry: /^\/chat\/completions\?api-version=2024-05-01-preview$/,
  cohere: /^\/v2\/chat$/,
  runner: /^\/api\/(chat|generate)$/,
}
const REGIONS = /^(AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE\/\d+\/us-east-1\/bedrock\/aws4_request|Bearer )/

function expectConfigured(received: readonly ReceivedRequest[], model: string): void {
  for (const { path, headers } of received) {
    expect([model, path]).toEqual([model, expect.stringMatching(PATHS[model] ?? /^$/)])
    expect(headers.authorization ?? 'Bearer ').toMatch(REGIONS)
    const everything = `${path}\n${JSON.stringify(headers)}`
    expect(everything).not.toContain(String(trap.port))
    expect(everything).not.toContain(CHOSEN)
    expect(everything).not.toContain(gateway.key)
  }
  expect(trap.connections).toBe(0)
}

/** Names of settings, of LiteLLM's parameters and of clouds' own fields. */
function steering(): Record<string, unknown> {
  const { url } = trap
  const text = [
    'region project location endpoint profile tenant_id client_id scope role_arn credentials client_secret',
    'api_base base_url api_version azure_endpoint azure_deployment deployment_id organization aws_region_name',
    'aws_bedrock_runtime_endpoint aws_profile_name aws_session_token vertex_project vertex_location vertex_credentials',
    'azure_ad_token custom_llm_provider api_key x_goog_user_project publisher access_key_id secret_access_key',
  ]
  const fields = text.flatMap((line) => line.split(' ')).map((name) => [name, `${url}/${CHOSEN}`])
  return {
    ...Object.fromEntries(fields),
    settings: { endpoint: url, region: CHOSEN },
    secrets: { api_key: CHOSEN },
    headers: { authorization: CHOSEN, 'x-api-key': CHOSEN },
    extra_headers: { authorization: CHOSEN, 'x-goog-user-project': CHOSEN },
    extra_query: { 'api-version': CHOSEN },
    litellm_params: { api_base: url },
  }
}

describe('SEC-20: a client cannot choose destination, region, project, version or credential', () => {
  it.each(everyWay)('$model, $path: by fields, also inside extra_body', async ({ model, path, body }) => {
    for (const own of [steering(), { extra_body: { ...steering(), extra_body: steering() } }]) {
      const before = upstream.received.length
      const response = await gateway.post(path, { ...own, ...body, model })
      const answered = await response.text()
      expect([response.status, answered.slice(0, 300)]).toEqual([200, expect.any(String)])
      expectConfigured(upstream.received.slice(before), model)
    }
  })

  it.each(everyWay)('$model, $path: by headers, and none but listed ones pass', async ({ model, path, body }) => {
    const before = upstream.received.length
    const { url } = trap
    const response = await gateway.post(
      path,
      { ...body, model },
      {
        'x-goog-user-project': CHOSEN,
        'x-amz-security-token': CHOSEN,
        'x-amz-target': url,
        'x-amzn-bedrock-guardrailidentifier': CHOSEN,
        'x-ms-region': CHOSEN,
        'azureml-model-deployment': CHOSEN,
        'openai-organization': CHOSEN,
        'x-portkey-custom-host': url,
        'x-forwarded-host': `127.0.0.1:${trap.port}`,
        'anthropic-dangerous-direct-browser-access': CHOSEN,
        'x-stainless-helper': CHOSEN,
        cookie: `session=${CHOSEN}`,
        'anthropic-beta': 'context-1m-2025-08-07',
        'anthropic-version': '2023-06-01',
      },
    )
    await response.text()
    expect(response.status).toBe(200)
    const received = upstream.received.slice(before)
    expectConfigured(received, model)
    const ours =
      /^(accept|accept-encoding|authorization|connection|content-length|content-type|host|user-agent|x-api-key|api-key|x-goog-api-key|x-amz-date|x-amz-content-sha256)$/
    const isAnthropics = model === 'anthropic'
    for (const { headers } of received) {
      const names = Object.keys(headers).filter((name) => !ours.test(name))
      expect(names.filter((name) => !isAnthropics || !name.startsWith('anthropic-'))).toEqual([])
    }
  })

  it.each(['a\r\nx-evil: 1', 'a\nx-evil: 1', 'a\u0000b', 'ä€', ' '])(
    'nor add a header with the beta %j',
    async (beta) => {
      for (const model of WIRE_MODELS) {
        const body = { model, messages: MESSAGES, max_tokens: 9, betas: [beta], anthropic_beta: [beta] }
        for (const path of ['/v1/messages', '/v1/chat/completions']) {
          const before = upstream.received.length
          const response = await gateway.post(path, body)
          await response.text()
          expect([model, path, response.status < 500]).toEqual([model, path, true])
          expect(upstream.received.slice(before).flatMap(({ headers }) => headers['x-evil'] ?? [])).toEqual([])
        }
      }
    },
  )
})

describe('a model’s name is one segment of a path, or nothing', () => {
  const NAMES = [
    '..',
    '.',
    '../../../projects/other/locations/x',
    '..%2f..%2fx',
    '%2e%2e/x',
    'x?key=other&alt=media',
    'x#fragment',
    'x:predict',
    'x\\..\\y',
    '//evil.example/x',
    '@evil.example',
    'claude-x/../../../gemini',
    'models/../../x',
    'tunedModels/../../x',
    'anthropic/claude-../../x',
    'google/../x',
    'us-east-1/../x',
    'arn:aws:bedrock:eu-west-1:1:x/../../y',
    'converse/../x',
    'half a name \ud800',
    '‮',
  ]
  /** The places that a name may take; nothing else of the path may differ. */
  const PLACES: Readonly<Record<string, RegExp>> = {
    gemini: /^\/v1beta\/(models|tunedModels)\/[^/?#:]*:\w+(\?alt=sse)?$/,
    vertex:
      /^\/v1beta1\/projects\/our-project\/locations\/us-central1\/publishers\/(google|anthropic)\/models\/[^/?#:]*:\w+(\?alt=sse)?$/,
    bedrock: /^\/model\/[^/?#:]*\/(converse|converse-stream|invoke|count-tokens)$/,
    azure: /^\/openai\/(deployments\/[^/?#:]*\/(chat\/completions|embeddings)\?api-version=[\w-]+|v1\/responses)$/,
  }

  it.each(Object.keys(PLACES))('%s', async (provider) => {
    const already = upstream.received.length
    for (const name of NAMES) {
      for (const [path, body] of [...WAYS, ['/v1/embeddings', { input: 'hi' }] as const]) {
        const before = upstream.received.length
        const response = await gateway.post(path, { ...body, model: `${provider}/${name}` })
        const text = await response.text()
        expect([name, path, response.status, text]).not.toEqual([name, path, 500, text])
        for (const asked of upstream.received.slice(before)) {
          expect([name, asked.path]).toEqual([name, expect.stringMatching(PLACES[provider] ?? /^$/)])
          // As a server would read it that resolves dots.
          expect(new URL(asked.path, upstream.url).pathname).toBe(asked.path.split('?')[0])
        }
      }
    }
    expect(trap.connections).toBe(0)
    expect(upstream.received.length - already).toBeGreaterThan(NAMES.length)
  })
})

describe('nothing is fetched for a client', () => {
  const pictures = (url: string): readonly (readonly [string, object])[] => [
    ['/v1/chat/completions', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }],
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: url, filename: 'a.pdf' } }] }] },
    ],
    [
      '/v1/responses',
      {
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_image', image_url: url },
              { type: 'input_file', file_url: url },
            ],
          },
        ],
      },
    ],
    [
      '/v1/messages',
      { max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url } }] }] },
    ],
    [
      '/v1/messages',
      { max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url } }] }] },
    ],
    ['/api/chat', { messages: [{ role: 'user', content: 'x', images: [url] }] }],
    [
      '/v1/messages/count_tokens',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url } }] }] },
    ],
  ]

  it.each(WIRE_MODELS)('%s', async (model) => {
    const places = [
      trap.url,
      `${trap.url.replace('http', 'HTTP')}/a.png`,
      'file:///etc/hostname',
      'ftp://x/y',
      '/etc/hostname',
    ]
    const host = (await import('node:os')).hostname()
    for (const place of places) {
      for (const [path, body] of pictures(place)) {
        const before = upstream.received.length
        const response = await gateway.post(path, { ...body, model })
        await response.text()
        expect([path, place, response.status < 500]).toEqual([path, place, true])
        for (const { text } of upstream.received.slice(before)) {
          expect(text).not.toContain(Buffer.from(`${host}\n`).toString('base64'))
        }
      }
    }
    expect(trap.connections).toBe(0)
  })
})

describe('SEC-22: an upstream of any wire cannot send us elsewhere', () => {
  it.each(everyWay)('$model, $path', async ({ model, path, body }) => {
    upstream.script = (_request, response) => {
      response.writeHead(307, { location: `${trap.url}/v1/x`, refresh: `0;url=${trap.url}` }).end('moved')
    }
    const before = upstream.received.length
    const response = await gateway.post(path, { ...body, model })
    const text = await response.text()
    // Where no upstream counts tokens, nobody is asked.
    if (upstream.received.length > before)
      expect([response.status, text]).toEqual([502, expect.stringMatching(/redirect/)])
    expect(response.headers.get('location')).toBeNull()
    expect(trap.connections).toBe(0)
  })
})
