import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../../contract/config.ts'
import type { Route } from '../../contract/route.ts'
import { configOf, env, readFixture, readText } from '../__fixtures__/fixtures.ts'

const KEY = 'general_settings: {master_key: sk-1}'

describe('model_list', () => {
  it.each([
    ['model: openai/gpt-4o', 'openai', 'gpt-4o'],
    ['model: gpt-4o', 'openai', 'gpt-4o'],
    ['model: o3-mini', 'openai', 'o3-mini'],
    ['model: ollama/llama3:8b', 'ollama', 'llama3:8b'],
    ['model: ollama_chat/llama3', 'ollama', 'llama3'],
    ['model: hosted_vllm/Qwen/Qwen3, api_base: "http://localhost:8000/v1"', 'vllm', 'Qwen/Qwen3'],
    ['model: openai_like/x, api_base: "http://localhost:1"', 'openai', 'x'],
    ['model: org/model, api_base: "http://localhost:1"', 'openai', 'org/model'],
    ['model: gpt-4o, custom_llm_provider: groq', 'groq', 'gpt-4o'],
    ['model: groq/llama, custom_llm_provider: groq', 'groq', 'llama'],
  ])('{%s} goes to %s as %s', (params, provider, model) => {
    expect(only(`model_list: [{model_name: m, litellm_params: {${params}}}]\n${KEY}`).targets).toMatchObject([
      { provider, model },
    ])
  })

  it.each([
    ['model: watsonx/granite', 'unsupported-provider'],
    ['model: sagemaker/x', 'unsupported-provider'],
    ['model: who-knows', 'unknown-provider'],
    ['api_key: x', 'bad-value'],
    ['model: vllm/x', 'missing-base-url'],
    ['model: openai/x, api_base: "http://169.254.169.254"', 'bad-base-url'],
    ['model: openai/x, api_base: os.environ/NOT_SET', 'missing-base-url'],
  ])('skips {%s} with a warning, and serves the rest', (params, code) => {
    const text = `model_list: [{model_name: bad, litellm_params: {${params}}}, {model_name: m, litellm_params: {model: ollama/x}}]\n${KEY}`
    const config = configOf(text)
    expect(config.routes.map(({ name }) => name)).toEqual(['m'])
    expect(config.warnings.map((warning) => warning.code)).toContain(code)
  })

  it('makes one target for each organization', () => {
    const text = `model_list: [{model_name: m, litellm_params: {model: openai/x, organization: [a, b]}}]\n${KEY}`
    expect(only(text).targets.map(({ params }) => params.extraHeaders)).toEqual([
      { 'openai-organization': 'a' },
      { 'openai-organization': 'b' },
    ])
  })

  it('sends what LiteLLM would send to the model, and says so when it does not know it', () => {
    const text = `model_list: [{model_name: m, litellm_params: {model: ollama/x, num_ctx: 8192, temperature: 0, own_switch: 1}}]\n${KEY}`
    expect(only(text).targets[0]?.params.defaults).toEqual({ num_ctx: 8192, temperature: 0, own_switch: 1 })
    expect(configOf(text).warnings).toMatchObject([
      { code: 'unknown-key', message: expect.stringContaining('own_switch') },
    ])
  })

  it('puts targets without an order after those that have one', () => {
    const entry = (order: string): string => `{model_name: m, litellm_params: {model: ollama/x${order}}}`
    const text = `model_list: [${entry('')}, ${entry(', order: 2')}, ${entry(', order: 1')}]\n${KEY}`
    expect(only(text).targets.map(({ tier }) => tier)).toEqual([3, 2, 1])
  })

  it('rules out only what a deployment is said to lack', () => {
    const capabilities = (info: string): unknown =>
      only(`model_list: [{model_name: m, litellm_params: {model: ollama/x}, model_info: {${info}}}]\n${KEY}`).targets[0]
        ?.capabilities
    expect(capabilities('supports_vision: true')).toBeUndefined()
    expect(capabilities('supports_vision: false')).not.toContain('vision')
    expect(capabilities('supports_vision: false')).toContain('tools')
  })

  it('never lets a key from the environment follow an api_base', () => {
    const text = `model_list: [{model_name: m, litellm_params: {model: openai/x, api_base: "https://other.example.com/v1"}}]\n${KEY}`
    expect(only(text).targets[0]?.key).toBeUndefined()
  })
})

