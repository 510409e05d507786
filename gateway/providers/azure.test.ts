import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { Provider, VerbatimRoute } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { Secret } from '../contract/secret.ts'
import { azure, azureAi } from './azure.ts'
import { testTarget } from './test/test-target.ts'

const chat: ChatRequest = {
  model: 'any',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }], name: undefined }],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  sampling: { maxOutputTokens: 99 },
  format: undefined,
  reasoning: undefined,
  user: undefined,
  prefill: undefined,
  extra: {},
}

/** A target at an address as a person would give it. */
function targetAt(provider: Provider, given: string, changes: Partial<Target> = {}): Target {
  const baseUrl = provider.normaliseBaseUrl?.(given) ?? given
  return { ...testTarget(provider), baseUrl, model: 'my-gpt', ...changes }
}

/** The whole URL of a route, as it would be asked. */
function urlOf(target: Target, route: VerbatimRoute): string | undefined {
  const provider = target.provider === 'azure' ? azure : azureAi
  const path = provider.verbatim[route]
  const written = typeof path === 'function' ? path(target) : path
  return written === undefined ? undefined : target.baseUrl + written
}

describe('the addresses of Azure', () => {
  const classic = 'https://acme.openai.azure.com/openai/deployments/my-gpt'
  it.each([
    'https://acme.openai.azure.com',
    'https://acme.openai.azure.com/',
    'https://acme.openai.azure.com/openai',
    'https://acme.openai.azure.com/openai/',
    'https://acme.openai.azure.com/openai/deployments',
    'https://acme.openai.azure.com/openai/deployments/my-gpt',
    'https://acme.openai.azure.com/openai/deployments/my-gpt/chat/completions',
    'https://acme.openai.azure.com/openai/deployments/my-gpt/embeddings/',
  ])('%s leads to the deployment', (given) => {
    const target = targetAt(azure, given)
    expect(urlOf(target, 'chat/completions')).toBe(`${classic}/chat/completions?api-version=2025-02-01-preview`)
    expect(urlOf(target, 'embeddings')).toBe(`${classic}/embeddings?api-version=2025-02-01-preview`)
    expect(azure.normaliseBaseUrl?.(target.baseUrl)).toBe(target.baseUrl)
  })

  it('keeps a version that stands in the address itself', () => {
    const given = `${classic}/chat/completions?api-version=2024-06-01`
    const target = targetAt(azure, given)
    expect(target.baseUrl).toBe(`${classic}?api-version=2024-06-01`)
    const path = azure.verbatim['chat/completions']
    expect(typeof path === 'function' && path(target)).toBe('/chat/completions')
  })

  it('is not misled by the name of a deployment', () => {
    const given = 'https://acme.openai.azure.com/openai/deployments/embeddings'
    expect(azure.normaliseBaseUrl?.(given)).toBe(given)
    expect(azure.normaliseBaseUrl?.(`${given}/embeddings`)).toBe(given)
  })

  it.each<[string, string, VerbatimRoute, Readonly<Record<string, string>>, string | undefined]>([
    [
      'azure',
      'https://a.openai.azure.com',
      'chat/completions',
      { api_version: '2024-10-21' },
      '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
    ],
    [
      'azure',
      'https://a.openai.azure.com',
      'completions',
      {},
      '/openai/deployments/my-gpt/completions?api-version=2025-02-01-preview',
    ],
    [
      'azure',
      'https://a.openai.azure.com',
      'audio/speech',
      {},
      '/openai/deployments/my-gpt/audio/speech?api-version=2025-02-01-preview',
    ],
    [
      'azure',
      'https://a.openai.azure.com',
      'images/edits',
      {},
      '/openai/deployments/my-gpt/images/edits?api-version=2025-02-01-preview',
    ],
    ['azure', 'https://a.openai.azure.com', 'responses', {}, '/openai/v1/responses'],
    [
      'azure',
      'https://a.openai.azure.com',
      'responses',
      { api_version: '2025-04-01-preview' },
      '/openai/responses?api-version=2025-04-01-preview',
    ],
    [
      'azure',
      'https://a.openai.azure.com',
      'chat/completions',
      { api_version: 'v1' },
      '/openai/v1/chat/completions?api-version=v1',
    ],
    [
      'azure',
      'https://a.openai.azure.com',
      'responses',
      { api_version: 'preview' },
      '/openai/v1/responses?api-version=preview',
    ],
    ['azure', 'https://a.openai.azure.com/openai/v1/', 'chat/completions', {}, '/openai/v1/chat/completions'],
    // A date that was meant for another resource is refused by this interface.
    [
      'azure',
      'https://a.openai.azure.com/openai/v1',
      'responses',
      { api_version: '2024-10-21' },
      '/openai/v1/responses',
    ],
    ['azure', 'https://a.openai.azure.com/openai/v1/responses', 'embeddings', {}, '/openai/v1/embeddings'],
    ['azure', 'https://a.openai.azure.com/openai/deployments/d', 'responses', {}, undefined],
    [
      'azure',
      'https://gate.acme.com/llm',
      'chat/completions',
      {},
      '/llm/openai/deployments/my-gpt/chat/completions?api-version=2025-02-01-preview',
    ],
    [
      'azure_ai',
      'https://a.services.ai.azure.com',
      'chat/completions',
      {},
      '/models/chat/completions?api-version=2024-05-01-preview',
    ],
    [
      'azure_ai',
      'https://a.services.ai.azure.com/models',
      'chat/completions',
      {},
      '/models/chat/completions?api-version=2024-05-01-preview',
    ],
    [
      'azure_ai',
      'https://a.services.ai.azure.com/models/chat/completions',
      'embeddings',
      {},
      '/models/embeddings?api-version=2024-05-01-preview',
    ],
    ['azure_ai', 'https://a.services.ai.azure.com', 'responses', {}, '/openai/v1/responses'],
    ['azure_ai', 'https://a.services.ai.azure.com', 'completions', {}, undefined],
    ['azure_ai', 'https://a.services.ai.azure.com/openai/v1', 'chat/completions', {}, '/openai/v1/chat/completions'],
    [
      'azure_ai',
      'https://m.eastus2.models.ai.azure.com',
      'chat/completions',
      {},
      '/chat/completions?api-version=2024-05-01-preview',
    ],
    ['azure_ai', 'https://m.eastus2.models.ai.azure.com/v1', 'chat/completions', {}, '/v1/chat/completions'],
    [
      'azure_ai',
      'https://a.openai.azure.com',
      'chat/completions',
      {},
      '/openai/deployments/my-gpt/chat/completions?api-version=2025-02-01-preview',
    ],
  ])('%s at %s serves %s with %j', (id, given, route, settings, expected) => {
    const target = targetAt(id === 'azure' ? azure : azureAi, given, { settings })
    const url = urlOf(target, route)
    expect(url?.replace(/^https:\/\/[^/]+/, '')).toBe(expected)
  })

  it('writes a deployment of any name into the path', () => {
    const target = targetAt(azure, 'https://a.openai.azure.com', { model: 'o_series/my gpt#1' })
    expect(urlOf(target, 'embeddings')).toContain('/deployments/my%20gpt%231/embeddings')
    expect(azure.verbatimEdits?.({}, 'embeddings', target)).toEqual({ model: 'my gpt#1' })
  })
})

