import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { identify } from './identify.ts'
import { fingerprints } from './fingerprints/table.ts'
import { listing, OLLAMA, scriptedMachine } from './test/scripted-machine.ts'
import type { ScriptedServer } from './test/scripted-machine.ts'

const ADDRESS = 'http://127.0.0.1:8000'
const LOADED = 'google/gemma-3-4b'

const LMSTUDIO: ScriptedServer = {
  '/v1/models': listing('organization_owner', LOADED, 'qwen/qwen3-8b', 'text-embedding-nomic'),
  '/api/v1/models': {
    json: {
      models: [
        {
          type: 'llm',
          key: LOADED,
          loaded_instances: [{ id: LOADED, config: { context_length: 4_096 } }],
          max_context_length: 131_072,
          capabilities: { vision: true, trained_for_tool_use: false },
        },
        { type: 'llm', key: 'qwen/qwen3-8b', loaded_instances: [], max_context_length: 40_960 },
        { type: 'embedding', key: 'text-embedding-nomic', loaded_instances: [] },
      ],
    },
  },
  '*': { json: { error: 'Unexpected endpoint or method. (GET /x)' } },
}

const LEMONADE: ScriptedServer = {
  '/v1/models': {
    json: {
      object: 'list',
      data: [
        {
          id: 'Qwen3-GGUF',
          owned_by: 'lemonade',
          recipe: 'llamacpp',
          labels: ['reasoning', 'tool-calling'],
          max_context_window: 40_960,
        },
        { id: 'openai.gpt-4o', owned_by: 'lemonade', recipe: 'cloud', cloud_provider: 'openai' },
        { id: 'nomic', owned_by: 'lemonade', recipe: 'llamacpp', labels: ['embeddings'] },
      ],
    },
  },
  '/v1/health': {
    json: {
      status: 'ok',
      version: '11.7.0',
      all_models_loaded: [
        { model_name: 'Qwen3-GGUF', recipe_options: { ctx_size: 4_096 }, backend_url: 'http://127.0.0.1:8001/v1' },
      ],
    },
  },
  '/api/version': { json: { version: '0.16.1' } },
  '/api/tags': { json: { models: [{ name: 'Qwen3-GGUF' }] } },
  '/': { text: 'Ollama is running' },
}

