import { describe, expect, it } from 'vitest'
import { closest } from './suggest.ts'

const KEYS = ['base_url', 'key', 'locality', 'max_parallel', 'fallbacks', 'context_fallbacks']

describe('closest', () => {
  it.each([
    ['bas_url', 'base_url'],
    ['base-url', 'base_url'],
    ['Locality', 'locality'],
    ['fallback', 'fallbacks'],
    ['maxparallel', 'max_parallel'],
    ['kye', 'key'],
    ['contextfallbacks', 'context_fallbacks'],
  ])('takes %s for %s', (name, meant) => {
    expect(closest(name, KEYS)).toBe(meant)
  })

  it.each(['zzz', 'temperature', '', 'x'])('does not guess from %j', (name) => {
    expect(closest(name, KEYS)).toBeUndefined()
  })

  it('prefers the nearest, and the first of equals', () => {
    expect(closest('gpt-4', ['gpt-40', 'gpt-4o', 'gpt-4'])).toBe('gpt-4')
    expect(closest('gpt-4', ['gpt-4o', 'gpt-4x'])).toBe('gpt-4o')
  })

  it('is bounded on absurd names', () => {
    expect(closest('x'.repeat(1_000_000), ['y'.repeat(1_000_000)])).toBeUndefined()
  })
})
