import { describe, expect, it } from 'vitest'
import { limits } from '../../contract/limits.ts'
import type { Target } from '../../contract/route.ts'
import { configOf, env, readText } from '../__fixtures__/fixtures.ts'
import { configReference } from './config-reference.ts'
import { sections } from './sections.ts'

describe('targets', () => {
  it('takes provider settings as a base and the target’s own over them', () => {
    const target = targetOf(
      `providers: {box: {kind: vllm, base_url: "http://192.168.1.9:8000/", params: {temperature: 1, seed: 2}, headers: {X-A: a}, rpm: 5}}
models: {m: {targets: [{use: box/org/model, params: {temperature: 0}, headers: {x-b: b}, tier: 3}]}}`,
    )
    expect(target).toMatchObject({
      id: 'box/org/model',
      provider: 'vllm',
      endpoint: 'box',
      model: 'org/model',
      locality: 'lan',
      baseUrl: 'http://192.168.1.9:8000/v1',
      tier: 3,
      rpm: 5,
      params: { defaults: { temperature: 0, seed: 2 }, extraHeaders: { 'x-a': 'a', 'x-b': 'b' } },
    })
  })

  it('numbers targets that would have the same id', () => {
    const config = configOf('models: {a: [ollama/x, ollama/x], b: ollama/x}')
    expect(config.routes.flatMap(({ targets }) => targets.map(({ id }) => id))).toEqual([
      'ollama/x',
      'ollama/x#2',
      'ollama/x#3',
    ])
  })

  it.each([
    ['ollama/x', '', limits.firstTokenTimeoutLocalMs],
    ['openai/x', '', undefined],
    ['ollama/x', 'routing: {timeouts: {first_token_ms: 5000}}', undefined],
    ['ollama/x', 'providers: {ollama: {timeouts: {first_token_ms: 7000}}}', 7_000],
  ])('%s with %j waits %s ms of its own for a first token', (use, more, firstTokenMs) => {
    expect(targetOf(`models: {m: ${use}}\n${more}`).timeouts.firstTokenMs).toBe(firstTokenMs)
  })
})

describe('where a provider is', () => {
  it.each([
    ['kind: openai, base_url: "http://localhost:1"', 'device'],
    ['kind: openai, base_url: "http://10.0.0.1:1"', 'lan'],
    ['kind: openai, base_url: "http://10.0.0.1:1", locality: cloud', 'cloud'],
    ['kind: ollama, base_url: "https://ollama.example.com"', 'cloud'],
    ['kind: ollama', 'device'],
    ['kind: openai', 'cloud'],
  ])('{%s} is %s', (settings, locality) => {
    expect(targetOf(`providers: {p: {${settings}}}\nmodels: {m: p/x}`).locality).toBe(locality)
  })
})

describe('keys', () => {
  const keyOf = (settings: string, environment?: Record<string, string>): string | undefined =>
    targetOf(`providers: {p: {${settings}}}\nmodels: {m: p/x}`, environment).key?.reveal()

  it.each([
    ['kind: openai', env.OPENAI_API_KEY],
    ['kind: openai, key: os.environ/SECOND_OPENAI_KEY', env.SECOND_OPENAI_KEY],
    ['kind: openai, key: "${SECOND_OPENAI_KEY}"', env.SECOND_OPENAI_KEY],
    ['kind: openai, key: literal', 'literal'],
    ['kind: openai, key: os.environ/NOT_SET', undefined],
    ['kind: openai, base_url: "https://api.openai.com/v1/"', env.OPENAI_API_KEY],
  ])('{%s}', (settings, key) => {
    expect(keyOf(settings)).toBe(key)
  })

  it('never sends a key from the environment to an address that is not the provider’s', () => {
    expect(keyOf('kind: openai, base_url: "https://gateway.example.com/v1"')).toBeUndefined()
    expect(keyOf('kind: openai', { ...env, OPENAI_BASE_URL: 'https://gateway.example.com/v1' })).toBe(
      env.OPENAI_API_KEY,
    )
    const { warnings } = configOf('providers: {p: {kind: openai, base_url: "https://gateway.example.com/v1"}}')
    expect(warnings).toMatchObject([
      { code: 'key-not-sent', suggestion: expect.stringContaining('os.environ/OPENAI_API_KEY') },
    ])
  })

  it('names the variable when a needed key is missing', () => {
    expect(configOf('models: {m: openai/x}', {}).warnings).toMatchObject([
      { code: 'missing-key', suggestion: expect.stringContaining('OPENAI_API_KEY') },
    ])
  })

  it('never takes the provider’s own address for one that is not known', () => {
    const config = configOf('providers: {p: {kind: openai, base_url: os.environ/NOT_SET}}\nmodels: {m: p/x}')
    expect(config.routes).toEqual([])
    expect(config.warnings.map(({ code }) => code)).toContain('missing-base-url')
  })

  it('keeps a client’s key as its hash only', () => {
    const { staticKeys } = configOf('keys: {ci: os.environ/CI_KEY}').server
    expect(staticKeys).toEqual([{ name: 'ci', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }])
  })
})

