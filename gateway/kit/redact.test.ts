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
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  it.each([
    'The model `llama3` does not exist. Pull it with `ollama pull llama3`.',
    'max_tokens is too large: 999999. This model supports at most 16384 completion tokens.',
    'Unknown key "temprature" in the request.',
    'Nothing listens at http://127.0.0.1:11434.',
  ])('leaves alone: %s', (text) => {
    expect(redact(text)).toBe(text)
  })
})