describe('the credentials of Azure', () => {
  const secrets = { azure_ad_token: new Secret('a-token-of-entra') }
  const at = (changes: Partial<Target>): Target => targetAt(azure, 'https://a.openai.azure.com', changes)

  it('are a key in a header of its own', () => {
    expect(azure.headers(at({ secrets }))).toEqual({ 'api-key': 'test-key' })
    expect(azure.signing?.(at({}))).toBeUndefined()
  })

  it('are a bearer at the endpoint of a single model', () => {
    const target = targetAt(azureAi, 'https://m.models.ai.azure.com/v1')
    expect(azureAi.headers(target)).toEqual({ authorization: 'Bearer test-key' })
  })

  it('are a token that was given', () => {
    const target = at({ key: undefined, secrets })
    expect(azure.headers(target)).toEqual({ authorization: 'Bearer a-token-of-entra' })
    expect(azure.signing?.(target)).toBeUndefined()
  })

  it('are an identity where there is neither, but only for Microsoft unless a scope was stated', () => {
    const scope = 'https://cognitiveservices.azure.com/.default'
    expect(azure.headers(at({ key: undefined }))).toEqual({})
    expect(azure.signing?.(at({ key: undefined }))).toEqual({ kind: 'azure-entra', scope })
    const elsewhere = { key: undefined, baseUrl: 'https://openai.azure.com.evil.example' }
    expect(azure.signing?.(at(elsewhere))).toBeUndefined()
    const stated = at({ ...elsewhere, settings: { scope: 'api://mine/.default' } })
    expect(azure.signing?.(stated)).toEqual({ kind: 'azure-entra', scope: 'api://mine/.default' })
  })
})

describe('chat at Azure', () => {
  const bodyOf = (target: Target): Record<string, unknown> => {
    const request = azure.chat?.request(chat, target, { stream: true })
    if (request === undefined || isFailure(request)) throw new Error('no request')
    return JSON.parse(request.body)
  }
  const at = (changes: Partial<Target>): Target => targetAt(azure, 'https://a.openai.azure.com', changes)

  it.each([
    ['my-gpt', '2024-10-21', 'max_tokens'],
    ['my-gpt', '2025-02-01-preview', 'max_completion_tokens'],
    ['o3-mini', '2024-10-21', 'max_completion_tokens'],
    ['gpt5_series/mine', '2024-10-21', 'max_completion_tokens'],
  ])('%s in version %s is limited by %s', (model, version, key) => {
    expect(bodyOf(at({ model, settings: { api_version: version } }))).toHaveProperty(key, 99)
  })

  it('asks over Responses where the configuration says so', () => {
    const target = at({ model: 'responses/my-codex' })
    const request = azure.chat?.request(chat, target, { stream: false })
    if (request === undefined || isFailure(request)) throw new Error('no request')
    expect(request.path).toBe('/openai/v1/responses')
    expect(JSON.parse(request.body)).toMatchObject({ model: 'my-codex', max_output_tokens: 99, store: false })
    expect(urlOf(target, 'chat/completions')).toBeUndefined()
    expect(urlOf(target, 'responses')).toBe('https://a.openai.azure.com/openai/v1/responses')
    expect(azure.verbatimEdits?.({}, 'responses', target)).toEqual({ model: 'my-codex' })
  })

  it('says what to do where an address has no such route', () => {
    const target = at({ model: 'responses/x', baseUrl: 'https://a.openai.azure.com/openai/deployments/d' })
    expect(azure.chat?.request(chat, target, { stream: false })).toMatchObject({ kind: 'unsupported' })
  })
})
