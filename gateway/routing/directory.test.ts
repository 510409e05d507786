import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../contract/config.ts'
import type { ListedModel } from '../contract/provider.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { Secret } from '../contract/secret.ts'
import { createDirectory, type Directory } from './directory.ts'
import {
  appWith,
  findProvider,
  makeConfig,
  makeEndpoint,
  makePattern,
  makeRoute,
  makeTarget,
  plainRouting,
} from './test/world.ts'

function makeRunner(provider: string, models: readonly (ListedModel | string)[], port = 11_434): FoundRunner {
  return {
    provider,
    baseUrl: `http://127.0.0.1:${port}`,
    version: undefined,
    locality: 'device',
    models: models.map((model) => (typeof model === 'string' ? { id: model } : model)),
  }
}

function directoryOf(config: Partial<GatewayConfig>, ...runners: readonly FoundRunner[]): Directory {
  return createDirectory(makeConfig(config), runners, findProvider)
}

function targetsOf(directory: Directory, name: string): readonly string[] | undefined {
  return directory.resolve(name)?.route.targets.map((target) => `${target.endpoint}/${target.model}`)
}

function namesOf(directory: Directory): readonly string[] {
  return directory.list().map((listed) => listed.id)
}

describe('resolving a name', () => {
  const directory = directoryOf(
    {
      routes: [
        makeRoute('coder', ['ollama/qwen3', makeTarget('anthropic/claude-x', { id: 'deployment-7' })]),
        makeRoute('shadowed', ['openai/gpt-a']),
        makeRoute('exact/name', ['openai/gpt-b']),
      ],
      aliases: [
        { name: 'short', model: 'coder', hidden: false },
        { name: 'shadowed', model: 'coder', hidden: false },
        { name: 'twice', model: 'short', hidden: true },
        { name: 'by-pattern', model: 'openai/gpt-9', hidden: false },
        { name: 'circle-a', model: 'circle-b', hidden: false },
        { name: 'circle-b', model: 'circle-a', hidden: false },
        { name: 'nowhere', model: 'not-there', hidden: false },
      ],
      patterns: [makePattern('openai/*', 'openai/*'), makePattern('exact/*', 'openai/pattern')],
    },
    makeRunner('ollama', ['llama3:latest', 'qwen3:8b']),
  )

  it.each([
    ['coder', ['ollama/qwen3', 'anthropic/claude-x']],
    [' coder ', ['ollama/qwen3', 'anthropic/claude-x']],
    ['short', ['ollama/qwen3', 'anthropic/claude-x']],
    ['twice', ['ollama/qwen3', 'anthropic/claude-x']],
    ['shadowed', ['ollama/qwen3', 'anthropic/claude-x']],
    ['exact/name', ['openai/gpt-b']],
    ['deployment-7', ['anthropic/claude-x']],
    ['anthropic/claude-x', ['anthropic/claude-x']],
    ['openai/gpt-9', ['openai/gpt-9']],
    ['by-pattern', ['openai/gpt-9']],
    ['gpt-9', ['openai/gpt-9']],
    ['ollama/llama3:latest', ['ollama/llama3:latest']],
    ['ollama/llama3', ['ollama/llama3']],
    ['llama3', ['ollama/llama3:latest']],
    ['llama3:latest', ['ollama/llama3:latest']],
    ['qwen3:8b', ['ollama/qwen3:8b']],
    ['ollama_chat/just-pulled', ['ollama/just-pulled']],
    ['spillway/echo', ['spillway/echo']],
    ['auto', ['ollama/llama3:latest']],
  ])('%s', (name, targets) => {
    expect(targetsOf(directory, name)).toEqual(targets)
  })

  it.each([
    '',
    'Coder',
    'nothing',
    'circle-a',
    'nowhere',
    'unknown/model',
    'ollama/',
    '/llama3',
    '__proto__',
    'o'.repeat(9_999),
  ])('knows nothing of %j', (name) => {
    expect(directory.resolve(name)).toBeUndefined()
  })

  it('gives the same object for the same name, so that work done for it is not done again', () => {
    expect(directory.resolve('openai/gpt-9')).toBe(directory.resolve('openai/gpt-9'))
  })
})

