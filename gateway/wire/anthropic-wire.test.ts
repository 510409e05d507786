import { describe, expect, it } from 'vitest'
import { remedyFor, type FailureKind } from '../contract/failure.ts'
import { anthropicErrorStatus, anthropicErrorType } from './anthropic-error.ts'
import { anthropicFinish, anthropicStopReason } from './anthropic-stop.ts'
import { mergeAnthropicUsage, readAnthropicUsage } from './anthropic-usage.ts'

describe("Anthropic's usage", () => {
  it.each([
    [
      { input_tokens: 3, output_tokens: 5 },
      { input: 3, output: 5 },
    ],
    [
      { input_tokens: 3, cache_creation_input_tokens: 12_304, cache_read_input_tokens: 0, output_tokens: 550 },
      { input: 12_307, output: 550, cacheRead: 0, cacheWrite: 12_304 },
    ],
    [
      { input_tokens: 1, cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 4 } },
      { input: 7, output: 0, cacheWrite: 6 },
    ],
    [
      { output_tokens: 9, output_tokens_details: { thinking_tokens: 4 }, cache_read_input_tokens: null },
      { input: 0, output: 9, reasoning: 4 },
    ],
    [{ service_tier: 'standard', input_tokens: null }, undefined],
    [{ input_tokens: '5', output_tokens: -1 }, undefined],
  ])('%j is %j', (json, usage) => {
    expect(readAnthropicUsage(json)).toEqual(usage)
  })

  it('is told in parts, of which the later ones count and none is added', () => {
    const first = mergeAnthropicUsage(undefined, { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 })
    const second = mergeAnthropicUsage(first, { input_tokens: null, output_tokens: 7 })
    expect(readAnthropicUsage(second)).toEqual({ input: 15, output: 7, cacheRead: 5 })
    expect(mergeAnthropicUsage(second, undefined)).toEqual(second)
  })
})

describe("Anthropic's reasons to stop", () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'stop'],
    ['refusal', 'content_filter'],
    ['a_new_one', 'stop'],
  ] as const)('%s is %s, and comes back', (stopReason, reason) => {
    expect(anthropicFinish(stopReason, false)).toBe(reason)
    const back = anthropicStopReason({ reason, rawReason: stopReason })
    expect(back).toBe(stopReason === 'a_new_one' ? 'end_turn' : stopReason)
  })

  it('takes a call for the reason where the server forgot to say so', () => {
    expect(anthropicFinish('end_turn', true)).toBe('tool_calls')
  })

  it.each([
    [{ reason: 'stop', rawReason: 'STOP' }, 'end_turn'],
    [{ reason: 'stop', stopSequence: 'END' }, 'stop_sequence'],
    [{ reason: 'tool_calls', rawReason: 'end_turn' }, 'tool_use'],
    [{ reason: 'function_call' }, 'tool_use'],
    [{ reason: 'content_filter', rawReason: 'SAFETY' }, 'refusal'],
    [{ reason: 'length' }, 'max_tokens'],
  ] as const)('%j of another maker is %s', (end, expected) => {
    expect(anthropicStopReason(end)).toBe(expected)
  })
})

describe("Anthropic's errors", () => {
  it('have a type with a status for every failure', () => {
    const kinds = Object.keys(remedyFor).filter((kind): kind is FailureKind => kind in remedyFor)
    const untold = kinds.filter((kind) => anthropicErrorStatus(anthropicErrorType(kind)) === undefined)
    expect(untold).toEqual([])
  })

  it('tell nobody that their key is wrong when ours is', () => {
    expect(anthropicErrorType('unauthorized-upstream')).toBe('api_error')
    expect(anthropicErrorType('unauthorized')).toBe('authentication_error')
    expect(anthropicErrorStatus('overloaded_error')).toBe(529)
    expect(anthropicErrorStatus('constructor')).toBeUndefined()
  })
})