describe('names', () => {
  it('sorts patterns from the most specific to the least', () => {
    const config = configOf('models: {"*": ollama/*, "a*": ollama/*, "a-*-c": ollama/*, "a-b": ollama/x}')
    expect(config.patterns.map(({ pattern }) => pattern)).toEqual(['a-*-c', 'a*', '*'])
    expect(config.routes.map(({ name }) => name)).toEqual(['a-b'])
  })

  it.each(['fallbacks: [nobody]', 'context_fallbacks: [nobody]'])('warns of %s', (fallbacks) => {
    expect(configOf(`models: {m: {targets: ollama/x, ${fallbacks}}}`).warnings).toMatchObject([
      { code: 'unknown-model' },
    ])
  })

  it.each(['n', 'ollama/found-later', 'openai/gpt-5', 'team-x'])('does not warn of %s, which may be served', (name) => {
    const text = `models: {m: {targets: ollama/x, fallbacks: [${name}]}, n: openai/y, "team-*": ollama/*}`
    expect(configOf(text).warnings).toEqual([])
  })
})

describe('mistakes', () => {
  it.each([
    ['modle: local-only', 'unknown-key', 'Did you mean "mode"?'],
    ['providers: {openai: {api_key: x}}', 'misplaced-key', 'It belongs under providers.NAME as "key".'],
    ['routing: {max_parallel: 1}', 'misplaced-key', 'It belongs under providers.NAME or models.NAME.targets[].'],
    ['models: {m: olama/x}', 'unknown-provider', 'Did you mean "ollama"?'],
    ['providers: {p: {kind: vlm, base_url: "http://localhost:1"}}', 'unknown-provider', 'Did you mean "kind: vllm"?'],
    ['providers: {p: {kind: openai, base_url: "localhost:1"}}', 'bad-base-url', 'Write http://localhost:1'],
    ['providers: {p: {kind: vllm}}', 'missing-base-url', expect.stringContaining('base_url')],
    ['providers: {p: {kind: openai, key: keychain}}', 'bad-value', expect.stringContaining('os.environ/NAME')],
    ['providers: {p: {kind: openai, headers: {Host: x}}}', 'bad-value', undefined],
    ['models: {m: {targets: ollama/x, balance: latencey}}', 'bad-value', 'Did you mean "latency"?'],
    ['server: {origins: ["*"]}', 'bad-value', undefined],
    ['aliases: {a: b, b: a}', 'bad-value', undefined],
  ])('%s is an error', (text, code, suggestion) => {
    const result = readText(text)
    if (result.ok) throw new Error('it was accepted')
    const first = result.diagnostics.find(({ severity }) => severity === 'error')
    expect(first).toMatchObject({ code, line: 1 })
    expect(first?.suggestion).toEqual(suggestion)
  })

  it('finds all of them at once', () => {
    const result = readText('mode: x\nauth: y\nlogs: {keep_days: 0}\nserver: {port: 1.5}')
    expect(!result.ok && result.diagnostics.map(({ line }) => line)).toEqual([1, 2, 3, 4])
  })
})

describe('configReference', () => {
  it('documents every key of every section', () => {
    const reference = configReference()
    for (const [path, keys] of sections) {
      expect(reference).toContain(path === '' ? '### Top level' : `### \`${path}\``)
      for (const [name, { doc, shape }] of Object.entries(keys)) {
        expect(reference).toContain(`| \`${name}\` | ${shape} | ${doc} |`)
        expect(`${shape}${doc}`).not.toContain('|')
        expect(doc).toMatch(/\.$/)
      }
    }
  })
})

function targetOf(text: string, environment?: Record<string, string>): Target {
  const [route] = configOf(text, environment).routes
  const [target] = route?.targets ?? []
  if (target === undefined) throw new Error('there is no target')
  return target
}
