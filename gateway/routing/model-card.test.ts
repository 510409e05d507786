import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../contract/config.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { createDirectory } from './directory.ts'
import { probableAbilities } from './known-abilities.ts'
import { modelCard, type ModelCard } from './model-card.ts'
import { anybody, appWith, findProvider, makeConfig, makePattern, makeRoute, makeTarget } from './test/world.ts'

const RUNNER: FoundRunner = {
  provider: 'ollama',
  baseUrl: 'http://127.0.0.1:11434',
  version: undefined,
  locality: 'device',
  models: [{ id: 'llama3:latest', capabilities: ['chat', 'tools'], contextTokens: 8_192 }],
}

function cardOf(name: string, config: Partial<GatewayConfig> = {}, app = anybody): ModelCard | undefined {
  return modelCard(createDirectory(makeConfig(config), [RUNNER], findProvider), name, app)
}

const coder = makeRoute('coder', [
  makeTarget('ollama/qwen3-coder', { contextTokens: 32_768, capabilities: ['chat', 'tools'] }),
  makeTarget('anthropic/claude-sonnet-4-5', { contextTokens: 200_000 }),
])

describe('the card of a model', () => {
  it('says what every target can hold and any target can do', () => {
    expect(cardOf('coder', { routes: [coder] })).toEqual({
      name: 'coder',
      provider: 'ollama',
      model: 'qwen3-coder',
      locality: 'device',
      contextTokens: 32_768,
      capabilities: ['chat', 'tools', 'completion', 'vision', 'reasoning'],
    })
  })

  it('counts only targets that the app may use', () => {
    const card = cardOf('coder', { routes: [coder] }, appWith('anthropic/*'))
    expect(card).toMatchObject({ provider: 'anthropic', locality: 'cloud', contextTokens: 200_000 })
    expect(cardOf('coder', { routes: [coder] }, appWith('openai/*'))).toBeUndefined()
  })

  it('is found under an alias, and under the name of a runner’s model', () => {
    const aliases = [{ name: 'fast', model: 'ollama/llama3:latest', hidden: false }]
    expect(cardOf('fast', { aliases })).toMatchObject({ name: 'fast', model: 'llama3:latest', contextTokens: 8_192 })
    expect(cardOf('llama3')).toMatchObject({ name: 'llama3', model: 'llama3:latest' })
  })

  it.each<[string, Partial<GatewayConfig>, string | undefined]>([
    ['coder:latest', { routes: [coder] }, 'coder'],
    // Even where a pattern would take any name.
    ['coder:latest', { routes: [coder], patterns: [makePattern('*', 'openai/*')] }, 'coder'],
    ['fast:latest', { aliases: [{ name: 'fast', model: 'ollama/llama3:latest', hidden: false }] }, 'fast'],
    ['coder:latest', { routes: [coder, makeRoute('coder:latest', ['openai/gpt-4o'])] }, 'coder:latest'],
    ['ollama/llama3:latest', {}, 'ollama/llama3:latest'],
    ['nothing:latest', { routes: [coder] }, undefined],
    ['nothing', { routes: [coder] }, undefined],
  ])('%s is asked for as it is listed', (name, config, expected) => {
    expect(cardOf(name, config)?.name).toBe(expected)
  })

  it('of a deployment for embeddings has one ability', () => {
    const routes = [makeRoute('vectors', [makeTarget('openai/some-model', { mode: 'embedding' })])]
    expect(cardOf('vectors', { routes })?.capabilities).toEqual(['embedding'])
  })
})

describe('what a name tells', () => {
  it.each([
    ['gpt-4o-mini', true, false],
    ['gpt-3.5-turbo', false, false],
    ['o3', true, true],
    ['claude-sonnet-4-5', true, true],
    ['gemini-2.5-flash', true, true],
    ['qwen2.5-vl:7b', true, false],
    ['qwen3:14b', false, true],
    ['qwen3-coder:30b', false, false],
    ['deepseek-reasoner', false, true],
    ['llama3.2', false, false],
  ])('%s sees: %s, thinks: %s', (model, sees, thinks) => {
    const abilities = probableAbilities(model)
    expect(abilities).toContain('tools')
    expect([abilities.includes('vision'), abilities.includes('reasoning')]).toEqual([sees, thinks])
  })

  it.each(['text-embedding-3-small', 'nomic-embed-text', 'BAAI/bge-m3', 'all-minilm:l6-v2'])('%s embeds', (model) => {
    expect(probableAbilities(model)).toEqual(['embedding'])
  })
})
