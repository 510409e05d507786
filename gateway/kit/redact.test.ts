import { describe, expect, it } from 'vitest'
import { redact } from './redact.ts'

describe('redact', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-abcdefghij1234567890.', 'Incorrect API key provided: sk-[secret]'],
    ['sk-ant-api03-AAAAAAAAAAAA refused', 'sk-[secret] refused'],
    ['Authorization: Bearer abcdef.ghijkl', 'Authorization: Bearer [secret]'],
    ['key AIzaSyA1234567890abcdefghij is invalid', 'key AIza[secret] is invalid'],
    ['token hf_abcdefghijklmnop', 'token hf_[secret]'],
    ['gsk_abcdef123456 was revoked', 'gsk_[secret] was revoked'],
    ['api_key=0123456789abcdef0123456789abcdef', 'api_key=[secret]'],
    ['{"key":"QUJDREVGR0hJSktMTU5PUFFSU1RVVg=="}', '{"key":"[secret]"}'],
    ['http://user:hunter22@host/v1', 'http://[secret]@host/v1'],
    ['Invalid token: abcdefghijklmnop1234', 'Invalid token: [secret]'],
    ['Invalid API key abcdefghijklmnopqrst1234', 'Invalid API key [secret]'],
    ['password: correcthorsebattery', 'password: [secret]'],
    ['ghs_abcdef123456 and tgp_abcdef123456', 'ghs_[secret] and tgp_[secret]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  it.each([
    'The model `llama3` does not exist. Pull it with `ollama pull llama3`.',
    'max_tokens is too large: 999999. This model supports at most 16384 completion tokens.',
    'Unknown key "temprature" in the request.',
    'Nothing listens at http://127.0.0.1:11434.',
    'Basic authentication is required.',
    'Unknown key: parallel_tool_calls_enabled',
    'Used token: 30000 of model gpt-4o-2024-08-06 (request 500d9fff2057e4af93a280f67002c342)',
    'The tokenizer_config_version_2_of_this_model is missing.',
    'The key abcdef***************3456 was refused.',
  ])('leaves alone: %s', (text) => {
    expect(redact(text)).toBe(text)
  })

  it.each([
    ['spaces after a word', `key${' '.repeat(200_000)}`],
    ['what could be a token', 'eyJ-'.repeat(50_000)],
    ['what could be an address', 'a.'.repeat(100_000)],
    ['digits that are masked', `key=${'1'.repeat(200_000)}*`],
  ])('stays linear on %s', (_name, text) => {
    expect(redact(text)).toBe(text)
  })
})