describe('settings', () => {
  it.each([
    ['simple-shuffle', 'shuffle'],
    ['least-busy', 'least-busy'],
    ['usage-based-routing', 'usage'],
    ['usage-based-routing-v2', 'usage'],
    ['latency-based-routing', 'latency'],
    ['cost-based-routing', 'cost'],
    ['provider-budget-routing', 'shuffle'],
  ])('%s is %s', (strategy, balance) => {
    expect(configOf(`router_settings: {routing_strategy: ${strategy}}\n${KEY}`).routing.balance).toBe(balance)
  })

  it('lets the router’s settings win over the library’s', () => {
    const { routing } =
      configOf(`litellm_settings: {num_retries: 5, request_timeout: 9, allowed_fails: 1, default_fallbacks: [a]}
router_settings: {num_retries: 1, timeout: 3, allowed_fails: 2, default_fallbacks: [b]}
${KEY}`)
    expect(routing).toMatchObject({
      retries: { count: 1 },
      timeouts: { firstTokenMs: 3_000, betweenTokensMs: 3_000, answerMs: 3_000 },
      cooldown: { allowedFails: 2 },
      defaultFallbacks: ['b'],
    })
  })

  it('has LiteLLM’s defaults', () => {
    expect(configOf(KEY).routing).toMatchObject({
      balance: 'shuffle',
      retries: { count: 2, byKind: {}, minDelayMs: 0 },
      cooldown: { disabled: false, cooldownMs: 5_000, allowedFails: undefined },
      maxFallbacks: 5,
      preCallChecks: false,
      tagFiltering: false,
    })
  })

  it('lets a stream that flows take as long as it likes', () => {
    const text = `model_list: [{model_name: m, litellm_params: {model: ollama/x, timeout: 30, stream_timeout: 1.5}}]\n${KEY}`
    expect(only(text).targets[0]?.timeouts).toEqual({ firstTokenMs: 1_500, betweenTokensMs: 30_000, answerMs: 30_000 })
  })

  it('reads fallbacks of models, of names that are not listed, and of any', () => {
    const config =
      configOf(`model_list: [{model_name: a, litellm_params: {model: ollama/a}}, {model_name: b, litellm_params: {model: ollama/b}}]
litellm_settings: {fallbacks: [{a: [b]}, {later: [a]}, {"*": [b]}], context_window_fallbacks: [{a: [b]}]}
${KEY}`)
    expect(config.routes[0]?.fallbacks).toEqual({ general: ['b'], contextWindow: ['b'], contentPolicy: [] })
    expect(config.routing.fallbacks.get('later')?.general).toEqual(['a'])
    expect(config.routing.defaultFallbacks).toEqual(['b'])
  })

  it('exports environment_variables to the configuration, not to the process', () => {
    const config = configOf(`environment_variables: {MADE_UP_KEY: sk-made-up}
model_list: [{model_name: m, litellm_params: {model: openai/x, api_key: os.environ/MADE_UP_KEY}}]
${KEY}`)
    expect(config.routes[0]?.targets[0]?.key?.reveal()).toBe('sk-made-up')
    expect(process.env.MADE_UP_KEY).toBeUndefined()
  })
})

describe('who may call', () => {
  const keysOf = (text: string, environment = {}): GatewayConfig['server'] => configOf(text, environment).server

  it('takes the master key from the file, from a variable, or from LiteLLM’s own variable', () => {
    const [literal] = keysOf('general_settings: {master_key: sk-x}').staticKeys
    const [named] = keysOf('general_settings: {master_key: os.environ/MINE}', { MINE: 'sk-x' }).staticKeys
    const [usual] = keysOf('litellm_settings: {}', { LITELLM_MASTER_KEY: 'sk-x' }).staticKeys
    expect([named, usual]).toEqual([literal, literal])
  })

  it('asks for a key even where LiteLLM would let everybody in, and says so', () => {
    const config = configOf('model_list: []', {})
    expect(config.server).toMatchObject({ auth: 'key', staticKeys: [] })
    expect(config.warnings).toMatchObject([{ code: 'no-master-key' }])
  })

  it('serves what the file lists, and nothing that was found or not listed', () => {
    const config = configOf(`model_list: [{model_name: m, litellm_params: {model: openai/x}}]\n${KEY}`)
    expect(config).toMatchObject({ discovery: false, endpoints: [] })
  })
})

