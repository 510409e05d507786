import { request as httpRequest, Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAiError } from '../http/test/raw-client.ts'
import { seeded } from '../http/test/mutator.ts'
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
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  -1e308,
  0.1,
  2 ** 53,
  '',
  ' ',
  'x',
  '\u0000',
  '\ud800',
  '😀',
  'a'.repeat(5_000),
  'auto',
  'null',
  [],
  {},
  [[]],
  [null],
  [{}],
  { a: { b: { c: [] } } },
  { __proto__: null, constructor: 1 },
  'spillway/echo',
  'data:',
  'data:image/png;base64,',
  'http://x',
]
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'model',
  'messages',
  'stream',
  'type',
  'role',
  '',
  'extra_body',
  'tools',
  'n',
]
const BYTES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u',
  '\\ud800',
  '0',
  '-',
  'e',
  '1e999',
  '\0',
  '\xff',
  '\xc3\x28',
  'null',
  '\n',
  '//',
  '/*',
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

/** A broken copy: some values replaced, removed, added or moved, then perhaps some bytes. */
function createBreaker(random: () => number): (body: object) => Buffer {
  const below = (count: number): number => Math.floor(random() * count)
  const pick = <Item>(list: readonly Item[]): Item => list[below(list.length)] as Item // lists are not empty
  // Copied, because a later edit may break it further.
  const anyValue = (): unknown => structuredClone(pick(VALUES))

  const breakValue = (root: unknown): void => {
    const holders: (Record<string, unknown> | unknown[])[] = []
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      holders.push(value as Record<string, unknown>)
      for (const child of Object.values(value)) walk(child)
    }
    walk(root)
    const holder = pick(holders) as Record<string, unknown>
    const names = Object.keys(holder)
    const name = names.length === 0 ? pick(KEYS) : pick(names)
    const kind = below(5)
    if (kind === 0) delete holder[name]
    else if (kind === 1)
      Object.defineProperty(holder, pick(KEYS), {
        value: anyValue(),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else if (kind === 2) holder[name] = [holder[name], holder[name]]
    else holder[name] = anyValue()
  }
  const breakBytes = (text: string): string => {
    const at = below(text.length)
    const width = below(9)
    const kind = below(4)
    if (kind === 0) return text.slice(0, at) + text.slice(at + width)
    if (kind === 1) return text.slice(0, at) + text.slice(at, at + width).repeat(2) + text.slice(at + width)
    if (kind === 2) return text.slice(0, at) + pick(BYTES) + text.slice(at)
    return text.slice(0, at)
  }
  return (body) => {
    const copy: unknown = structuredClone(body)
    for (let edits = below(4); edits > 0; edits--) breakValue(copy)
    let text = JSON.stringify(copy)
    for (let edits = below(3) === 0 ? 1 + below(3) : 0; edits > 0; edits--) text = breakBytes(text)
    return Buffer.from(text, below(10) === 0 ? 'latin1' : 'utf8')
  }
}

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
    const rows = await countRows()
    expect(rows).toBe(count)
    expect((await send('/v1/embeddings', Buffer.from('{"model":"verbatim","input":["a","b"]}'))).status).toBe(200)
  })
})

/** The log gives a bounded number of rows at once; so they are counted in the file, as `spillway logs` reads it. */
async function countRows(): Promise<number> {
  const { openLogReader } = await import('../store/log-reader.ts')
  await gateway.rows()
  const reader = openLogReader(gateway.dataDir)
  if ('kind' in reader) throw new Error(reader.message)
  const ids = new Set<string>()
  let afterSeq = 0
  for (;;) {
    const rows = reader.select({ limit: 1_000, afterSeq })
    if ('kind' in rows || rows.length === 0) break
    for (const row of rows) ids.add(row.id)
    afterSeq = rows.at(-1)?.seq ?? afterSeq
  }
  reader.close()
  return ids.size
}
