import { describe, expect, it } from 'vitest'
import type { FinishReason } from '../contract/stream-event.ts'
import { finishOf, isClientCall, statusOf } from './responses-status.ts'
import { sealReasoning } from './sealed-reasoning.ts'
import { withoutSealedItems } from './responses-sealed.ts'
import { readResponsesUsage, writeResponsesUsage } from './responses-usage.ts'

describe('the status of a response', () => {
  it.each<[FinishReason, boolean]>([
    ['stop', false],
    ['tool_calls', true],
    ['length', false],
    ['length', true],
    ['content_filter', false],
  ])('says %s so that it is read as that again', (finish, called) => {
    const { status, incomplete_details } = statusOf(finish)
    expect(finishOf(status, incomplete_details?.reason, called)).toBe(finish)
  })

  it.each([
    ['failed', 'failed'],
    ['cancelled', 'failed'],
    ['in_progress', undefined],
    ['queued', undefined],
    [undefined, undefined],
  ])('%s means %s', (status, expected) => {
    expect(finishOf(status, undefined, true)).toBe(expected)
  })

  it('counts only tools that the client runs as calls', () => {
    expect(isClientCall({ type: 'function_call' })).toBe(true)
    expect(isClientCall({ type: 'web_search_call' })).toBe(false)
  })
})

describe('the usage of a response', () => {
  it('is read with its details', () => {
    const usage = { input: 9, output: 7, cacheRead: 4, cacheWrite: 2, reasoning: 5 }
    expect(readResponsesUsage(writeResponsesUsage(usage))).toEqual(usage)
    expect(writeResponsesUsage(usage)['total_tokens']).toBe(16)
  })

  it('has zeros where typed clients want a number, and is none without any count', () => {
    expect(writeResponsesUsage({ input: 1, output: 2 })).toMatchObject({
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    })
    expect(readResponsesUsage({})).toBeUndefined()
    expect(readResponsesUsage(undefined)).toBeUndefined()
    expect(readResponsesUsage({ input_tokens: -1, output_tokens: 3 })).toEqual({ input: 0, output: 3 })
  })
})

describe('input for an upstream of this wire', () => {
  const theirs = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }
  const sealed = { ...theirs, encrypted_content: sealReasoning([{ text: '', signature: 's', maker: 'google' }]) }

  it('lacks what was sealed for another maker, and nothing else', () => {
    expect(withoutSealedItems([theirs, sealed, { role: 'user', content: 'x' }])).toEqual([
      theirs,
      { role: 'user', content: 'x' },
    ])
  })

  it('is left as it is where nothing was', () => {
    expect(withoutSealedItems([theirs])).toBeUndefined()
    expect(withoutSealedItems('hi')).toBeUndefined()
  })
})