describe('nothing is ignored without a word', () => {
  it.each([
    ['litellm_settings: {master_key: sk-2}', 'misplaced-key', 'general_settings'],
    ['general_settings: {request_timeout: 5}', 'misplaced-key', 'litellm_settings'],
    ['general_settings: {routing_strategy: least-busy}', 'misplaced-key', 'router_settings'],
    ['router_settings: {callbacks: [x]}', 'misplaced-key', 'litellm_settings'],
    ['router_settings: {retry_policy: {RateLimitError: 0}}', 'unknown-key', 'RateLimitErrorRetries'],
    ['router_settings: {num_retires: 1}', 'unknown-key', 'num_retries'],
    ['router_settings: {routing_strategy: shuffle}', 'bad-value', 'simple-shuffle'],
    ['litellm_settings: {callbacks: [langfuse]}', 'unsupported-key', undefined],
    ['guardrails: []', 'unsupported-key', undefined],
    ['somewhat: 1', 'unknown-key', undefined],
    ['model_list: [{model_name: m, rpm: 1, litellm_params: {model: ollama/x}}]', 'misplaced-key', 'litellm_params'],
    [
      'model_list: [{model_name: m, litellm_params: {model: ollama/x, drop_params: [stop]}}]',
      'misplaced-key',
      'additional_drop_params',
    ],
    ['model_list: [{model_name: m, litellm_params: {model: ollama/x, api_bse: y}}]', 'unknown-key', 'api_base'],
    [
      'model_list: [{model_name: m, litellm_params: {model: ollama/x}, model_info: {note: y}}]',
      'unsupported-key',
      undefined,
    ],
  ])('%s', (line, code, suggested) => {
    const config = configOf(`${line}\nenvironment_variables: {}`, env)
    const found = config.warnings.find((warning) => warning.code === code)
    expect(found).toMatchObject({ line: 1, file: 'config.yaml' })
    if (suggested !== undefined) expect(found?.suggestion).toContain(suggested)
  })

  it('reads a misplaced key as if it stood where it belongs', () => {
    const result = readFixture('litellm/misplaced.yaml')
    if (!result.ok) throw new Error('the fixture is good')
    expect(result.config.server.staticKeys).toHaveLength(1)
    expect(result.config.routing.retries).toMatchObject({ count: 4, byKind: { 'rate-limited': 0 } })
    expect(result.config.routes[0]?.targets[0]).toMatchObject({
      rpm: 10,
      tpm: 1000,
      mode: 'chat',
      params: { drop: ['tool_choice'] },
    })
  })
})

describe('include', () => {
  it('extends lists and replaces anything else, as LiteLLM does', () => {
    const result = readFixture('litellm/includes.yaml')
    if (!result.ok) throw new Error('the fixture is good')
    expect(result.config.routes.map(({ name }) => name)).toEqual(['first', 'second', 'third'])
    expect(result.config.routing.retries.count).toBe(2)
    expect(result.config.routing.timeouts.answerMs).toBe(12_000)
    expect(result.files).toHaveLength(4)
  })

  it.each([
    ['include: [missing.yaml]', 'unreadable-file'],
    ['include: [config.yaml]', 'include-cycle'],
    ['include: [{a: b}]', 'bad-value'],
  ])('%s is an error where it is named', (text, code) => {
    expect(readText(text)).toMatchObject({ ok: false, diagnostics: [{ code, line: 1, file: 'config.yaml' }] })
  })

  it('names a file that is missing among those to watch', () => {
    expect(readText('include: [missing.yaml]').files).toEqual(['config.yaml', 'missing.yaml'])
  })
})

function only(text: string): Route {
  const [route] = configOf(text).routes
  if (route === undefined) throw new Error('there is no route')
  return route
}
