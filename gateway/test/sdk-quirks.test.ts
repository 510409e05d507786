import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, chatChunk, chatReply, inTurn, replyEvents, replyJson, requestOf } from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

type Message = OpenAI.ChatCompletionMessageParam

const ASK: Message = { role: 'user', content: 'Weather?' }
const WEATHER: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} }, strict: true },
}

/** What a client may expect whatever stands behind the alias: OpenAI's shapes, although the upstream has its own. */
describe('upstreams with habits of their own', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson(chatReply({ content: 'Hi.' })))
    gateway = await startTestGateway(`
discovery: false
routing: { retries: 0, cooldown: { disabled: true } }
providers:
  mistral: { base_url: '${upstream.url}/v1', key: k }
  tgi: { base_url: '${upstream.url}/v1' }
  vllm: { base_url: '${upstream.url}/v1' }
  groq: { base_url: '${upstream.url}/v1', key: k }
models:
  mistral: mistral/magistral
  tgi: tgi/llama
  vllm: vllm/qwen
  vllm-thought: { targets: [{ use: vllm/qwen, merge_reasoning: true }] }
  groq: groq/gpt-oss
`)
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const roundTrip = async (model: string): Promise<Message[]> => {
    const first = await client.chat.completions.create({ model, messages: [ASK], tools: [WEATHER] })
    const message = first.choices[0]?.message
    const calls = message?.tool_calls?.filter((call) => call.type === 'function') ?? []
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([{ city: 'Tokyo' }])
    const result: Message = { role: 'tool', tool_call_id: calls[0]?.id ?? '', content: 'sunny' }
    const messages = [ASK, message as Message, result]
    await client.chat.completions.create({ model, messages, tools: [WEATHER] })
    return messages
  }

  it('Mistral: content in parts becomes text and thoughts, streamed and whole', async () => {
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hmm.' }] },
      { type: 'text', text: 'Yes.' },
    ]
    upstream.script = replyJson(chatReply({ content: parts }))
    const whole = await client.chat.completions.create({ model: 'mistral', messages: [ASK] })
    expect(whole.choices[0]?.message).toMatchObject({ content: 'Yes.', reasoning_content: 'Hmm.' })
    upstream.script = replyEvents([
      chatChunk({ role: 'assistant', content: '' }),
      chatChunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hmm.' }] }] }),
      chatChunk({ content: 'Yes.' }),
      chatChunk({ content: '' }, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
    ])
    const streamed = await client.chat.completions.stream({ model: 'mistral', messages: [ASK] }).finalChatCompletion()
    expect(streamed.choices[0]?.message).toMatchObject({ content: 'Yes.', reasoning_content: 'Hmm.' })
  })

  it('Mistral: nine characters for every call, whoever made it, and nothing that it refuses', async () => {
    const call = { id: 'aX2gaLIyo', function: { name: 'weather', arguments: '{"city":"Tokyo"}' } }
    upstream.script = inTurn(
      replyJson(chatReply({ content: '', tool_calls: [call] }, { finish_reason: 'tool_calls' })),
      replyJson(chatReply({ content: 'Sunny.' })),
    )
    await roundTrip('mistral')
    expect(bodyOf(upstream).messages).toMatchObject([
      ASK,
      { role: 'assistant', content: '', tool_calls: [{ id: 'aX2gaLIyo' }] },
      { role: 'tool', tool_call_id: 'aX2gaLIyo', name: 'weather' },
    ])
    const foreign = {
      id: 'call_0123456789abcdef',
      type: 'function',
      function: { name: 'weather', arguments: '{}' },
    } as const
    await client.chat.completions.create({
      model: 'mistral',
      messages: [
        ASK,
        { role: 'assistant', tool_calls: [foreign] },
        { role: 'tool', tool_call_id: foreign.id, content: 'x' },
        ASK,
      ],
      seed: 5,
      user: 'me',
      tool_choice: 'required',
      tools: [WEATHER],
    })
    const sent = bodyOf(upstream)
    expect(sent).toMatchObject({ random_seed: 5, tool_choice: 'any' })
    expect(sent.seed ?? sent.user ?? sent.stream_options).toBeUndefined()
    const [, made, answered] = sent.messages as { tool_calls?: { id: string }[]; tool_call_id?: string }[]
    expect(made?.tool_calls?.[0]?.id).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(answered?.tool_call_id).toBe(made?.tool_calls?.[0]?.id)
  })

  it('Mistral: filling in the middle has a path of its own', async () => {
    upstream.script = replyJson(chatReply({ content: 'return a' }))
    const reply = await client.completions.create({
      model: 'mistral',
      prompt: 'def f(a):',
      suffix: 'end',
      max_tokens: 9,
    })
    expect(requestOf(upstream).path).toBe('/v1/fim/completions')
    expect(reply.choices[0]?.text).toBe('return a')
  })

  it('TGI 2: arguments as an object, ids as numbers, borders of sampling', async () => {
    const call = {
      id: 0,
      type: 'function',
      function: { description: null, name: 'weather', arguments: { city: 'Tokyo' } },
    }
    upstream.script = inTurn(
      replyJson({
        ...chatReply({ content: null, tool_calls: [call] }, { finish_reason: 'eos_token' }),
        object: 'text_completion',
        id: '',
      }),
      replyJson(chatReply({ content: 'Sunny.' })),
    )
    await roundTrip('tgi')
    const [, assistant] = bodyOf(upstream).messages as { tool_calls?: { function: { arguments: unknown } }[] }[]
    expect(assistant?.tool_calls?.[0]?.function.arguments).toBe('{"city":"Tokyo"}')
    const schema = { type: 'object', properties: {} }
    await client.chat.completions.create({
      model: 'tgi',
      messages: [ASK],
      top_p: 1,
      temperature: 0,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    })
    expect(bodyOf(upstream)).toMatchObject({ response_format: { type: 'json_object', value: schema } })
    expect(bodyOf(upstream).top_p ?? bodyOf(upstream).temperature).toBeUndefined()
  })

  it('vLLM: thoughts under either name reach the client once; its own parameters pass', async () => {
    upstream.script = replyEvents([
      chatChunk({ role: 'assistant', content: '' }),
      chatChunk({ reasoning: 'Hmm.', reasoning_content: 'Hmm.' }),
      chatChunk({ content: 'Yes.' }),
      chatChunk({}, 'stop', { choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 151645 }] }),
    ])
    const body = {
      model: 'vllm',
      messages: [ASK],
      guided_json: { type: 'object' },
      chat_template_kwargs: { enable_thinking: true },
      top_k: 5,
    }
    const reply = await client.chat.completions.stream(body).finalChatCompletion()
    expect(reply.choices[0]?.message).toMatchObject({ content: 'Yes.', reasoning_content: 'Hmm.' })
    expect(bodyOf(upstream)).toMatchObject({
      guided_json: { type: 'object' },
      chat_template_kwargs: { enable_thinking: true },
      top_k: 5,
    })
  })

  it('merge_reasoning puts thoughts into the answer, between tags, streamed and whole', async () => {
    upstream.script = replyEvents([
      chatChunk({ reasoning: 'Hmm.' }),
      chatChunk({ content: 'Yes.' }),
      chatChunk({}, 'stop'),
    ])
    const streamed = await client.chat.completions
      .stream({ model: 'vllm-thought', messages: [ASK] })
      .finalChatCompletion()
    upstream.script = replyJson(chatReply({ content: 'Yes.', reasoning_content: 'Hmm.' }))
    const whole = await client.chat.completions.create({ model: 'vllm-thought', messages: [ASK] })
    for (const reply of [streamed, whole])
      expect(reply.choices[0]?.message.content).toMatch(/^<think>\s*Hmm\.\s*<\/think>\s*Yes\.$/)
  })

  it('Groq: an error event in the middle of a stream is raised', async () => {
    const error = {
      message: 'Failed to call a function.',
      type: 'invalid_request_error',
      code: 'tool_use_failed',
      status_code: 400,
    }
    upstream.script = replyEvents(
      [chatChunk({ content: 'Hal' }), `event: error\ndata: ${JSON.stringify({ error })}\n\n`],
      { done: false },
    )
    const outcome = client.chat.completions.stream({ model: 'groq', messages: [ASK] }).finalChatCompletion()
    await expect(outcome).rejects.toThrow(/Failed to call a function/)
  })

  it('Groq: what it refuses is refused here, with the way out', async () => {
    const outcome = client.chat.completions.create({ model: 'groq', messages: [ASK], logprobs: true })
    await expect(outcome).rejects.toMatchObject({
      status: 400,
      param: 'logprobs',
      message: expect.stringContaining('drop_params'),
    })
  })
})
