import { describe, expect, it } from 'vitest'
import type { ReasoningRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { geminiGeneration } from './gemini-generation.ts'
import { thinkingConfig } from './gemini-thinking.ts'

describe('geminiGeneration', () => {
  it.each([
    ['gemini-1.5-pro', '1'],
    ['gemini-2.0-flash', '1'],
    ['gemma-3-27b-it', '1'],
    ['gemini-2.5-flash-lite', '2.5'],
    ['models/gemini-2.5-pro', '2.5'],
    ['gemini-robotics-er-1.5-preview', '2.5'],
    ['gemini-3-pro-preview', '3'],
    ['gemini-3.5-flash', '3'],
    ['gemini-4-ultra', '3'],
    ['gemini-flash-latest', '3'],
    ['something-new', '3'],
  ])('takes %s for generation %s', (model, generation) => {
    expect(geminiGeneration(model)).toBe(generation)
  })
})

describe('thinkingConfig', () => {
  it.each<[string, ReasoningRequest | undefined, object | undefined]>([
    ['gemini-2.5-flash', undefined, undefined],
    ['gemini-2.0-flash', { effort: 'high' }, undefined],
    ['gemini-2.5-flash', { effort: 'low' }, { includeThoughts: true, thinkingBudget: 1_024 }],
    ['gemini-2.5-flash', { effort: 'medium' }, { includeThoughts: true, thinkingBudget: 8_192 }],
    ['gemini-2.5-flash', { effort: 'xhigh' }, { includeThoughts: true, thinkingBudget: 24_576 }],
    ['gemini-2.5-flash', { effort: 'none' }, { includeThoughts: false, thinkingBudget: 0 }],
    ['gemini-2.5-flash', { enabled: true }, { includeThoughts: true, thinkingBudget: -1 }],
    ['gemini-2.5-flash', { budgetTokens: 60_000 }, { includeThoughts: true, thinkingBudget: 24_576 }],
    ['gemini-2.5-flash-lite', { budgetTokens: 100 }, { includeThoughts: true, thinkingBudget: 512 }],
    ['gemini-2.5-pro', { enabled: false }, { includeThoughts: false, thinkingBudget: 128 }],
    ['gemini-2.5-pro', { enabled: true, budgetTokens: 32_768 }, { includeThoughts: true, thinkingBudget: 32_768 }],
    ['gemini-3-flash-preview', { effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'minimal' }],
    ['gemini-3-flash-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'medium' }],
    ['gemini-3-flash-preview', { effort: 'max' }, { includeThoughts: true, thinkingLevel: 'high' }],
    ['gemini-3-flash-preview', { effort: 'none' }, { includeThoughts: false, thinkingLevel: 'minimal' }],
    ['gemini-3-flash-preview', { enabled: true }, { includeThoughts: true }],
    ['gemini-3-pro-preview', { effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'low' }],
    ['gemini-3-pro-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'high' }],
    ['gemini-3.1-pro-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'medium' }],
    ['gemini-3.1-pro-preview', { effort: 'none' }, { includeThoughts: false, thinkingLevel: 'low' }],
    ['gemini-flash-latest', { budgetTokens: 3_000 }, { includeThoughts: true, thinkingLevel: 'medium' }],
  ])('%s asked with %j', (model, reasoning, expected) => {
    expect(thinkingConfig(reasoning, model, [])).toEqual(expected)
  })

  it.each<[string, ReasoningRequest, number]>([
    ['gemini-2.5-flash', { effort: 'low' }, 0],
    ['gemini-2.5-flash', { budgetTokens: 60_000 }, 1],
    ['gemini-2.5-pro', { effort: 'none' }, 1],
    ['gemini-3-flash', { effort: 'none' }, 1],
    ['gemini-3-flash', { budgetTokens: 60_000 }, 1],
    ['gemini-2.0-flash', { effort: 'low' }, 1],
    ['gemini-2.0-flash', { effort: 'none' }, 0],
  ])('says of %s with %j what it changed', (model, reasoning, count) => {
    const conversions: Conversion[] = []
    thinkingConfig(reasoning, model, conversions)
    expect(conversions.length).toBe(count)
    expect(conversions.every(({ matters }) => !matters)).toBe(true)
  })
})