describe('patterns', () => {
  const directory = directoryOf({
    patterns: [
      makePattern('*', 'anthropic/*'),
      makePattern('openai/*', 'openai/*'),
      makePattern('openai/gpt-*', makeTarget('openai/tuned-*')),
      makePattern('x/fo::*::static::*', makeTarget('openai/fo::*:static::*')),
      makePattern('team/*', makeTarget('openai/a-*-b-*')),
      makePattern('a.c', 'openai/literal'),
    ],
  })

  it.each([
    ['the longest pattern wins', 'openai/gpt-5', 'openai/tuned-5'],
    ['a shorter one takes the rest', 'openai/o9', 'openai/o9'],
    ['parts replace stars from left to right', 'x/fo::hi::static::hello', 'openai/fo::hi:static::hello'],
    ['more stars than parts: what was asked for', 'team/red', 'openai/team/red'],
    ['the beginning is enough', 'a.cdef', 'openai/literal'],
    ['a sign is no regular expression', 'abc', 'anthropic/abc'],
    ['the bare star takes everything else', 'who/knows', 'anthropic/who/knows'],
  ])('%s', (_rule, name, target) => {
    expect(targetsOf(directory, name)).toEqual([target])
  })

  it('keeps the pattern as the name of the route, and tells its models apart by id', () => {
    const { route } = directory.resolve('openai/o9') ?? {}
    expect([route?.name, route?.targets[0]?.id]).toEqual(['openai/*', 'openai/o9'])
  })

  it('leaves local names to the runners before the bare star', () => {
    const local = directoryOf({ patterns: [makePattern('*', 'openai/*')] }, makeRunner('ollama', ['llama3']))
    expect(['llama3', 'ollama/llama3', 'other'].map((name) => targetsOf(local, name)?.[0])).toEqual([
      'ollama/llama3',
      'ollama/llama3',
      'openai/other',
    ])
  })
})

describe('runners', () => {
  it('belong to the endpoint at the same address, whatever it is called and however that is written', () => {
    const box = makeEndpoint('box', { baseUrl: 'http://localhost:11434', provider: 'ollama', key: new Secret('k') })
    const directory = directoryOf({ endpoints: [box] }, makeRunner('ollama', ['llama3']))
    expect(namesOf(directory)).toEqual(['box/llama3', 'spillway/echo'])
    expect(directory.resolve('llama3')?.route.targets[0]?.key).toBe(box.template.key)
  })

  it('of one kind are told apart by their port', () => {
    const directory = directoryOf({}, makeRunner('vllm', ['a'], 8_000), makeRunner('vllm', ['a', 'b'], 8_001))
    expect(namesOf(directory)).toEqual(['vllm/a', 'vllm-8001/a', 'vllm-8001/b', 'spillway/echo'])
    expect(targetsOf(directory, 'a')).toEqual(['vllm/a'])
  })

  it('are not listed again where a configured route serves the model', () => {
    const directory = directoryOf({ routes: [makeRoute('llama', ['ollama/llama3'])] }, makeRunner('ollama', ['llama3']))
    expect(namesOf(directory)).toEqual(['llama', 'spillway/echo'])
  })

  it.each([
    ['said by the runner', { id: 'gpt-oss', remote: true }, 'ollama/gpt-oss'],
    ['told by the name', { id: 'gpt-oss:120b-cloud' }, 'ollama/gpt-oss:120b-cloud'],
  ])('a model that runs elsewhere is in the cloud: %s', (_how, model, name) => {
    const directory = directoryOf({ routes: [makeRoute('mine', [name])] }, makeRunner('ollama', [model]))
    for (const asked of ['mine', name]) expect(directory.resolve(asked)?.route.targets[0]?.locality).toBe('cloud')
  })

  it('say what the configuration leaves open about a target, and nothing more', () => {
    const routes = [
      makeRoute('mine', ['ollama/llama3']),
      makeRoute('own', [makeTarget('ollama/llama3', { contextTokens: 7 })]),
    ]
    const model: ListedModel = { id: 'llama3:latest', contextTokens: 8_192, capabilities: ['chat'] }
    const directory = directoryOf({ routes }, makeRunner('ollama', [model]))
    const seen = ['mine', 'own'].map((name) => directory.resolve(name)?.route.targets[0])
    expect(seen.map((target) => [target?.contextTokens, target?.capabilities])).toEqual([
      [8_192, ['chat']],
      [7, ['chat']],
    ])
  })
})

