import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { remedyFor, type Failure, type FailureKind } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { openaiErrors } from './openai-error.ts'
import { readWireError } from './openai-wire-error.ts'

const failure = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({
  kind,
  message: 'It broke. Mend it.',
  ...more,
})

describe('errors for OpenAI clients', () => {
  it.each<[FailureKind, Partial<Failure>, number, string]>([
    ['unauthorized', {}, 401, 'invalid_api_key'],
    ['model-not-allowed', {}, 403, 'model_not_allowed'],
    ['unknown-model', {}, 404, 'model_not_found'],
    ['model-missing', { status: 404 }, 404, 'model_not_found'],
    ['context-length', { status: 500 }, 400, 'context_length_exceeded'],
    ['request-too-large', {}, 413, 'request_too_large'],
    ['limit-exceeded', {}, 429, 'rate_limit_exceeded'],
    ['quota', { status: 402 }, 429, 'insufficient_quota'],
    ['rate-limited', { status: 429 }, 429, 'rate_limit_exceeded'],
    ['overloaded', { status: 529 }, 503, 'upstream_overloaded'],
    ['no-target', {}, 503, 'no_target_available'],
    ['shutting-down', {}, 503, 'shutting_down'],
    ['unreachable', {}, 502, 'upstream_unreachable'],
    ['bad-reply', { status: 200 }, 502, 'upstream_bad_reply'],
    ['server-error', { status: 500 }, 500, 'upstream_error'],
    ['server-error', { status: 522 }, 502, 'upstream_error'],
    ['first-token-timeout', {}, 504, 'upstream_timeout'],
    ['upstream-timeout', { status: 408 }, 504, 'upstream_timeout'],
    ['bad-request', { status: 422, code: 'theirs' }, 422, 'theirs'],
    ['invalid-request', { status: 415, code: 'unsupported_media_type' }, 415, 'unsupported_media_type'],
  ])('%s %j is %i %s', (kind, more, status, code) => {
    const reply = openaiErrors.error(failure(kind, more))
    expect(reply).toMatchObject({ status, body: { error: { message: 'It broke. Mend it.', code } } })
  })

  it('never makes an upstream key look like the client key', () => {
    const reply = openaiErrors.error(
      failure('unauthorized-upstream', { status: 401, code: 'invalid_api_key', type: 'authentication_error' }),
    )
    expect(reply.status).toBe(502)
    expect(JSON.stringify(reply.body)).not.toMatch(/invalid_api_key|authentication/)
  })

  it('names the field at fault', () => {
    expect(openaiErrors.error(failure('invalid-request', { param: 'messages[0].role' })).body).toMatchObject({
      error: { type: 'invalid_request_error', param: 'messages[0].role', code: null },
    })
  })

  it('passes on how long to wait, in both units', () => {
    const { headers } = openaiErrors.error(failure('rate-limited', { retryAfterMs: 1_200 }))
    expect(headers).toEqual({ 'retry-after': '2', 'retry-after-ms': '1200' })
  })

  it.each<[FailureKind, Partial<Failure>, number]>([
    ['rate-limited', { retryAfterMs: 1 }, 2],
    ['overloaded', { retryAfterMs: 1 }, 2],
    ['rate-limited', { retryAfterMs: 90_000 }, 1],
    ['no-target', { retryAfterMs: 1 }, 2],
    ['no-target', {}, 1],
    ['quota', { retryAfterMs: 1 }, 1],
    ['unauthorized-upstream', {}, 1],
    ['total-timeout', {}, 1],
    ['invalid-request', {}, 1],
  ])('%s %j is asked %i time(s) by a library that may retry once', async (kind, more, times) => {
    const reply = openaiErrors.error(failure(kind, more))
    let asked = 0
    const answer = (): Promise<Response> => {
      asked += 1
      return Promise.resolve(new Response(JSON.stringify(reply.body), { status: reply.status, headers: reply.headers }))
    }
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', fetch: answer, maxRetries: 1 })
    await expect(client.models.list()).rejects.toMatchObject({ status: reply.status })
    expect(asked).toBe(times)
  })

  it('has an error status for every kind', () => {
    const kinds = Object.keys(remedyFor).filter((kind): kind is FailureKind => kind in remedyFor)
    const statuses = kinds.map((kind) => openaiErrors.error(failure(kind)).status)
    expect(statuses.every((status) => status >= 400 && status < 600)).toBe(true)
  })
})

describe('an error inside a reply', () => {
  it.each<[object, FailureKind]>([
    [{ message: 'The server had an error', type: 'server_error', code: null }, 'server-error'],
    [{ message: 'Rate limit reached', type: 'tokens', code: 'rate_limit_exceeded' }, 'rate-limited'],
    [{ message: 'Provider returned error', code: 429 }, 'rate-limited'],
    [{ message: 'x', code: '503' }, 'overloaded'],
    [{ message: 'Our servers are currently overloaded.', type: 'service_unavailable_error' }, 'overloaded'],
    [{ message: 'You exceeded your current quota', type: 'insufficient_quota', code: 429 }, 'quota'],
    [
      { message: "This model's maximum context length is 10 tokens", type: 'BadRequestError', code: 400 },
      'context-length',
    ],
    [
      { message: 'the request exceeds the available context size', type: 'exceed_context_size_error', code: 400 },
      'context-length',
    ],
    [{ message: 'x', code: 'content_filter' }, 'content-policy'],
    [{ message: 'no', status_code: 401 }, 'unauthorized-upstream'],
    [{ message: 'no', code: 'model_not_found', type: 'invalid_request_error' }, 'model-missing'],
    [{ message: 'Tool choice is required', type: 'invalid_request_error', status_code: 400 }, 'bad-request'],
  ])('%j is %s', (error, kind) => {
    expect(readWireError({ error: { ...error } })).toMatchObject({ kind })
  })

  it.each([[{ error: null }], [{ error: '' }], [{ choices: [] }], [{}]])('is not seen in %j', (reply) => {
    expect(readWireError(reply)).toBeUndefined()
  })

  it('is bounded and always has a message', () => {
    expect(readWireError({ error: { message: 'x'.repeat(9_999) } })?.message.length).toBeLessThan(
      limits.upstreamMessageChars + 10,
    )
    expect(readWireError({ error: {} })?.message).toMatch(/without a message/)
  })
})
