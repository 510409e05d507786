import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { RequestControls } from '../contract/route.ts'
import { readControls, type RequestHeaders } from './controls.ts'

function controlsOf(body: JsonObject, headers: RequestHeaders = {}): RequestControls {
  const read = readControls(body, headers)
  if (isFailure(read)) throw new Error(read.message)
  return read.controls
}

function tagsOf(body: JsonObject, headers: RequestHeaders = {}): readonly string[] {
  const read = readControls(body, headers)
  return isFailure(read) ? [read.message] : read.tags
}

describe('readControls', () => {
  it.each<[string, JsonObject, RequestHeaders, Partial<RequestControls>]>([
    ['fallbacks by name', { fallbacks: ['a', 'b'] }, {}, { fallbacks: ['a', 'b'] }],
    ['fallbacks as objects', { fallbacks: [{ model: 'a', messages: [] }] }, {}, { fallbacks: ['a'] }],
    ['no fallbacks at all', { fallbacks: [] }, {}, { fallbacks: [] }],
    ['null as nothing', { fallbacks: null, timeout: null }, {}, { fallbacks: undefined, timeoutMs: undefined }],
    ['disable_fallbacks', { disable_fallbacks: true }, {}, { disableFallbacks: true }],
    ['num_retries', { num_retries: 3 }, {}, { retries: 3 }],
    ['num_retries, bounded', { num_retries: 1e9 }, {}, { retries: 20 }],
    ['timeout in seconds', { timeout: 2.5 }, {}, { timeoutMs: 2_500 }],
    ['timeout as text', { timeout: '3' }, {}, { timeoutMs: 3_000 }],
    ['timeout 0 as none', { timeout: 0 }, {}, { timeoutMs: undefined }],
    ['stream_timeout', { stream_timeout: 4 }, {}, { firstTokenTimeoutMs: 4_000 }],
    [
      'a header before the body',
      { timeout: 1, num_retries: 1 },
      { 'x-litellm-timeout': '9', 'x-litellm-num-retries': '0' },
      { timeoutMs: 9_000, retries: 0 },
    ],
    ['the stream header', {}, { 'x-litellm-stream-timeout': '2' }, { firstTokenTimeoutMs: 2_000 }],
  ])('reads %s', (_what, body, headers, expected) => {
    expect(controlsOf(body, headers)).toMatchObject(expected)
  })

  it('reads tags from everywhere, each once', () => {
    const headers = { 'x-litellm-tags': 'c, a ,,d' }
    expect(tagsOf({ tags: ['a', 'b'], metadata: { tags: ['b', 'e', 5] } }, headers)).toEqual(['a', 'b', 'e', 'c', 'd'])
  })

  it("leaves OpenAI's own metadata alone", () => {
    expect(tagsOf({ metadata: { tags: 'text', team: 'x' } })).toEqual([])
  })

  it.each<[string, JsonObject]>([
    ['timeout', { timeout: 'soon' }],
    ['timeout', { timeout: -1 }],
    ['timeout', { timeout: '' }],
    ['stream_timeout', { stream_timeout: {} }],
    ['num_retries', { num_retries: [1] }],
    ['fallbacks', { fallbacks: 'a' }],
    ['fallbacks', { fallbacks: [1] }],
    ['fallbacks', { fallbacks: Array.from({ length: 51 }, () => 'a') }],
    ['tags', { tags: 'a' }],
  ])('refuses a wrong %s, by name: %j', (name, body) => {
    const read = readControls(body, {})
    expect(read).toMatchObject({ kind: 'invalid-request', status: 400 })
    expect(isFailure(read) ? read.message : '').toContain(name)
  })
})