describe('auto', () => {
  const models: readonly ListedModel[] = [
    { id: 'far', remote: true, capabilities: ['chat', 'tools'] },
    { id: 'nomic-embed-text' },
    { id: 'embedder', capabilities: ['embedding'] },
    { id: 'plain', capabilities: ['completion'] },
    { id: 'able', capabilities: ['chat', 'tools'] },
  ]
  const routes = [
    makeRoute('hidden', ['openai/a'], { hidden: true }),
    makeRoute('vectors', [makeTarget('openai/e', { mode: 'embedding' })]),
    makeRoute('cloud', ['openai/b']),
  ]

  it.each([
    ['prefers a local model that calls tools', { routes }, models, 'ollama/able'],
    ['takes the first local one that chats', { routes }, models.slice(0, 4), 'ollama/plain'],
    ['takes a configured route when no local model chats', { routes }, models.slice(0, 3), 'openai/b'],
    [
      'prefers the configured route when the mode prefers the cloud',
      { routes, mode: 'cloud-first' as const },
      models,
      'openai/b',
    ],
    ['takes what is there', { mode: 'cloud-only' as const }, models, 'ollama/able'],
  ])('%s', (_rule, config, found, expected) => {
    expect(targetsOf(directoryOf(config, makeRunner('ollama', found)), 'auto')).toEqual([expected])
  })

  it('is nothing rather than the echo', () => {
    expect(directoryOf({}).resolve('auto')).toBeUndefined()
  })

  it('is whatever the user calls so', () => {
    const directory = directoryOf({ routes: [makeRoute('auto', ['openai/mine'])] }, makeRunner('ollama', models))
    expect(targetsOf(directory, 'auto')).toEqual(['openai/mine'])
  })
})

describe('listing', () => {
  const config: Partial<GatewayConfig> = {
    routes: [makeRoute('coder', ['ollama/qwen3', 'openai/gpt']), makeRoute('secret', ['openai/x'], { hidden: true })],
    aliases: [
      { name: 'seen', model: 'coder', hidden: false },
      { name: 'unseen', model: 'coder', hidden: true },
    ],
    patterns: [makePattern('openai/*', 'openai/*')],
  }
  const directory = directoryOf(config, makeRunner('ollama', ['llama3']))

  it('leaves out what is hidden, and patterns unless they are asked for', () => {
    expect(namesOf(directory)).toEqual(['coder', 'seen', 'ollama/llama3', 'spillway/echo'])
    expect(directory.list({ wildcards: true }).map((listed) => listed.id)).toContain('openai/*')
  })

  it.each([
    [['coder'], ['coder', 'seen']],
    [['ollama/*'], ['coder', 'seen', 'ollama/llama3']],
    [['seen'], ['seen']],
    [[], []],
  ])('shows a key with %j only %j', (models, names) => {
    expect(directory.list({ app: appWith(...models) }).map((listed) => listed.id)).toEqual(names)
  })

  it('shows the models of a runner that stand behind a pattern', () => {
    const same = directoryOf({ patterns: [makePattern('ollama/*', 'ollama/*')] }, makeRunner('ollama', ['llama3']))
    expect(namesOf(same)).toEqual(['ollama/llama3', 'spillway/echo'])
  })

  it('lists only names that lead to what they list', () => {
    const elsewhere = makePattern(
      'ollama/*',
      makeTarget('ollama/*', { baseUrl: 'http://gpu-box:11434', locality: 'lan' }),
    )
    const other = directoryOf({ patterns: [elsewhere] }, makeRunner('ollama', ['llama3']))
    expect(namesOf(other)).toEqual(['spillway/echo'])
    expect(targetsOf(other, 'llama3')).toEqual(['ollama/llama3'])
  })

  it('shows no credential in the model info', () => {
    const target = makeTarget('openai/x', {
      baseUrl: 'https://user:pass@host.test/v1?key=abc',
      key: new Secret('sk-123'),
    })
    const text = JSON.stringify(directoryOf({ routes: [makeRoute('x', [target])] }).modelInfo())
    expect(text).toContain('https://host.test/v1')
    expect(text).not.toMatch(/pass|abc|sk-123/)
  })

  it('suggests a name that the key may use', () => {
    expect(directory.suggest('codr')).toBe('coder')
    expect(directory.suggest('codr', appWith('spillway/echo'))).toBeUndefined()
  })
})

it.each([
  ['gpt-5', 'openai/gpt-5'],
  ['claude-sonnet', 'anthropic/claude-sonnet'],
  ['gpt-oss', 'ollama/gpt-oss'],
  ['gemini-9', undefined],
])('takes %s to the endpoint of its maker, unless it runs here', (name, target) => {
  const endpoints = [makeEndpoint('openai'), makeEndpoint('anthropic')]
  const directory = directoryOf({ endpoints }, makeRunner('ollama', ['gpt-oss']))
  expect(targetsOf(directory, name)?.[0]).toBe(target)
})

it('resolves the last of many aliases', () => {
  const aliases = Array.from({ length: 5_000 }, (_, index) => ({ name: `a${index}`, model: 'coder', hidden: true }))
  const directory = directoryOf({ routes: [makeRoute('coder', ['openai/x'])], aliases, routing: plainRouting })
  expect(targetsOf(directory, 'a4999')).toEqual(['openai/x'])
})
