import { describe, expect, it } from 'vitest'
import type { FailureKind } from '../contract/failure.ts'
import { failureInReply, upstreamFailure } from './upstream-failure.ts'

const upstream = { label: 'Acme', keyEnv: ['ACME_API_KEY'] }

const errors: readonly { name: string; status: number; body: unknown; kind: FailureKind; says: string }[] = [
  {
    name: 'OpenAI',
    status: 400,
    body: { error: { message: 'Bad thing', type: 'invalid_request_error', param: 'x', code: null } },
    kind: 'bad-request',
    says: 'Bad thing',
  },
  {
    name: 'OpenAI, unknown parameter',
    status: 400,
    body: { error: { message: "'max_tokens' is not supported", code: 'unsupported_parameter' } },
    kind: 'unsupported',
    says: 'max_tokens',
  },
  {
    name: 'OpenAI, too long',
    status: 400,
    body: {
      error: { message: "This model's maximum context length is 8192 tokens.", code: 'context_length_exceeded' },
    },
    kind: 'context-length',
    says: '8192',
  },
  {
    name: 'OpenAI, empty account',
    status: 429,
    body: { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } },
    kind: 'quota',
    says: 'current quota',
  },
  {
    name: 'Google, too fast',
    status: 429,
    body: [{ error: { code: 429, message: 'You exceeded your current quota', status: 'RESOURCE_EXHAUSTED' } }],
    kind: 'rate-limited',
    says: 'current quota',
  },
  {
    name: 'DeepSeek, empty account',
    status: 402,
    body: { error: { message: 'Insufficient Balance', type: 'unknown_error' } },
    kind: 'quota',
    says: 'Insufficient Balance',
  },
  {
    name: 'Azure, filtered',
    status: 400,
    body: {
      error: {
        message: 'The response was filtered',
        code: 'content_filter',
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      },
    },
    kind: 'content-policy',
    says: 'filtered',
  },
  {
    name: 'xAI',
    status: 400,
    body: { code: 'Client specified an invalid argument', error: 'Model not found: grok-9' },
    kind: 'model-missing',
    says: 'grok-9',
  },
  {
    name: 'Hugging Face',
    status: 401,
    body: { error: 'Invalid username or password.' },
    kind: 'unauthorized-upstream',
    says: 'ACME_API_KEY',
  },
  {
    name: 'TGI, too long',
    status: 422,
    body: {
      error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 1512',
      error_type: 'validation',
    },
    kind: 'context-length',
    says: '1512',
  },
  {
    name: 'vLLM',
    status: 400,
    body: {
      error: { message: "However, the model's context length is only 4096 tokens", type: 'BadRequestError', code: 400 },
    },
    kind: 'context-length',
    says: '4096',
  },
  {
    name: 'vLLM, older',
    status: 404,
    body: { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', code: 404 },
    kind: 'model-missing',
    says: '`x`',
  },
  {
    name: 'llama.cpp, loading',
    status: 503,
    body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
    kind: 'overloaded',
    says: 'Loading',
  },
  {
    name: 'Ollama, no tools',
    status: 400,
    body: { error: 'registry.ollama.ai/library/phi:latest does not support tools' },
    kind: 'unsupported',
    says: 'tools',
  },
  {
    name: 'Ollama, too long',
    status: 500,
    body: { error: 'prompt too long; exceeded max context length by 12 tokens' },
    kind: 'context-length',
    says: 'prompt too long',
  },
  {
    name: 'FastAPI',
    status: 422,
    body: { detail: [{ loc: ['body', 'messages', 0], msg: 'field required', type: 'value_error' }] },
    kind: 'bad-request',
    says: 'messages.0: field required',
  },
  {
    name: 'Mistral, key',
    status: 401,
    body: { detail: 'Invalid API Key' },
    kind: 'unauthorized-upstream',
    says: 'Invalid API Key',
  },
  {
    name: 'Mistral, nested',
    status: 422,
    body: { object: 'error', message: { detail: [{ loc: ['body', 'n'], msg: 'Extra inputs are not permitted' }] } },
    kind: 'bad-request',
    says: 'n: Extra inputs',
  },
  {
    name: 'Mistral, model',
    status: 400,
    body: { object: 'error', message: 'Invalid model: foo', type: 'invalid_model', code: '1500' },
    kind: 'model-missing',
    says: 'foo',
  },
  {
    name: 'Mistral, edge',
    status: 429,
    body: { message: 'Requests rate limit exceeded' },
    kind: 'rate-limited',
    says: 'rate limit',
  },
  {
    name: 'NVIDIA',
    status: 404,
    body: { status: 404, title: 'Not Found', detail: 'Function x: Not found' },
    kind: 'model-missing',
    says: 'Function x',
  },
  {
    name: 'OpenRouter',
    status: 429,
    body: { error: { code: 429, message: 'Provider returned error', metadata: { raw: 'busy upstream' } } },
    kind: 'rate-limited',
    says: 'busy upstream',
  },
  {
    name: 'Groq, too large',
    status: 413,
    body: { error: { message: 'Request too large for model', type: 'tokens', code: 'rate_limit_exceeded' } },
    kind: 'request-too-large',
    says: 'too large',
  },
  {
    name: 'plain text',
    status: 422,
    body: 'Failed to deserialize the JSON body: messages',
    kind: 'bad-request',
    says: 'Failed to deserialize',
  },
  {
    name: 'a web page from a proxy',
    status: 502,
    body: '<!DOCTYPE html><title>Bad gateway</title>',
    kind: 'server-error',
    says: '"Bad gateway"',
  },
  {
    name: 'a web page from a wrong address',
    status: 404,
    body: '<html><h1>Not found</h1></html>',
    kind: 'bad-reply',
    says: 'base URL',
  },
  { name: 'nothing', status: 500, body: '', kind: 'server-error', says: 'without a body' },
  { name: 'a redirect', status: 302, body: '', kind: 'bad-reply', says: 'https://login.test/x' },
]

