import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf, inTurn, OLLAMA_DONE, ollamaLine, replyJson, replyLines, requestOf } from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

type Message = OpenAI.ChatCompletionMessageParam

const ASK: Message = { role: 'user', content: 'Weather in Tokyo and Paris?' }
const WEATHER: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}
const TIME: OpenAI.ChatCompletionTool = { type: 'function', function: { name: 'get_time' } }
/** As Ollama gives them: objects, without ids in older versions. */
const CALLS = ['Tokyo', 'Paris'].map((city) => ({ function: { name: 'get_weather', arguments: { city } } }))

describe('the official SDK against a native Ollama', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson(ollamaLine({ content: 'Hi.' }, OLLAMA_DONE)))
    gateway = await startTestGateway(`
discovery: false
providers:
  ollama: { base_url: '${upstream.url}' }
models:
  local: ollama/llama3
  tuned: { targets: [{ use: ollama/llama3, params: { num_ctx: 16384, keep_alive: '30m' } }] }
  thinker: ollama/gpt-oss:20b
  plain: { targets: [{ use: ollama/gemma, capabilities: [chat, completion] }] }
`)
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  })
  beforeEach(() => {
    upstream.script = replyJson(ollamaLine({ content: 'Hi.' }, OLLAMA_DONE))
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const chat = (
    body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> & Record<string, unknown> = {},
  ): Promise<OpenAI.ChatCompletion> => client.chat.completions.create({ model: 'local', messages: [ASK], ...body })

  it.each([true, false])('goes a whole round with two tools called at once: stream %s', async (stream) => {
    const calls = stream
      ? replyLines([
          ...CALLS.map((call) => ollamaLine({ content: '', tool_calls: [call] })),
          ollamaLine({ content: '' }, OLLAMA_DONE),
        ])
      : replyJson(ollamaLine({ content: '', tool_calls: CALLS }, OLLAMA_DONE))
    const answer = stream
      ? replyLines([ollamaLine({ content: 'Sunny.' }), ollamaLine({ content: '' }, OLLAMA_DONE)])
      : replyJson(ollamaLine({ content: 'Sunny.' }, OLLAMA_DONE))
    upstream.script = inTurn(calls, answer)
    const ask = async (messages: Message[]): Promise<OpenAI.ChatCompletion> => {
      const body = { model: 'local', messages, tools: [WEATHER, TIME] }
      return stream ? client.chat.completions.stream(body).finalChatCompletion() : client.chat.completions.create(body)
    }
    const first = await ask([ASK])
    expect(bodyOf(upstream)).toMatchObject({
      model: 'llama3',
      stream,
      truncate: false,
      tools: [WEATHER, { function: { name: 'get_time' } }],
    })
    expect(requestOf(upstream).path).toBe('/api/chat')
    const message = first.choices[0]?.message
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    const made = message?.tool_calls?.filter((call) => call.type === 'function') ?? []
    expect(made.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([
      { city: 'Tokyo' },
      { city: 'Paris' },
    ])
    expect(new Set(made.map((call) => call.id)).size).toBe(2)
    const results = made.map((call, index): Message => ({
      role: 'tool',
      tool_call_id: call.id,
      content: `result ${index}`,
    }))
    const second = await ask([ASK, message as Message, ...results])
    expect(second.choices[0]?.message.content).toBe('Sunny.')
    expect(bodyOf(upstream).messages).toMatchObject([
      { role: 'user', content: ASK.content },
      { role: 'assistant', content: '', tool_calls: CALLS },
      { role: 'tool', content: 'result 0', tool_name: 'get_weather' },
      { role: 'tool', content: 'result 1', tool_name: 'get_weather' },
    ])
  })

  it('counts tokens and gives a finish reason', async () => {
    upstream.script = replyJson(ollamaLine({ content: 'cut' }, { ...OLLAMA_DONE, done_reason: 'length' }))
    const reply = await chat()
    expect(reply.choices[0]?.finish_reason).toBe('length')
    expect(reply.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 })
    expect(reply.object).toBe('chat.completion')
  })

  it('puts sampling where Ollama reads it', async () => {
    await chat({
      temperature: 0.25,
      top_p: 0.5,
      seed: 7,
      stop: 'END',
      max_completion_tokens: 99,
      presence_penalty: 1,
      frequency_penalty: 0.5,
      min_p: 0.1,
      top_k: 40,
    })
    expect(bodyOf(upstream).options).toEqual({
      temperature: 0.25,
      top_p: 0.5,
      seed: 7,
      stop: ['END'],
      num_predict: 99,
      presence_penalty: 1,
      frequency_penalty: 0.5,
      min_p: 0.1,
      top_k: 40,
    })
  })

  it('passes num_ctx and keep_alive, from the configuration and from the client', async () => {
    await chat({ model: 'tuned' })
    expect(bodyOf(upstream)).toMatchObject({ keep_alive: '30m', options: { num_ctx: 16384 }, truncate: false })
    await chat({ model: 'tuned', num_ctx: 4096, keep_alive: -1, options: { mirostat: 1 } })
    expect(bodyOf(upstream)).toMatchObject({ keep_alive: -1, options: { num_ctx: 4096, mirostat: 1 } })
    await chat({ truncate: true })
    expect(bodyOf(upstream).truncate).toBe(true)
  })

  it.each<[string, object, unknown]>([
    ['local', { reasoning_effort: 'high' }, true],
    ['local', { reasoning_effort: 'none' }, false],
    ['local', { think: false }, false],
    ['local', {}, undefined],
    ['thinker', { reasoning_effort: 'high' }, 'high'],
    ['thinker', { reasoning_effort: 'minimal' }, 'low'],
    // Ollama refuses a request to think where the model cannot, and then there is nothing to think about.
    ['plain', { reasoning_effort: 'high' }, undefined],
  ])('%s thinks as asked: %o -> %s', async (model, body, think) => {
    await chat({ model, ...body })
    expect(bodyOf(upstream).think).toEqual(think)
  })

  it('gives thoughts apart from the answer', async () => {
    upstream.script = replyLines([
      ollamaLine({ content: '', thinking: 'Hmm' }),
      ollamaLine({ content: 'Hi' }),
      ollamaLine({ content: '' }, OLLAMA_DONE),
    ])
    const reply = await client.chat.completions.stream({ model: 'local', messages: [ASK] }).finalChatCompletion()
    expect(reply.choices[0]?.message).toMatchObject({ content: 'Hi', reasoning_content: 'Hmm' })
  })

  it('asks for JSON in the two ways there are', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    await chat({ response_format: { type: 'json_schema', json_schema: { name: 'city', schema, strict: true } } })
    expect(bodyOf(upstream).format).toEqual(schema)
    await chat({ response_format: { type: 'json_object' } })
    expect(bodyOf(upstream).format).toBe('json')
    await chat({ response_format: { type: 'text' } })
    expect(bodyOf(upstream).format).toBeUndefined()
  })

  it('hands images over as bare base64, and refuses web addresses with a sentence', async () => {
    const url = 'data:image/png;base64,iVBORw0KGgo='
    await chat({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ],
    })
    expect(bodyOf(upstream).messages).toEqual([{ role: 'user', content: 'What is this?', images: ['iVBORw0KGgo='] }])
    const content = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] as const
    await expect(chat({ messages: [{ role: 'user', content: [...content] }] })).rejects.toThrow(/data: URI/)
  })

  it('keeps tool_choice as far as Ollama can', async () => {
    await chat({ tools: [WEATHER, TIME], tool_choice: { type: 'function', function: { name: 'get_time' } } })
    expect(bodyOf(upstream).tools).toMatchObject([{ function: { name: 'get_time' } }])
    await chat({ tools: [WEATHER], tool_choice: 'none' })
    expect(bodyOf(upstream).tools).toBeUndefined()
  })

  it('gives logprobs in the shape that OpenAI documents', async () => {
    const logprobs = [
      {
        token: 'Hi',
        logprob: -0.5,
        bytes: [72, 105],
        top_logprobs: [{ token: 'Hi', logprob: -0.5, bytes: [72, 105] }],
      },
    ]
    upstream.script = replyJson({ ...ollamaLine({ content: 'Hi' }, OLLAMA_DONE), logprobs })
    const reply = await chat({ logprobs: true, top_logprobs: 1 })
    expect(bodyOf(upstream)).toMatchObject({ logprobs: true, top_logprobs: 1 })
    expect(reply.choices[0]?.logprobs?.content?.[0]).toMatchObject({ token: 'Hi', logprob: -0.5 })
  })

  it('says that two answers are not to be had, and takes one', async () => {
    await expect(chat({ n: 2 })).rejects.toMatchObject({ status: 400, param: 'n', code: 'unsupported_parameter' })
    await chat({ n: 1 })
    expect(bodyOf(upstream).n).toBeUndefined()
  })

  it('fills in the middle through /api/generate, streamed and whole', async () => {
    const line = (response: string, rest: object): object => ({ model: 'llama3', created_at: 'x', response, ...rest })
    upstream.script = replyJson(line('return a + b', OLLAMA_DONE))
    const body = {
      model: 'local',
      prompt: 'def add(a, b):\n',
      suffix: '\nprint(add(1, 2))',
      max_tokens: 20,
      stop: ['\n\n'],
    }
    const reply = await client.completions.create(body)
    expect(reply.choices[0]).toMatchObject({ text: 'return a + b', finish_reason: 'stop', index: 0 })
    expect(reply.object).toBe('text_completion')
    expect(reply.usage?.total_tokens).toBe(18)
    expect(requestOf(upstream).path).toBe('/api/generate')
    expect(bodyOf(upstream)).toMatchObject({
      prompt: body.prompt,
      suffix: body.suffix,
      options: { num_predict: 20, stop: ['\n\n'] },
      stream: false,
    })
    upstream.script = replyLines([
      line('return ', { done: false }),
      line('a + b', { done: false }),
      line('', OLLAMA_DONE),
    ])
    let text = ''
    for await (const chunk of await client.completions.create({ ...body, stream: true }))
      text += chunk.choices[0]?.text ?? ''
    expect(text).toBe('return a + b')
  })

  it('embeds, one text and several, as floats and as base64', async () => {
    const vectors = [
      [0.5, -1.25],
      [2, 0],
    ]
    upstream.script = replyJson({ model: 'llama3', embeddings: vectors, prompt_eval_count: 4 })
    // Without an encoding of one's own the SDK asks for base64 and decodes it.
    const decoded = await client.embeddings.create({ model: 'local', input: ['a', 'b'] })
    expect(decoded.data.map((item) => item.embedding)).toEqual(vectors)
    expect(decoded.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
    const floats = await client.embeddings.create({
      model: 'local',
      input: 'a',
      encoding_format: 'float',
      dimensions: 2,
    })
    expect(floats.data[0]?.embedding).toEqual(vectors[0])
    expect(requestOf(upstream).path).toBe('/api/embed')
    expect(bodyOf(upstream)).toMatchObject({ model: 'llama3', input: ['a'], truncate: false, dimensions: 2 })
  })

  it('says which command pulls a model that is missing', async () => {
    upstream.script = replyJson({ error: "model 'llama3' not found" }, { status: 404 })
    await expect(chat()).rejects.toMatchObject({ status: 404, message: expect.stringContaining('ollama pull llama3') })
  })

  it('raises an error that comes in the middle of a stream', async () => {
    upstream.script = replyLines([
      ollamaLine({ content: 'Hal' }),
      { error: 'an error was encountered while running the model' },
    ])
    const stream = client.chat.completions.stream({ model: 'local', messages: [ASK] })
    await expect(stream.finalChatCompletion()).rejects.toThrow(/while running the model/)
  })
})