const RUNNERS: readonly (readonly [string, ScriptedServer, Omit<FoundRunner, 'locality'>])[] = [
  [
    'Ollama',
    OLLAMA,
    {
      provider: 'ollama',
      baseUrl: ADDRESS,
      version: '0.33.0',
      models: [
        { id: 'qwen3:14b', capabilities: ['chat', 'completion', 'tools', 'reasoning'] },
        { id: 'glm-5.2:cloud', remote: true },
        { id: 'kimi-k2:1t-cloud', remote: true },
        { id: 'nomic-embed-text:latest', capabilities: ['embedding'] },
      ],
    },
  ],
  [
    'Ollama without a model',
    { ...OLLAMA, '/v1/models': { json: { object: 'list', data: null } }, '/api/tags': { json: { models: null } } },
    { provider: 'ollama', baseUrl: ADDRESS, version: '0.33.0', models: [] },
  ],
  [
    'vLLM with a LoRA adapter',
    {
      '/v1/models': {
        json: {
          object: 'list',
          data: [
            { id: 'Qwen/Qwen3-14B', owned_by: 'vllm', max_model_len: 40_960 },
            { id: 'sql-lora', owned_by: 'vllm', parent: 'Qwen/Qwen3-14B', max_model_len: null },
          ],
        },
      },
      '/version': { json: { version: '0.29.0' } },
    },
    {
      provider: 'vllm',
      baseUrl: `${ADDRESS}/v1`,
      version: '0.29.0',
      models: [{ id: 'Qwen/Qwen3-14B', contextTokens: 40_960 }, { id: 'sql-lora' }],
    },
  ],
  [
    'SGLang',
    { '/v1/models': { json: { object: 'list', data: [{ id: 'Qwen3', owned_by: 'sglang', max_model_len: 32_768 }] } } },
    {
      provider: 'sglang',
      baseUrl: `${ADDRESS}/v1`,
      version: undefined,
      models: [{ id: 'Qwen3', contextTokens: 32_768 }],
    },
  ],
  [
    'llama.cpp',
    {
      '/v1/models': listing('llamacpp', 'qwen.gguf'),
      '/props': {
        json: { build_info: 'b9439-47f6423ed', total_slots: 4, default_generation_settings: { n_ctx: 16_384 } },
      },
    },
    {
      provider: 'llamacpp',
      baseUrl: `${ADDRESS}/v1`,
      version: 'b9439-47f6423ed',
      models: [{ id: 'qwen.gguf', contextTokens: 16_384 }],
    },
  ],
  [
    'llama.cpp as a router',
    {
      '/v1/models': listing('llamacpp', 'a.gguf', 'b.gguf'),
      '/props': { json: { build_info: 'b9500', default_generation_settings: { n_ctx: 2_048 } } },
    },
    { provider: 'llamacpp', baseUrl: `${ADDRESS}/v1`, version: 'b9500', models: [{ id: 'a.gguf' }, { id: 'b.gguf' }] },
  ],
  [
    'LM Studio',
    LMSTUDIO,
    {
      provider: 'lmstudio',
      baseUrl: `${ADDRESS}/v1`,
      version: undefined,
      models: [
        { id: LOADED, contextTokens: 4_096, capabilities: ['chat', 'completion', 'tools', 'reasoning', 'vision'] },
        { id: 'qwen/qwen3-8b', capabilities: ['chat', 'completion', 'tools', 'reasoning'] },
        { id: 'text-embedding-nomic', capabilities: ['embedding'] },
      ],
    },
  ],
  [
    'LM Studio before 0.4',
    {
      '/v1/models': listing('organization_owner', 'llava'),
      '/api/v0/models': {
        json: {
          data: [
            { id: 'llava', type: 'vlm', state: 'loaded', loaded_context_length: 2_048, max_context_length: 9_999 },
          ],
        },
      },
      '*': { json: { error: 'Unexpected endpoint or method. (GET /x)' } },
    },
    {
      provider: 'lmstudio',
      baseUrl: `${ADDRESS}/v1`,
      version: undefined,
      models: [
        { id: 'llava', contextTokens: 2_048, capabilities: ['chat', 'completion', 'tools', 'reasoning', 'vision'] },
      ],
    },
  ],
  [
    'TGI',
    {
      '/info': {
        json: { router: 'text-generation-router', version: '3.3.7', model_id: 'meta/llama', max_total_tokens: 2_048 },
      },
      '/v1/models': { json: { object: 'list', data: [{ id: 'meta/llama', object: 'model', owned_by: 'meta/llama' }] } },
    },
    {
      provider: 'tgi',
      baseUrl: `${ADDRESS}/v1`,
      version: '3.3.7',
      models: [{ id: 'meta/llama', contextTokens: 2_048 }],
    },
  ],
  [
    'Lemonade, although it imitates Ollama',
    LEMONADE,
    {
      provider: 'lemonade',
      baseUrl: `${ADDRESS}/v1`,
      version: '11.7.0',
      models: [
        { id: 'Qwen3-GGUF', contextTokens: 4_096, capabilities: ['chat', 'completion', 'reasoning', 'tools'] },
        { id: 'openai.gpt-4o', remote: true },
        { id: 'nomic', capabilities: ['embedding'] },
      ],
    },
  ],
  [
    'LocalAI, although it imitates Ollama',
    {
      ...OLLAMA,
      '/v1/models': { json: { object: 'list', data: [{ id: 'phi-2', object: 'model' }] } },
      '/.well-known/localai.json': { json: { version: 'v3.8.0', endpoints: { models: '/v1/models' } } },
    },
    { provider: 'localai', baseUrl: `${ADDRESS}/v1`, version: 'v3.8.0', models: [{ id: 'phi-2' }] },
  ],
  [
    'Docker Model Runner',
    { '/engines/v1/models': listing('docker', 'ai/smollm2') },
    {
      provider: 'docker_model_runner',
      baseUrl: `${ADDRESS}/engines/v1`,
      version: undefined,
      models: [{ id: 'ai/smollm2' }],
    },
  ],
  [
    'llama-swap with a peer',
    {
      '/v1/models': {
        json: {
          object: 'list',
          data: [
            { id: 'qwen', owned_by: 'llama-swap' },
            { id: 'box/gpt', owned_by: 'llama-swap', meta: { llamaswap: { peerID: 'box' } } },
          ],
        },
      },
      '/running': { json: { running: [] } },
    },
    {
      provider: 'llamaswap',
      baseUrl: `${ADDRESS}/v1`,
      version: undefined,
      models: [{ id: 'qwen' }, { id: 'box/gpt', remote: true }],
    },
  ],
]

const OTHERS: readonly (readonly [string, ScriptedServer])[] = [
  [
    'a web server that answers everything with its page',
    { '*': { text: '<!doctype html><title>Ollama is running</title>' } },
  ],
  ['a server that answers everything with 200 and nothing', { '*': { text: '' } }],
  ['a server that echoes JSON for everything', { '*': { json: { ok: true } } }],
  ['a server that answers everything with an empty list', { '*': { json: { object: 'list', data: [] } } }],
  ['a list of unknown models', { '/v1/models': listing('acme', 'acme-1') }],
  ['the sentence of Ollama without its list', { '/': { text: 'Ollama is running' } }],
  ['the list of Ollama without its sentence', { '/api/tags': { json: { models: [] } }, '*': { json: {} } }],
  ['another Spillway, by its listing', { ...OLLAMA, '/v1/models': listing('spillway', 'ollama/qwen3') }],
  ['another Spillway that wants a key', { '*': { json: {}, status: 401, headers: { 'x-spillway-request-id': 'r1' } } }],
  ['a redirect', { '*': { text: '', status: 302, headers: { location: 'http://evil.example' } } }],
  ['deep nonsense', { '*': { json: [[[[null]]]] } }],
]