describe('upstreamFailure', () => {
  it.each(errors)('$name', ({ status, body, kind, says }) => {
    const head = { status, headers: status === 302 ? { location: 'https://login.test/x?token=s3cr3t' } : {} }
    const failure = upstreamFailure(upstream, head, typeof body === 'string' ? body : JSON.stringify(body))
    expect(failure.kind).toBe(kind)
    expect(failure.message).toContain(says)
    expect(failure.message).not.toContain('s3cr3t')
    expect(failure.message).not.toMatch(/<\w/)
    expect(failure.status).toBe(status)
  })

  it.each([
    [{ 'retry-after': '7' }, 'x', 7_000],
    [{ 'retry-after-ms': '120', 'retry-after': '7' }, 'x', 120],
    [{ 'retry-after-ms': '0', 'retry-after': '1' }, 'x', 1_000],
    [{ 'retry-after': 'Tue, 01 Sep 2026 10:00:30 GMT', date: 'Tue, 01 Sep 2026 10:00:00 GMT' }, 'x', 30_000],
    [{ 'retry-after': 'soon' }, 'x', undefined],
    [{}, 'Please try again in 2.5s.', 2_500],
    [{}, 'Please try again in 1m2.5s. Visit', 62_500],
    [{}, 'Try again in 28ms', 28],
    [{}, 'Please retry after 86400 seconds.', 86_400_000],
    [{}, 'You can try again in a while', undefined],
  ])('reads how long to wait from %j and "%s"', (headers, message, expected) => {
    const failure = upstreamFailure(upstream, { status: 429, headers }, JSON.stringify({ error: { message } }))
    expect(failure.retryAfterMs).toBe(expected)
  })

  it('reads the delay that Google puts into the body', () => {
    const error = { code: 429, message: 'slow down', details: [{ '@type': 'x/RetryInfo', retryDelay: '48s' }] }
    expect(upstreamFailure(upstream, { status: 429, headers: {} }, JSON.stringify({ error })).retryAfterMs).toBe(48_000)
  })

  it.each([
    'Incorrect API key provided: sk-proj-abcdefghijklmnop1234.',
    'Invalid token: abcdefghijklmnop1234',
    'header was Authorization: Bearer abcdefghijklmnop1234',
    'key=AIzaSyabcdefghijklmnop1234',
    '{"api_key": "abcdefghijklmnop1234"}',
    'gsk_abcdefghijklmnop1234 is not valid',
  ])('keeps a key out of its message: %s', (message) => {
    const failure = upstreamFailure(upstream, { status: 401, headers: {} }, JSON.stringify({ error: { message } }))
    expect(failure.message).not.toContain('abcdefghijklmnop1234')
    expect(failure.message).toContain('[secret]')
  })

  it('keeps what only looks like a key', () => {
    const message = 'Used token: 30000 of model gpt-4o-2024-08-06 (request 500d9fff2057e4af93a280f67002c342)'
    expect(
      upstreamFailure(upstream, { status: 400, headers: {} }, JSON.stringify({ error: { message } })).message,
    ).toBe(message)
  })

  it('bounds what it repeats', () => {
    const failure = upstreamFailure(
      upstream,
      { status: 400, headers: {} },
      JSON.stringify({ error: { message: 'x'.repeat(50_000) } }),
    )
    expect(failure.message.length).toBeLessThan(2_100)
  })
})

describe('failureInReply', () => {
  it.each([
    [{ error: { message: 'm', type: 'server_error' } }, 'server-error', 500],
    [{ error: { message: 'm', code: 429 } }, 'rate-limited', 429],
    [{ error: { message: 'm', type: 'rate_limit_exceeded' } }, 'rate-limited', 429],
    [{ error: { message: 'm', type: 'invalid_request_error', status_code: 400 } }, 'bad-request', 400],
    [{ error: { message: 'm', type: 'overloaded_error' } }, 'overloaded', 503],
    [{ error: 'm' }, 'server-error', 500],
    [{}, 'server-error', 500],
  ])('%j is %s', (json, kind, status) => {
    expect(failureInReply(upstream, json)).toMatchObject({ kind, status })
  })
})
