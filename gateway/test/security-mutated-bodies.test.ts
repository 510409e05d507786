import { request as httpRequest, Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAiError } from '../http/test/raw-client.ts'
import { seeded } from '../http/test/mutator.ts'
import { createBreaker } from './body-breaker.ts'
import { countRows } from './count-rows.ts'
import { startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { openAiJson, openAiStream, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'

/** Valid bodies, broken by chance in their bytes and in their values, against an upstream that is content with all. */
const BODIES: readonly (readonly [path: string, body: object])[] = [
  [
    '/v1/chat/completions',
    {
      model: 'verbatim',
      messages: [
        { role: 'system', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '42' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'f', parameters: { type: 'object', properties: { a: { type: 'integer' } } } },
        },
      ],
      tool_choice: 'auto',
      temperature: 0.2,
      max_tokens: 5,
      stop: ['x'],
      stream: false,
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
      logit_bias: { '50256': -100 },
      metadata: { tags: ['a'] },
      extra_body: { top_k: 5 },
      fallbacks: ['translated'],
      num_retries: 1,
      timeout: 5,
    },
  ],
  [
    '/v1/chat/completions',
    {
      model: 'translated',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
      n: 1,
      seed: 1,
      reasoning_effort: 'low',
    },
  ],
  [
    '/v1/completions',
    { model: 'verbatim', prompt: ['hi', 'there'], max_tokens: 3, echo: false, suffix: 'x', logprobs: 1, stream: false },
  ],
  ['/v1/completions', { model: 'translated', prompt: 'hi', stream: true, best_of: 1 }],
  ['/v1/embeddings', { model: 'verbatim', input: ['a', 'b'], dimensions: 8, encoding_format: 'float', user: 'u' }],
  ['/v1/embeddings', { model: 'translated', input: [[1, 2], [3]], encoding_format: 'base64' }],
]
let upstream: ScriptedUpstream
let gateway: AttackedGateway
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

beforeAll(async () => {
  upstream = await startScriptedUpstream(({ path, text }, response) => {
    const isStream = /"stream":\s*true/.test(text)
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
    if (path.endsWith('/embeddings')) {
      response.end(
        '{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]},{"object":"embedding","index":1,"embedding":[0.5]}],"usage":{"prompt_tokens":1,"total_tokens":1}}',
      )
    } else if (path.endsWith('/chat/completions'))
      response.end(isStream ? openAiStream('all is well') : openAiJson('all is well'))
    else if (isStream)
      response.end(
        'data: {"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"well","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
      )
    else
      response.end(
        '{"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"well","finish_reason":"stop"}]}',
      )
  })
  gateway = await startAttackedGateway(`
discovery: false
routing: { retries: 0, cooldown: { disabled: true } }
providers:
  cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key }
  rewritten: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key, lane: translated }
models: { verbatim: cloud/m, translated: rewritten/m, '*': 'cloud/*' }
`)
})
afterAll(async () => {
  agent.destroy()
  await gateway.remove()
  await upstream.close()
})

interface Answered {
  readonly status: number
  readonly text: string
}

function send(path: string, body: Buffer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const client = httpRequest(
      gateway.url + path,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        response.on('error', reject)
      },
    )
    client.on('error', reject)
    client.end(body)
  })
}

describe('2,000 broken bodies', () => {
  it('are served or refused in OpenAI’s shape, never by a fault of ours, and each has its row', async () => {
    const breakIt = createBreaker(seeded(20_261_124))
    const wrong: unknown[] = []
    const statuses = new Map<number, number>()
    const one = async (index: number): Promise<void> => {
      const [path, body] = BODIES[index % BODIES.length] ?? ['', {}]
      const bytes = breakIt(body)
      const { status, text } = await send(path, bytes)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const isShaped = status === 200 ? !text.includes('"error"') : status >= 400 && openAiError(text) !== undefined
      if (status >= 500 || !isShaped)
        wrong.push({ path, status, text: text.slice(0, 300), body: bytes.toString('latin1').slice(0, 2_000) })
    }
    const count = 2_000
    for (let index = 0; index < count; index += 8) {
      await Promise.all(Array.from({ length: 8 }, (_, turn) => one(index + turn)))
    }
    expect(wrong).toEqual([])
    expect(statuses.get(200)).toBeGreaterThan(400)
    expect(statuses.get(400)).toBeGreaterThan(400)
    expect(gateway.notices.filter((notice) => notice.includes('bug'))).toEqual([])
    const rows = await countRows(gateway)
    expect(rows).toBe(count)
    expect((await send('/v1/embeddings', Buffer.from('{"model":"verbatim","input":["a","b"]}'))).status).toBe(200)
  })
})
