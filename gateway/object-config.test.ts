import { describe, expect, it } from 'vitest'
import { readTextFile } from './config/read-file.ts'
import { readConfig, type ConfigResult } from './config/read-config.ts'
import { sections } from './config/native/sections.ts'
import type { Keys } from './config/reading.ts'
import { OBJECT_NAME, objectText } from './object-config.ts'
import { findProvider } from './providers/registry.ts'
import type * as Shape from './spillway-config.ts'

/** Every key that the types know, or the compiler complains; what stands behind them is of no matter. */
const timeouts: Required<Shape.TimeoutConfig> = {
  connect_ms: 1,
  first_token_ms: 1,
  between_tokens_ms: 1,
  answer_ms: 1,
  total_ms: 1,
}
const treatment: Required<Shape.TreatmentConfig> = {
  params: { temperature: 0 },
  drop_params: true,
  additional_drop_params: ['x'],
  allowed_params: ['y'],
  extra_body: { z: 1 },
  headers: { 'x-mine': '1' },
  merge_reasoning: true,
  repair_tool_calls: false,
  lane: 'auto',
  rpm: 1,
  tpm: 1,
  max_parallel: 1,
  timeouts,
  context_tokens: 1,
}
const fallbacks: Required<Shape.ModelFallbackConfig> = {
  fallbacks: ['b'],
  context_fallbacks: ['b'],
  content_fallbacks: ['b'],
}
const price: Required<Shape.PriceConfig> = { input_usd_per_mtok: 1, output_usd_per_mtok: 1 }
const target: Required<Shape.TargetConfig> = {
  ...treatment,
  use: 'far/x',
  id: 'mine',
  weight: 1,
  tier: 1,
  price,
  capabilities: ['chat'],
  mode: 'chat',
  cooldown_ms: 1,
  retries: 1,
  tags: ['t'],
}
const provider: Required<Omit<Shape.ProviderConfig, 'settings'>> = {
  ...treatment,
  kind: 'openai',
  base_url: 'http://127.0.0.1:9/v1',
  key: 'k',
  locality: 'device',
  unlisted_models: true,
}
const retries: Required<Shape.RetryConfig> = { count: 1, min_delay_ms: 1, by_kind: { overloaded: 1 } }
const model: Required<Shape.ModelConfig> = {
  ...fallbacks,
  targets: [target],
  balance: 'shuffle',
  retries: 1,
  hidden: true,
}
const cooldown: Required<Shape.CooldownConfig> = {
  ms: 1,
  allowed_fails: 1,
  allowed_fails_by_kind: { overloaded: 1 },
  disabled: true,
}
const routing: Required<Shape.RoutingConfig> = {
  balance: 'cost',
  retries,
  cooldown,
  timeouts,
  fallbacks: ['b'],
  model_fallbacks: { 'far/z': fallbacks },
  max_fallbacks: 1,
  drop_params: true,
  pre_call_checks: true,
  tag_filtering: true,
}
const server: Required<Shape.ServerConfig> = { port: 1, hosts: ['a.b'], origins: ['http://a.b'], max_body_mb: 1 }
const alias: Required<Shape.AliasConfig> = { model: 'b', hidden: true }
const app: Required<Shape.AppConfig> = { models: ['*'], origins: ['http://a.b'], rpm: 1, tpm: 1, max_parallel: 1 }
const logs: Required<Shape.LogConfig> = { keep_days: 1, max_mb: 1, responses: true }
const whole: Required<Shape.SpillwayConfig> = {
  mode: 'local-first',
  auth: 'key',
  discovery: false,
  keys: { mine: 'sk-mine' },
  server,
  providers: { far: provider },
  models: { a: model, b: 'far/y', c: ['far/x', { use: 'far/y' }] },
  aliases: { d: alias, e: 'b' },
  routing,
  apps: { one: app },
  logs,
}
const SHAPES: Readonly<Record<string, object>> = {
  '': whole,
  server,
  'providers.NAME': { ...provider, settings: {} },
  'models.NAME': model,
  'models.NAME.targets[]': target,
  'models.NAME.targets[].price': price,
  'aliases.NAME': alias,
  routing,
  'routing.retries': retries,
  'routing.cooldown': cooldown,
  'routing.timeouts': timeouts,
  'routing.model_fallbacks.NAME': fallbacks,
  'apps.NAME': app,
  logs,
}

function read(config: Shape.SpillwayConfig): ConfigResult {
  const { text, locate = (diagnostic) => diagnostic } = objectText(config)
  const result = readConfig({ path: OBJECT_NAME, text, env: {}, readFile: readTextFile, findProvider })
  return result.ok ? result : { ...result, diagnostics: result.diagnostics.map(locate) }
}

function mistakes(config: object): readonly string[] {
  const result = read(config)
  return result.ok ? [] : result.diagnostics.map(({ file }) => file)
}

describe('the types of a configuration', () => {
  it.each(sections)('know the keys of the file: %s', (path: string, keys: Keys) => {
    expect(Object.keys(SHAPES[path] ?? {}).sort()).toEqual(Object.keys(keys).sort())
  })

  it('are what the reader takes', () => {
    expect(read(whole)).toMatchObject({ ok: true })
  })
})

describe('the place of a finding in an object', () => {
  it.each<[object, string]>([
    [{ nobody: 1 }, 'config.nobody'],
    [{ mode: 'fast' }, 'config.mode'],
    [{ server: { port: 'x' } }, 'config.server.port'],
    [{ models: { 'a b/*': 'nobody/x' } }, 'config.models["a b/*"]'],
    [{ models: { 'q"\n': 'nobody/x' } }, 'config.models["q\\"\\n"]'],
    [{ apps: { a: { models: ['x', 2.5, { y: 1 }] } } }, 'config.apps.a.models[2]'],
    [
      { providers: { a: { kind: 'openai' } }, models: { m: [{ use: 'a/x', id: '1' }, { use: 'b/x' }] } },
      'config.models.m[1]',
    ],
    [
      { discovery: false, routing: { timeouts: {}, fallbacks: [], retries: { cuont: 1 } } },
      'config.routing.retries.cuont',
    ],
    [{}, 'config'],
  ])('%j', (config, place) => {
    expect(mistakes(config)).toContain(place)
  })
})
