import { describe, expect, it } from 'vitest'
import { finishReason } from './finish-reason.ts'

describe('an upstream’s finish reason', () => {
  it.each([
    // Google's OpenAI endpoint names the filter behind the word.
    ['content_filter: PROHIBITED_CONTENT', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['guardrail_intervened', 'content_filter'],
    ['MAX_TOKENS', 'length'],
    ['ERROR_LIMIT', 'length'],
    ['constructor', 'stop'],
    ['error', 'failed'],
  ])('%s is %s', (raw, reason) => {
    expect(finishReason(raw, false)).toBe(reason)
  })

  it('is a call where one was seen, unless something else ended it', () => {
    expect(finishReason('eos_token', true)).toBe('tool_calls')
    expect(finishReason('length', true)).toBe('length')
  })
})
