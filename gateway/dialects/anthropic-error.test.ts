import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { remedyFor, type Failure, type FailureKind } from '../contract/failure.ts'
import { anthropicErrors } from './anthropic-error.ts'

const failure = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({
  kind,
  message: 'It broke. Mend it.',
  ...more,
})

describe('errors for Anthropic clients', () => {
  it.each<[FailureKind, Partial<Failure>, number, string]>([
    ['unauthorized', {}, 401, 'authentication_error'],
    ['model-not-allowed', {}, 403, 'permission_error'],
    ['unknown-model', {}, 404, 'not_found_error'],
    ['model-missing', { status: 404 }, 404, 'not_found_error'],
    ['context-length', { status: 500 }, 400, 'invalid_request_error'],
    ['request-too-large', {}, 413, 'request_too_large'],
    ['limit-exceeded', {}, 429, 'rate_limit_error'],
    ['quota', { status: 429 }, 402, 'billing_error'],
    ['rate-limited', { status: 429 }, 429, 'rate_limit_error'],
    ['overloaded', { status: 503 }, 529, 'overloaded_error'],
    ['no-target', {}, 503, 'overloaded_error'],
    ['unreachable', {}, 502, 'api_error'],
    ['server-error', { status: 500 }, 500, 'api_error'],
    ['server-error', { status: 522 }, 502, 'api_error'],
    ['first-token-timeout', {}, 504, 'timeout_error'],
    ['bad-request', { status: 422 }, 422, 'invalid_request_error'],
    ['unauthorized-upstream', { status: 401, type: 'authentication_error' }, 502, 'api_error'],
  ])('%s %j is %i %s', (kind, more, status, type) => {
    const reply = anthropicErrors.error(failure(kind, more))
    if (kind === 'context-length') expect(reply.body).toMatchObject({ type: 'error', error: { type } })
    else expect(reply.body).toEqual({ type: 'error', error: { type, message: 'It broke. Mend it.' } })
    expect(reply.status).toBe(status)
  })

  it.each([
    ['Too many tokens.', 'prompt is too long: Too many tokens.'],
    ['prompt is too long: 3 tokens > 2 maximum', 'prompt is too long: 3 tokens > 2 maximum'],
    ['Prompt is too long', 'Prompt is too long'],
  ])('says in the words that clients look for that a prompt is too long: %s', (message, said) => {
    const reply = anthropicErrors.error(failure('context-length', { message }))
    expect(reply.body).toMatchObject({ error: { message: said } })
  })

  it('names what is wrong with a thread where the SDK looks for it, so that it sends the whole conversation', () => {
    const reply = anthropicErrors.error(failure('bad-request', { status: 404, code: 'thread_not_found' }))
    expect(reply.status).toBe(404)
    expect(reply.body).toMatchObject({ error: { details: { error_code: 'thread_not_found' } } })
    const other = anthropicErrors.error(failure('bad-request', { status: 400, code: 'rate_limited' }))
    expect(JSON.stringify(other.body)).not.toContain('details')
  })

  it('passes on how long to wait, in both units', () => {
    const { headers } = anthropicErrors.error(failure('rate-limited', { retryAfterMs: 1_200 }))
    expect(headers).toEqual({ 'retry-after': '2', 'retry-after-ms': '1200' })
  })

  it.each<[FailureKind, Partial<Failure>, number, keyof typeof Anthropic]>([
    ['rate-limited', { retryAfterMs: 1 }, 2, 'RateLimitError'],
    ['overloaded', { retryAfterMs: 1 }, 2, 'InternalServerError'],
    ['rate-limited', { retryAfterMs: 90_000 }, 1, 'RateLimitError'],
    ['no-target', {}, 1, 'InternalServerError'],
    ['quota', { retryAfterMs: 1 }, 1, 'APIError'],
    ['unauthorized-upstream', {}, 1, 'InternalServerError'],
    ['unauthorized', {}, 1, 'AuthenticationError'],
    ['model-not-allowed', {}, 1, 'PermissionDeniedError'],
    ['unknown-model', {}, 1, 'NotFoundError'],
    ['invalid-request', {}, 1, 'BadRequestError'],
  ])(
    '%s %j is asked %i time(s) by a library that may retry once, and raised as %s',
    async (kind, more, times, name) => {
      const reply = anthropicErrors.error(failure(kind, more))
      let asked = 0
      const answer = (): Promise<Response> => {
        asked += 1
        return Promise.resolve(
          new Response(JSON.stringify(reply.body), { status: reply.status, headers: reply.headers }),
        )
      }
      const client = new Anthropic({ apiKey: 'k', baseURL: 'http://localhost', fetch: answer, maxRetries: 1 })
      const raised: unknown = await client.models.list().catch((error: unknown) => error)
      expect(raised).toBeInstanceOf(Anthropic[name])
      expect(raised).toMatchObject({ status: reply.status, message: expect.stringContaining('It broke. Mend it.') })
      expect(asked).toBe(times)
    },
  )

  it('has an error status for every kind', () => {
    const kinds = Object.keys(remedyFor).filter((kind): kind is FailureKind => kind in remedyFor)
    const statuses = kinds.map((kind) => anthropicErrors.error(failure(kind)).status)
    expect(statuses.every((status) => status >= 400 && status < 600)).toBe(true)
  })
})
