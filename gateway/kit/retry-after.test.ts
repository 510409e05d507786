import { describe, expect, it } from 'vitest'
import { durationMs, retryHint } from './retry-after.ts'

describe('retryHint', () => {
  it.each([
    ['retry-after-ms', 'Infinity'],
    ['retry-after-ms', '1e999'],
    ['retry-after', '1e999'],
    ['retry-after', '-5'],
    ['retry-after', 'Tue, 01 Sep 2026 10:00:30 GMT'],
  ])('takes %s: %s for nothing said', (name, value) => {
    expect(retryHint({ status: 429, headers: { [name]: value } }, '')).toBeUndefined()
  })

  it('reads the first of several values', () => {
    expect(retryHint({ status: 429, headers: { 'retry-after': ['7', '9'] } }, '')).toBe(7_000)
  })
})

describe('durationMs', () => {
  it.each([
    ['2m59.56s', 179_560],
    ['1h0m1s', 3_601_000],
    ['28ms', 28],
    ['48s', 48_000],
    ['', undefined],
    ['soon', undefined],
    [`${'9'.repeat(400)}s`, undefined],
  ])('%s', (text, expected) => {
    expect(durationMs(text)).toBe(expected)
  })
})
