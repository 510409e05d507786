import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, chatReply, replyJson, requestOf } from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const MESSAGES = [{ role: 'user' as const, content: 'hi' }]

describe("LiteLLM's rules for parameters", () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson(chatReply({ content: 'Hi.' })))
    gateway = await startTestGateway(`
model_list:
  - model_name: strict
    litellm_params: { model: groq/m, api_base: '${upstream.url}/v1', api_key: k }
  - model_name: dropping
    litellm_params: { model: groq/m, api_base: '${upstream.url}/v1', api_key: k, drop_params: true }
  - model_name: allowing
    litellm_params: { model: groq/m, api_base: '${upstream.url}/v1', api_key: k, allowed_openai_params: [logprobs] }
  - model_name: additional
    litellm_params:
      model: openai/m
      api_base: '${upstream.url}/v1'
      api_key: k
      additional_drop_params: [reasoning_effort, 'tools[*].function.strict']
  - model_name: preset
    litellm_params:
      model: openai/m
      api_base: '${upstream.url}/v1'
      api_key: k
      temperature: 0.2
      max_tokens: 4096
      extra_headers: { X-Team: blue }
      extra_body: { provider: { order: [a] } }
  - model_name: preset-newer
    litellm_params: { model: openai/m, api_base: '${upstream.url}/v1', api_key: k, max_completion_tokens: 4096 }
  - model_name: merging
    litellm_params:
      model: hosted_vllm/m
      api_base: '${upstream.url}/v1'
      merge_reasoning_content_in_choices: true
general_settings: { master_key: sk-1234 }
`)
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-1234', maxRetries: 0 })
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const chat = (
    model: string,
    body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> & Record<string, unknown> = {},
  ): Promise<OpenAI.ChatCompletion> => client.chat.completions.create({ model, messages: MESSAGES, ...body })

  it('drop_params: refused without, dropped and named with, in the file or in the request', async () => {
    await expect(chat('strict', { logprobs: true })).rejects.toMatchObject({ status: 400, param: 'logprobs' })
    for (const [model, body] of [
      ['dropping', {}],
      ['strict', { drop_params: true }],
    ] as const) {
      const request = client.chat.completions.create({ model, messages: MESSAGES, logprobs: true, ...body })
      const { response } = await request.withResponse()
      expect(response.headers.get('x-spillway-dropped-params')).toBe('logprobs')
      expect(bodyOf(upstream)).toEqual({ model: 'm', messages: MESSAGES })
    }
  })

  it('allowed_openai_params: sent all the same, in the file or in the request', async () => {
    await chat('allowing', { logprobs: true })
    expect(bodyOf(upstream).logprobs).toBe(true)
    await chat('strict', { logprobs: true, allowed_openai_params: ['logprobs'] })
    expect(bodyOf(upstream)).toEqual({ model: 'm', messages: MESSAGES, logprobs: true })
  })

  it('additional_drop_params: names and paths, in the file or in the request', async () => {
    const tool = { type: 'function', function: { name: 'f', parameters: {}, strict: true } } as const
    await chat('additional', { reasoning_effort: 'low', tools: [tool], temperature: 1 })
    expect(bodyOf(upstream)).toMatchObject({ temperature: 1, tools: [{ function: { name: 'f' } }] })
    expect(JSON.stringify(bodyOf(upstream))).not.toMatch(/strict|reasoning_effort/)
    await chat('preset', { temperature: 1, seed: 5, additional_drop_params: ['seed'] })
    expect(bodyOf(upstream).seed).toBeUndefined()
  })

  it('presets fill what the client left open; headers and body extras are added', async () => {
    await chat('preset')
    expect(bodyOf(upstream)).toMatchObject({ temperature: 0.2, max_tokens: 4096, provider: { order: ['a'] } })
    expect(requestOf(upstream).headers['x-team']).toBe('blue')
    await chat('preset', { temperature: 0.9, max_tokens: 5 })
    expect(bodyOf(upstream)).toMatchObject({ temperature: 0.9, max_tokens: 5 })
  })

  it.each([
    ['preset', 'max_completion_tokens', 'max_tokens'],
    ['preset-newer', 'max_tokens', 'max_completion_tokens'],
  ])('%s: the limit under its other name is the same limit (%s)', async (model, sent, preset) => {
    await chat(model, { [sent]: 5 })
    expect(bodyOf(upstream)[sent]).toBe(5)
    // OpenAI refuses a request that has both.
    expect(bodyOf(upstream)[preset]).toBeUndefined()
  })

  it('merge_reasoning_content_in_choices', async () => {
    upstream.script = replyJson(chatReply({ content: 'Yes.', reasoning: 'Hmm.' }))
    expect((await chat('merging')).choices[0]?.message.content).toMatch(/<think>\s*Hmm\.\s*<\/think>\s*Yes\./)
  })

  it('a client cannot choose destination or credential, nor its control keys reach the model', async () => {
    const keys = {
      api_base: 'http://127.0.0.1:9',
      api_key: 'stolen',
      extra_headers: { a: 'b' },
      fallbacks: [],
      num_retries: 0,
      tags: ['x'],
      mock_response: 'no',
    }
    await chat('preset', keys)
    const sent = bodyOf(upstream)
    for (const key of Object.keys(keys)) expect(sent[key]).toBeUndefined()
    expect(requestOf(upstream).headers.authorization).toBe('Bearer k')
  })
})
