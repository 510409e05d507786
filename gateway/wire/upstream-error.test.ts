import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { parseJson } from '../kit/json-fields.ts'
import { errorInReply, hasError, readUpstreamError } from './upstream-error.ts'

/** JSON nested deeper than a stack of calls reaches. */
function deep(open: string, close: string): JsonValue | undefined {
  return parseJson(`${open.repeat(100_000)}1${close.repeat(100_000)}`)
}

describe('readUpstreamError', () => {
  it.each([
    ['lists in lists', deep('[', ']')],
    ['objects in objects', deep('{"detail":', '}')],
    ['lists of findings', { detail: deep('[', ']') }],
  ])('does not follow %s for ever', (_name, json) => {
    expect(json).toBeDefined()
    expect(readUpstreamError(json)).toBeUndefined()
  })

  it('bounds what it hands on', () => {
    expect(readUpstreamError({ error: 'x'.repeat(1_000_000) })?.message.length).toBe(limits.errorBodyBytes)
  })
})

describe('hasError', () => {
  it.each([
    [{ error: 'text' }, true],
    [{ error: { message: 'm' }, choices: [] }, true],
    [{ error: {} }, true],
    [{ error: {}, choices: [] }, false],
    [{ error: null }, false],
    [{ error: '' }, false],
    [{ error: 0, choices: [] }, false],
    [{ choices: [] }, false],
  ])('%j: %s', (chunk, expected) => {
    expect(hasError(chunk)).toBe(expected)
  })
})

describe('errorInReply', () => {
  it('always has a message', () => {
    for (const json of [{ error: {} }, { error: true }, {}, undefined]) {
      expect(errorInReply(json).message).toMatch(/without a message/)
    }
  })
})
