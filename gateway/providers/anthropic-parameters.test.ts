import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message, Part } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { countBody } from './anthropic-request.ts'
import { bodyOf, NEW, reportOf, said, SONNET, weather, written } from './test/anthropic-chat.ts'

describe('the parameters of a Messages request', () => {
  it.each<[string, Partial<ChatRequest>, string, JsonObject, readonly string[]]>([
    ['no limit', {}, 'claude-3-haiku-20240307', { max_tokens: 4_096 }, []],
    ['a warm temperature', { sampling: { temperature: 1.6 } }, SONNET, { temperature: 1 }, ['temperature changed']],
    ['top_p beside it', { sampling: { temperature: 0, topP: 0.9 } }, SONNET, { temperature: 0 }, ['top_p dropped']],
    [
      'both, of old',
      { sampling: { temperature: 0, topP: 0.9 } },
      'claude-3-7-sonnet',
      { temperature: 0, top_p: 0.9 },
      [],
    ],
    [
      'a temperature that nobody takes',
      { sampling: { temperature: 0, topP: 1, topK: 3 } },
      NEW,
      {},
      ['temperature dropped', 'top_k dropped'],
    ],
    [
      'the neutral values',
      { sampling: { temperature: 1, choices: 1, presencePenalty: 0, logitBias: {}, logprobs: false, stop: [] } },
      NEW,
      {},
      [],
    ],
    [
      'what there is not',
      { sampling: { choices: 2, logprobs: true, logitBias: { 5: 1 }, seed: 1, minP: 0.1, frequencyPenalty: 1 } },
      SONNET,
      {},
      [
        'n dropped!',
        'logprobs dropped!',
        'logit_bias dropped!',
        'seed dropped',
        'min_p dropped',
        'frequency_penalty dropped',
      ],
    ],
    ['invisible stops', { sampling: { stop: ['\n', 'END'] } }, SONNET, { stop_sequences: ['END'] }, ['stop dropped!']],
    ['an address as user', { user: 'ann@x.test' }, SONNET, {}, ['user dropped']],
    [
      "the client's own user",
      { user: 'a', extra: { metadata: { user_id: 'b', trace: 'c' } } },
      SONNET,
      { metadata: { user_id: 'b' } },
      ['metadata dropped'],
    ],
    [
      'hints of OpenAI',
      {
        extra: {
          store: true,
          verbosity: 'low',
          prompt_cache_key: 'k',
          service_tier: 'flex',
          modalities: ['text'],
          stream_options: {},
          prediction: null,
        },
      },
      SONNET,
      {},
      ['service_tier dropped', 'store dropped', 'verbosity dropped', 'prompt_cache_key dropped'],
    ],
    ['spoken answers', { extra: { modalities: ['text', 'audio'] } }, SONNET, {}, ['modalities dropped!']],
    [
      "Anthropic's own",
      { extra: { cache_control: { type: 'ephemeral' }, container: 'c', service_tier: 'standard_only' } },
      SONNET,
      { cache_control: { type: 'ephemeral' }, container: 'c', service_tier: 'standard_only' },
      [],
    ],
  ])('%s', (_name, changes, model, expected, report) => {
    const { model: _model, messages: _messages, ...rest } = bodyOf(changes, model)
    const maxTokens = expected['max_tokens'] ?? rest['max_tokens'] ?? null
    expect(rest).toEqual({ ...expected, max_tokens: maxTokens })
    expect(reportOf(changes, model)).toEqual(report)
  })

  it('sends what the configuration adds to the body, known or not', () => {
    const chat = { extra: { brand_new: 1, chat_template_kwargs: {} } }
    expect(written(chat, SONNET, new Set(['brand_new'])).body).toMatchObject({ brand_new: 1 })
    expect(written(chat, SONNET).body).not.toHaveProperty('brand_new')
  })

  it('names the betas that a body needs', () => {
    const extra = {
      mcp_servers: [{ type: 'url', url: 'https://x.test', name: 'x' }],
      context_management: { edits: [{ type: 'compact_20260112' }] },
      betas: ['my-beta'],
    }
    const file: Part = { type: 'file', fileId: 'file_1' }
    const tool: Message = { role: 'tool', toolCallId: 'a', content: [file], name: undefined }
    const hostedTools = [
      { maker: 'anthropic' as const, type: 'x', definition: { type: 'computer_20250124', name: 'c' } },
    ]
    const { betas, body } = written({ extra, hostedTools, messages: [said('user', 'a'), tool] })
    expect(betas).toEqual([
      'my-beta',
      'computer-use-2025-01-24',
      'mcp-client-2025-04-04',
      'context-management-2025-06-27',
      'compact-2026-01-12',
      'files-api-2025-04-14',
    ])
    expect(body).not.toHaveProperty('betas')
  })

  it('counts tokens of the same request without what only an answer needs', () => {
    const { body } = written({ tools: [weather], sampling: { temperature: 0, maxOutputTokens: 5 }, user: 'u' })
    expect(Object.keys(countBody(body)).toSorted()).toEqual(['messages', 'model', 'tools'])
  })
})
