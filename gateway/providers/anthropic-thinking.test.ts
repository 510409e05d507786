import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { bodyOf, NEW, OPUS, reportOf, said, silent, SONNET } from './test/anthropic-chat.ts'

describe('the thinking of a Messages request', () => {
  const adaptive = { type: 'adaptive', display: 'summarized' }
  it.each<[string, Partial<ChatRequest>, string, JsonObject, readonly string[]]>([
    [
      'an effort, of old',
      { reasoning: { effort: 'medium' } },
      SONNET,
      { thinking: { type: 'enabled', budget_tokens: 2_048 }, max_tokens: 64_000 },
      [],
    ],
    [
      'the least effort, of old',
      { reasoning: { effort: 'minimal' } },
      SONNET,
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
      [],
    ],
    [
      'a budget',
      { reasoning: { budgetTokens: 9_000, effort: 'low' } },
      SONNET,
      { thinking: { type: 'enabled', budget_tokens: 9_000 } },
      [],
    ],
    [
      'a budget beyond the default limit',
      { reasoning: { budgetTokens: 70_000 } },
      SONNET,
      { thinking: { type: 'enabled', budget_tokens: 70_000 }, max_tokens: 74_096 },
      [],
    ],
    [
      'a budget beyond the limit',
      { reasoning: { budgetTokens: 9_000 }, sampling: { maxOutputTokens: 4_000 } },
      SONNET,
      { thinking: { type: 'enabled', budget_tokens: 2_000 }, max_tokens: 4_000 },
      ['thinking changed'],
    ],
    [
      'hardly any room',
      { reasoning: { effort: 'high' }, sampling: { maxOutputTokens: 900 } },
      SONNET,
      { max_tokens: 900 },
      ['reasoning_effort dropped'],
    ],
    ['no thinking, of old', { reasoning: { effort: 'none' } }, SONNET, {}, []],
    [
      'an effort',
      { reasoning: { effort: 'xhigh' } },
      NEW,
      { thinking: adaptive, output_config: { effort: 'xhigh' } },
      [],
    ],
    [
      'too much of it',
      { reasoning: { effort: 'xhigh' } },
      OPUS,
      { thinking: adaptive, output_config: { effort: 'high' } },
      ['reasoning_effort changed'],
    ],
    [
      'the least of it',
      { reasoning: { effort: 'minimal' } },
      NEW,
      { thinking: adaptive, output_config: { effort: 'low' } },
      [],
    ],
    [
      'a budget where there are none',
      { reasoning: { budgetTokens: 3_000 } },
      NEW,
      { thinking: adaptive, output_config: { effort: 'medium' } },
      [],
    ],
    [
      'a budget where there may be one',
      { reasoning: { budgetTokens: 3_000 } },
      OPUS,
      { thinking: { type: 'enabled', budget_tokens: 3_000 } },
      [],
    ],
    ['just thinking', { reasoning: { enabled: true } }, NEW, { thinking: adaptive }, []],
    ['no thinking', { reasoning: { enabled: false } }, NEW, { thinking: { type: 'disabled' } }, []],
    [
      'no thinking where it never ends',
      { reasoning: { effort: 'none' } },
      'claude-fable-5',
      { output_config: { effort: 'low' } },
      ['reasoning_effort changed'],
    ],
    [
      'an effort for who cannot think',
      { reasoning: { effort: 'high' } },
      'claude-3-5-haiku-latest',
      {},
      ['reasoning_effort dropped'],
    ],
    [
      "the client's own words",
      {
        reasoning: { effort: 'high' },
        extra: { thinking: { type: 'enabled', budget_tokens: 1_500 }, output_config: { effort: 'low' } },
      },
      SONNET,
      { thinking: { type: 'enabled', budget_tokens: 1_500 }, output_config: { effort: 'low' } },
      [],
    ],
  ])('%s', (_name, changes, model, expected, report) => {
    const { model: _model, messages: _messages, ...rest } = bodyOf(changes, model)
    expect(rest).toEqual({ ...expected, max_tokens: expected['max_tokens'] ?? rest['max_tokens'] ?? null })
    expect(reportOf(changes, model)).toEqual(report)
  })

  it('is left out in a loop of tools whose thoughts the client lost, unless the model can go on without', () => {
    const call = { id: 'a', name: 'f', argumentsJson: '{}' }
    const loop = (reasoning: readonly { text: string; signature?: string }[]): Partial<ChatRequest> => ({
      reasoning: { effort: 'low' },
      messages: [
        said('user', 'a'),
        { ...silent, reasoning, toolCalls: [call] },
        { role: 'tool', toolCallId: 'a', content: [], name: undefined },
      ],
    })
    expect(bodyOf(loop([{ text: 'x' }]))['thinking']).toBeUndefined()
    expect(reportOf(loop([{ text: 'x' }]))).toEqual(['reasoning_effort dropped'])
    expect(bodyOf(loop([{ text: 'x', signature: 's' }]))['thinking']).toEqual({ type: 'enabled', budget_tokens: 1_024 })
    expect(bodyOf(loop([]), NEW)['thinking']).toEqual(adaptive)
  })
})
