import { describe, expect, it } from 'vitest'
import { fixtureNames, readFixture, readText, secrets } from './__fixtures__/fixtures.ts'
import { type NativeText, writeNative } from './write-native.ts'

describe('writeNative', () => {
  it('keeps references, and moves keys out of the file', () => {
    const { text, moved } = written(`model_list:
  - model_name: a
    litellm_params: {model: openai/a, api_key: os.environ/OPENAI_API_KEY}
  - model_name: b
    litellm_params: {model: openai/b, api_key: sk-literal, extra_headers: {Authorization: Basic abc, X-Team: blue}}
general_settings: {master_key: sk-1234}`)
    expect(text).toContain('key: os.environ/OPENAI_API_KEY')
    expect(text).toContain('x-team: blue')
    expect([...moved].map(([name, secret]) => [name, secret.reveal()])).toEqual([
      ['SPILLWAY_KEYS_MASTER', 'sk-1234'],
      ['SPILLWAY_PROVIDERS_OPENAI_2_KEY', 'sk-literal'],
      ['SPILLWAY_MODELS_B_TARGETS_HEADERS_AUTHORIZATION', 'Basic abc'],
    ])
    for (const name of moved.keys()) expect(text).toContain(`#   ${name}\n`)
  })

  it('leaves a stand-in for a key where it is', () => {
    const { text, moved } = written(
      'model_list: [{model_name: a, litellm_params: {model: openai/a, api_base: "http://localhost:8080/v1", api_key: dummy}}]',
    )
    expect(text).toContain('key: dummy')
    expect(moved.size).toBe(0)
  })

  it('writes the short form of what says one thing', () => {
    const { text } = written(
      'models: {a: {targets: [{use: ollama/a}]}}\naliases: {b: {model: a}}\nrouting: {retries: {count: 1}}',
    )
    expect(text).toContain('  a: ollama/a\n')
    expect(text).toContain('  b: a\n')
    expect(text).toContain('  retries: 1\n')
  })

  it('lists what could not be carried over', () => {
    expect(written('litellm_settings: {cache: true}').text).toMatch(
      /# {3}config\.yaml:1:20 "cache" under litellm_settings/,
    )
  })

  it.each(fixtureNames)('%s: no secret is in the text', (name) => {
    const result = readFixture(name)
    const text = result.ok
      ? writeNative(result.draft, { ...result, from: name, warnings: result.config.warnings }).text
      : ''
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  })
})

function written(source: string): NativeText {
  const result = readText(source)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
  return writeNative(result.draft, { from: 'config.yaml', warnings: result.config.warnings, exports: result.exports })
}
