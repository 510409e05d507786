import { describe, expect, it } from 'vitest'
import { candidates, isLoopback } from './candidates.ts'

const first = (env: Record<string, string>): string | undefined => candidates({ env, extra: [], ownPort: undefined })[0]

describe('candidates', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:11500', 'http://127.0.0.1:11500'],
    [':11500', 'http://127.0.0.1:11500'],
    ['localhost:11500', 'http://127.0.0.1:11500'],
    ['[::]:11500', 'http://127.0.0.1:11500'],
    ['::', 'http://127.0.0.1:11434'],
    ['::1', 'http://[::1]:11434'],
    ['"192.168.1.20"', 'http://192.168.1.20:11434'],
    ['http://gpu-box:8443/ollama/', 'http://gpu-box:8443/ollama'],
    ['https://ollama.example', 'https://ollama.example'],
    ['  ', 'http://127.0.0.1:11434'],
    ['not a host', 'http://127.0.0.1:11434'],
    ['ftp://gpu-box', 'http://127.0.0.1:11434'],
  ])('OLLAMA_HOST=%s', (stated, expected) => {
    expect(first({ OLLAMA_HOST: stated })).toBe(expected)
  })

  it.each([
    [{ LEMONADE_PORT: '14000' }, 'http://127.0.0.1:14000'],
    [{ LLAMA_ARG_PORT: '9000' }, 'http://127.0.0.1:9000'],
    [{ LLAMA_ARG_PORT: '70000' }, 'http://127.0.0.1:11434'],
    [{ LEMONADE_PORT: 'x' }, 'http://127.0.0.1:11434'],
  ])('%j', (env, expected) => {
    expect(first(env)).toBe(expected)
  })

  it('names each address once, and only loopback unless somebody named another', () => {
    const all = candidates({ env: { OLLAMA_HOST: 'localhost' }, extra: ['http://localhost:8080/'], ownPort: undefined })
    expect(new Set(all).size).toBe(all.length)
    expect(all.every(isLoopback)).toBe(true)
  })

  it('leaves out the port that Spillway itself listens on', () => {
    const all = candidates({ env: { OLLAMA_HOST: ':8080' }, extra: ['http://gpu-box:8080'], ownPort: 8080 })
    expect(all.filter((address) => address.endsWith(':8080'))).toEqual(['http://gpu-box:8080'])
  })

  it.each([
    ['http://127.0.0.1:1', true],
    ['http://127.9.9.9', true],
    ['http://[::1]:1', true],
    ['http://127.0.0.1.nip.io', false],
    ['http://192.168.1.20', false],
    ['http://gpu-box', false],
  ])('%s is loopback: %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected)
  })
})
