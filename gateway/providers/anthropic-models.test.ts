import { describe, expect, it } from 'vitest'
import { claudeTraits } from './anthropic-models.ts'

describe('the traits of a Claude', () => {
  it.each([
    ['claude-3-haiku-20240307', 'none', 4_096, 'all'],
    ['claude-3-5-sonnet-20241022', 'none', 8_192, 'all'],
    ['anthropic.claude-v2:1', 'none', 4_096, 'all'],
    ['claude-3-7-sonnet-latest', 'budget', 32_000, 'all'],
    ['claude-sonnet-4-20250514', 'budget', 32_000, 'all'],
    ['claude-opus-4-1@20250805', 'budget', 32_000, 'one'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'budget', 64_000, 'one'],
    ['claude-haiku-4-5', 'budget', 64_000, 'one'],
    ['anthropic.claude-opus-4-6-v1', 'either', 128_000, 'one'],
    ['claude-opus-4.7', 'adaptive', 128_000, 'none'],
    ['claude-sonnet-5', 'adaptive', 128_000, 'none'],
    ['claude-opus-9', 'adaptive', 128_000, 'none'],
    ['claude-something-new', 'adaptive', 128_000, 'none'],
    ['glm-5', 'budget', 8_192, 'all'],
  ] as const)('%s: thinking %s, %i tokens, sampling %s', (model, thinking, maxTokens, sampling) => {
    expect(claudeTraits(model)).toMatchObject({ thinking, maxTokens, sampling })
  })

  it.each([
    ['claude-opus-4-8', true, true],
    ['claude-opus-5', true, true],
    ['claude-opus-5-5', false, false],
    ['claude-haiku-5-5', true, true],
    ['claude-fable-5', false, true],
    ['claude-fable-5-1', false, false],
    ['claude-mythos-preview', false, true],
  ])('%s can be told not to think: %s; can be made to call a tool: %s', (model, thinkingOff, forcedTool) => {
    expect(claudeTraits(model)).toMatchObject({ thinkingOff, forcedTool })
  })
})
