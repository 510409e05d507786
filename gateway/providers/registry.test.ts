import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findProvider, providers } from './registry.ts'

describe('registry', () => {
  it('is sorted, and every name means one provider', () => {
    const ids = providers.map((provider) => provider.id)
    expect(ids).toEqual(ids.toSorted())
    const names = providers.flatMap((provider) => [provider.id, ...provider.aliases])
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9_-]+$/)
  })

  it('finds providers by id and by the names of LiteLLM', () => {
    expect(findProvider('hosted_vllm')?.id).toBe('vllm')
    expect(findProvider('ollama_chat')?.id).toBe('ollama')
    expect(findProvider('together')?.id).toBe('together_ai')
    expect(findProvider('lm_studio')?.id).toBe('lmstudio')
    expect(findProvider('nobody')).toBeUndefined()
  })

  it('lists every folder of fixtures', () => {
    const folders = readdirSync(`${import.meta.dirname}/__fixtures__`)
    expect(folders.map((folder) => findProvider(folder)?.id)).toEqual(folders)
  })

  it.each(providers)('$id has an address as it must be', (provider) => {
    const { baseUrl, locality } = provider.defaults
    if (baseUrl === undefined) return
    expect(baseUrl.endsWith('/')).toBe(false)
    expect(provider.normaliseBaseUrl?.(`${baseUrl}/`) ?? baseUrl).toBe(baseUrl)
    expect(baseUrl.startsWith(locality === 'cloud' ? 'https://' : 'http://127.0.0.1')).toBe(true)
  })

  it.each([
    ['vllm', 'http://gpu-box:8000', 'http://gpu-box:8000/v1'],
    ['vllm', 'http://gpu-box:8000/v1/', 'http://gpu-box:8000/v1'],
    ['vllm', 'http://gpu-box/models/a/v1', 'http://gpu-box/models/a/v1'],
    ['openai', 'http://localhost:1234', 'http://localhost:1234'],
    ['ollama', 'http://localhost:11434/v1', 'http://localhost:11434'],
    ['ollama', 'http://localhost:11434/api/', 'http://localhost:11434'],
    ['ollama', 'https://home.example/ollama', 'https://home.example/ollama'],
    ['huggingface', 'https://abc.endpoints.huggingface.cloud', 'https://abc.endpoints.huggingface.cloud/v1'],
    ['huggingface', 'https://hf.test/models/org/name', 'https://hf.test/models/org/name/v1'],
    ['docker_model_runner', 'http://127.0.0.1:12434', 'http://127.0.0.1:12434/engines/v1'],
  ])('%s takes %s for %s', (id, given, expected) => {
    expect(findProvider(id)?.normaliseBaseUrl?.(given)).toBe(expected)
  })
})