describe('identify', () => {
  it.each(RUNNERS)('%s', async (_name, server, expected) => {
    const { probe } = scriptedMachine({ [ADDRESS]: server })
    expect(await identify(ADDRESS, probe)).toMatchObject({
      kind: 'runner',
      runner: { ...expected, locality: 'device' },
    })
  })

  it('has a case here for every fingerprint', () => {
    const covered = new Set(RUNNERS.map(([, , { provider }]) => provider))
    expect(fingerprints.map(({ provider }) => provider).filter((provider) => !covered.has(provider))).toEqual([])
  })

  it.each(RUNNERS)('%s: the same when it was taken for something else before', async (_name, server, expected) => {
    const { probe } = scriptedMachine({ [ADDRESS]: server })
    expect(await identify(ADDRESS, probe, 'tgi')).toMatchObject({ runner: { provider: expected.provider } })
  })

  it.each(OTHERS)('%s is no runner', async (_name, server) => {
    const { probe } = scriptedMachine({ [ADDRESS]: server })
    expect(await identify(ADDRESS, probe)).toEqual({ kind: 'nothing' })
  })

  it('whatever wants a key is shown and not served', async () => {
    const { probe, asked } = scriptedMachine({ [ADDRESS]: { '*': { json: { message: 'Missing key' }, status: 401 } } })
    expect(await identify(ADDRESS, probe)).toEqual({ kind: 'locked' })
    expect(asked).toEqual([`${ADDRESS}/v1/models`])
  })

  it('asks a silent port once, and a known runner only for what proves it', async () => {
    const silent = scriptedMachine({})
    expect(await identify(ADDRESS, silent.probe)).toEqual({ kind: 'nothing' })
    expect(silent.asked).toHaveLength(1)
    const known = scriptedMachine({ [ADDRESS]: OLLAMA })
    await identify(ADDRESS, known.probe, 'ollama')
    expect(known.asked.map((url) => url.slice(ADDRESS.length))).toEqual([
      '/v1/models',
      '/',
      '/api/tags',
      '/api/version',
    ])
  })

  it('never asks for what wakes a model or shows a secret', async () => {
    for (const [, server] of [...RUNNERS, ...OTHERS]) {
      const { probe, asked } = scriptedMachine({ [ADDRESS]: server })
      await identify(ADDRESS, probe)
      expect(asked.filter((url) => /slots|server_info|health_generate|load$/.test(url))).toEqual([])
    }
  })

  it('takes a bounded number of models, each once', async () => {
    const ids = Array.from({ length: limits.listedModels + 50 }, (_value, index) => `m${index}`)
    const { probe } = scriptedMachine({ [ADDRESS]: { '/v1/models': listing('vllm', 'm0', ...ids) } })
    const finding = await identify(ADDRESS, probe)
    expect(finding.kind === 'runner' && finding.runner.models.length).toBe(limits.listedModels)
  })

  it('treats a probe that fails as no answer', async () => {
    expect(await identify(ADDRESS, () => Promise.reject(new Error('reset')))).toEqual({ kind: 'nothing' })
  })
})

const TRACES = process.env['SPILLWAY_TRACES'] ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'traces')

/** Recorded replies of real servers are not part of the repository. */
describe.skipIf(!existsSync(TRACES))(
  'recorded replies (skipped where SPILLWAY_TRACES names no folder of recordings)',
  () => {
    const recorded = (name: string): { text: string } => ({
      text: readFileSync(join(TRACES, name, 'response.body'), 'utf8'),
    })

    it('Ollama', async () => {
      const tags = recorded('ollama/native-tags-01')
      const { probe } = scriptedMachine({
        [ADDRESS]: {
          '/': { text: 'Ollama is running' },
          '/api/tags': tags,
          '/api/version': recorded('ollama/native-version-01'),
        },
      })
      const finding = await identify(ADDRESS, probe)
      const { models } = JSON.parse(tags.text)
      expect(finding).toMatchObject({ runner: { provider: 'ollama', version: '0.5.1' } })
      expect(finding.kind === 'runner' && finding.runner.models.map(({ id }) => id)).toEqual(
        models.map((model: { model: string }) => model.model),
      )
    })

    it('llama.cpp', async () => {
      const { probe } = scriptedMachine({ [ADDRESS]: { '/v1/models': recorded('llamacpp/models-01') } })
      expect(await identify(ADDRESS, probe)).toMatchObject({
        runner: { provider: 'llamacpp', models: [{ id: 'qwen2.5' }] },
      })
    })

    it('a proxy in front of a cloud, whatever port it has taken, is no runner', async () => {
      const { probe } = scriptedMachine({ [ADDRESS]: { '/v1/models': recorded('vllm/models-01') } })
      expect(await identify(ADDRESS, probe)).toEqual({ kind: 'nothing' })
    })
  },
)
