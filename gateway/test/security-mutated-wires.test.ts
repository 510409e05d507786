import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../contract/json.ts'
import { seeded } from '../http/test/mutator.ts'
import { startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { createBreaker } from './body-breaker.ts'
import { CLIENT_ROUTES } from './client-wires.ts'
import { countRows } from './count-rows.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { answerInWire } from './wire-replies.ts'
import { WIRE_MODELS, wiresConfig, wiresEnvironment } from './wires-config.ts'

/** Whole requests of every client's wire, broken by chance, to upstreams of every wire that are content with all. */
const PIXEL = 'iVBORw0KGgo='
const SCHEMA = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
const BODIES: readonly (readonly [path: string, body: JsonObject])[] = [
  [
    '/v1/messages',
    {
      max_tokens: 2_048,
      system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'c2Vj' },
            { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '42', is_error: false }] },
      ],
      tools: [{ name: 'f', description: 'd', input_schema: SCHEMA }],
      tool_choice: { type: 'auto' },
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      metadata: { user_id: 'u' },
      stop_sequences: ['x'],
      betas: ['context-1m-2025-08-07'],
    },
  ],
  [
    '/v1/responses',
    {
      instructions: 'be brief',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'hi' },
            { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}` },
          ],
        },
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [{ type: 'summary_text', text: 'hm' }],
          encrypted_content: 'spillway.1.W10',
        },
        { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
        { type: 'function_call_output', call_id: 'call_1', output: '42' },
        { type: 'item_reference', id: 'msg_none_0' },
      ],
      tools: [{ type: 'function', name: 'f', parameters: SCHEMA, strict: true }],
      tool_choice: 'auto',
      text: { format: { type: 'json_schema', name: 'n', schema: SCHEMA }, verbosity: 'low' },
      reasoning: { effort: 'low', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      previous_response_id: 'resp_none',
      store: false,
    },
  ],
  [
    '/api/chat',
    {
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'hi', images: [PIXEL] },
        {
          role: 'assistant',
          content: '',
          thinking: 'hm',
          tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }],
        },
        { role: 'tool', tool_name: 'f', content: '42' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: SCHEMA } }],
      format: SCHEMA,
      options: { temperature: 0.2, num_predict: 5, stop: ['x'] },
      think: false,
      keep_alive: '5m',
      stream: false,
    },
  ],
  [
    '/api/generate',
    { prompt: 'hi', system: 'be brief', images: [PIXEL], options: { seed: 1 }, raw: false, suffix: '' },
  ],
  ['/api/embed', { input: ['a', 'b'], truncate: true, dimensions: 8 }],
  ['/v1/messages/count_tokens', { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], system: 'x' }],
  ['/utils/token_counter', { messages: [{ role: 'user', content: 'hi' }], prompt: 'x' }],
  [
    '/v1/chat/completions',
    {
      messages: [
        { role: 'developer', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
        {
          role: 'assistant',
          content: 'x',
          reasoning_content: 'hm',
          thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }],
          tool_calls: [
            {
              id: 'c1',
              type: 'function',
              function: { name: 'f', arguments: '{"a":1}' },
              extra_content: { google: { thought_signature: 'c2ln' } },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '42' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: SCHEMA } }],
      reasoning_effort: 'low',
      stop: ['x'],
      drop_params: true,
    },
  ],
]

let upstream: ScriptedUpstream
let gateway: AttackedGateway

beforeAll(async () => {
  upstream = await startScriptedUpstream(answerInWire('all is well'))
  gateway = await startAttackedGateway(
    `discovery: false\nrouting: { retries: 0, cooldown: { disabled: true } }\n${wiresConfig(upstream.url)}`,
    wiresEnvironment(upstream.url),
  )
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

describe('2,000 broken bodies in every wire', () => {
  it('are served or refused in their own wire’s shape, never by a fault of ours, and each has its row', async () => {
    const breakIt = createBreaker(seeded(20_261_123))
    const wrong: unknown[] = []
    const statuses = new Map<number, number>()
    const one = async (index: number): Promise<void> => {
      const [path, plain] = BODIES[index % BODIES.length] ?? ['', {}]
      const model = WIRE_MODELS[Math.floor(index / BODIES.length) % WIRE_MODELS.length] ?? ''
      const wire = CLIENT_ROUTES.find((route) => route.path === path)?.wire
      const body = breakIt({ model, ...plain, ...(index % 3 === 0 && { stream: true }) })
      const response = await gateway.post(path, body.toString('latin1'))
      const text = await response.text()
      const { status } = response
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const isShaped = status === 200 || (status < 500 && wire?.errorIn(text) !== undefined)
      if (!isShaped) wrong.push({ path, model, status, text: text.slice(0, 300), body: body.toString() })
    }
    const count = 2_000
    for (let index = 0; index < count; index += 8) {
      await Promise.all(Array.from({ length: 8 }, (_, turn) => one(index + turn)))
    }
    expect(wrong).toEqual([])
    expect(gateway.notices.filter((notice) => /\bbug\b/.test(notice))).toEqual([])
    expect(statuses.get(200)).toBeGreaterThan(400)
    expect(statuses.get(400)).toBeGreaterThan(400)
    expect(await countRows(gateway)).toBe(count)
  })
})
