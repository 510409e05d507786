import OpenAI, { AzureOpenAI } from 'openai'
import type { RunnableToolFunctionWithParse } from 'openai/lib/RunnableFunction'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  bodyOf,
  chatChunk,
  chatReply,
  inTurn,
  replyEvents,
  replyJson,
  requestOf,
  usageChunk,
} from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

type Tool = OpenAI.ChatCompletionTool
type Message = OpenAI.ChatCompletionMessageParam

const WEATHER: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const ASK: Message = { role: 'user', content: 'Weather in Tokyo and Paris?' }
const CALLS = [
  {
    id: 'call_AAAAAAAAAAAAAAAAAAAAAAAA',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Tokyo"}' },
  },
  {
    id: 'call_BBBBBBBBBBBBBBBBBBBBBBBB',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
  },
]
const call = (index: number, delta: object): object => chatChunk({ tool_calls: [{ index, ...delta }] })
const CALLS_STREAMED = [
  chatChunk({ role: 'assistant', content: null }),
  call(0, { id: CALLS[0]?.id, type: 'function', function: { name: 'get_weather', arguments: '' } }),
  call(0, { function: { arguments: '{"city"' } }),
  call(0, { function: { arguments: ':"Tokyo"}' } }),
  call(1, { id: CALLS[1]?.id, type: 'function', function: { name: 'get_weather', arguments: '' } }),
  call(1, { function: { arguments: '{"city":"Paris"}' } }),
  chatChunk({}, 'tool_calls'),
  usageChunk,
]

describe('the official SDK against an upstream that speaks its wire', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson(chatReply({ content: 'Hi.' })))
    gateway = await startTestGateway(`
discovery: false
providers:
  openai: { base_url: '${upstream.url}/v1', key: sk-upstream }
  rewritten: { kind: openai, base_url: '${upstream.url}/v1', key: sk-upstream, lane: translated }
models:
  gpt: openai/gpt-4o-2024
  gpt-translated: rewritten/gpt-4o-2024
  whisper: openai/whisper-1
`)
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  })
  beforeEach(() => {
    upstream.script = replyJson(chatReply({ content: 'Hi.' }))
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  describe.each(['gpt', 'gpt-translated'])('%s', (model) => {
    it('goes a whole round with two tools called at once', async () => {
      upstream.script = inTurn(
        replyJson(chatReply({ content: null, tool_calls: CALLS }, { finish_reason: 'tool_calls' })),
        replyJson(chatReply({ content: 'Sunny and rainy.' })),
      )
      const first = await client.chat.completions.create({ model, messages: [ASK], tools: [WEATHER] })
      const message = first.choices[0]?.message
      expect(first.choices[0]?.finish_reason).toBe('tool_calls')
      expect(message?.tool_calls).toEqual(CALLS)
      const results = CALLS.map((made): Message => ({ role: 'tool', tool_call_id: made.id, content: 'sunny' }))
      const messages: Message[] = [ASK, message as Message, ...results]
      const second = await client.chat.completions.create({ model, messages, tools: [WEATHER] })
      expect(second.choices[0]?.message.content).toBe('Sunny and rainy.')
      const sent = bodyOf(upstream)
      expect(sent.model).toBe('gpt-4o-2024')
      expect(sent.tools).toEqual([WEATHER])
      expect(sent.messages).toMatchObject([
        ASK,
        { role: 'assistant', content: null, tool_calls: CALLS },
        { role: 'tool', tool_call_id: CALLS[0]?.id, content: 'sunny' },
        { role: 'tool', tool_call_id: CALLS[1]?.id, content: 'sunny' },
      ])
    })

    it('streams two tools called at once into the helper that collects them', async () => {
      upstream.script = replyEvents(CALLS_STREAMED)
      const stream = client.chat.completions.stream({ model, messages: [ASK], tools: [WEATHER] })
      const final = await stream.finalChatCompletion()
      expect(final.choices[0]?.finish_reason).toBe('tool_calls')
      expect(
        final.choices[0]?.message.tool_calls?.map((made) =>
          made.type === 'function' ? [made.id, made.function.arguments] : [],
        ),
      ).toEqual(CALLS.map((made) => [made.id, made.function.arguments]))
    })

    it('runs the tools itself with runTools', async () => {
      upstream.script = inTurn(
        replyEvents(CALLS_STREAMED),
        replyEvents([chatChunk({ role: 'assistant', content: 'Done.' }), chatChunk({}, 'stop')]),
      )
      const asked: string[] = []
      const weather: RunnableToolFunctionWithParse<{ city: string }> = {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'The weather of a city',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
          parse: (text) => JSON.parse(text) as { city: string },
          function: ({ city }) => {
            asked.push(city)
            return `${city}: sunny`
          },
        },
      }
      const runner = client.chat.completions.runTools({ model, stream: true, messages: [ASK], tools: [weather] })
      expect(await runner.finalContent()).toBe('Done.')
      expect(asked).toEqual(['Tokyo', 'Paris'])
      expect(bodyOf(upstream).messages).toMatchObject([
        ASK,
        { role: 'assistant' },
        { content: 'Tokyo: sunny' },
        { content: 'Paris: sunny' },
      ])
    })

    it('keeps every common parameter', async () => {
      const parameters = {
        temperature: 0.25,
        top_p: 0.5,
        seed: 7,
        stop: ['END', 'STOP'],
        presence_penalty: 0.5,
        frequency_penalty: -0.5,
        logit_bias: { '50256': -100 },
        user: 'user-1',
        tool_choice: { type: 'function', function: { name: 'get_weather' } },
        parallel_tool_calls: false,
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'out', schema: { type: 'object' }, strict: true },
        },
        reasoning_effort: 'low',
        metadata: { run: '1' },
        service_tier: 'flex',
        prediction: { type: 'content', content: 'x' },
      } as const
      await client.chat.completions.create({
        model,
        messages: [{ role: 'developer', content: 'Be brief.' }, ASK],
        tools: [WEATHER],
        ...parameters,
        stop: [...parameters.stop],
      })
      expect(bodyOf(upstream)).toMatchObject(parameters)
    })

    it('gives logprobs as they are', async () => {
      const logprobs = { content: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [] }], refusal: null }
      upstream.script = replyJson(chatReply({ content: 'Hi' }, { logprobs }))
      const reply = await client.chat.completions.create({ model, messages: [ASK], logprobs: true, top_logprobs: 2 })
      expect(bodyOf(upstream)).toMatchObject({ logprobs: true, top_logprobs: 2 })
      expect(reply.choices[0]?.logprobs?.content).toEqual(logprobs.content)
    })

    it('gives two answers where two are asked for, streamed and whole', async () => {
      const whole = chatReply({ content: 'One' })
      const two = {
        ...whole,
        choices: [0, 1].map((index) => ({
          index,
          message: { role: 'assistant', content: `answer ${index}` },
          finish_reason: 'stop',
        })),
      }
      upstream.script = replyJson(two)
      const reply = await client.chat.completions.create({ model, messages: [ASK], n: 2 })
      expect(bodyOf(upstream).n).toBe(2)
      expect(reply.choices.map((choice) => choice.message.content)).toEqual(['answer 0', 'answer 1'])
      const piece = (index: number, content: string, finish: string | null = null): object => ({
        ...chatChunk({}),
        choices: [{ index, delta: { role: 'assistant', content }, finish_reason: finish }],
      })
      upstream.script = replyEvents([piece(0, 'a'), piece(1, 'b'), piece(0, 'a', 'stop'), piece(1, 'b', 'length')])
      const streamed = await client.chat.completions.stream({ model, messages: [ASK], n: 2 }).finalChatCompletion()
      expect(streamed.choices.map((choice) => [choice.message.content, choice.finish_reason])).toEqual([
        ['aa', 'stop'],
        ['bb', 'length'],
      ])
    })

    it.each(['max_tokens', 'max_completion_tokens'] as const)('sends one limit, not two, for %s', async (name) => {
      await client.chat.completions.create({ model, messages: [ASK], [name]: 123 })
      const sent = bodyOf(upstream)
      expect([sent.max_tokens, sent.max_completion_tokens].filter((value) => value !== undefined)).toEqual([123])
      if (model === 'gpt') expect(sent[name]).toBe(123)
    })

    it('keeps images, web addresses and data alike', async () => {
      const image = 'data:image/png;base64,iVBORw0KGgo='
      const content: OpenAI.ChatCompletionContentPart[] = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: image, detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      ]
      await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })
      expect(bodyOf(upstream).messages).toEqual([{ role: 'user', content }])
    })

    it('shows the usage chunk to those who ask, and to nobody else', async () => {
      upstream.script = replyEvents([chatChunk({ content: 'Hi' }), chatChunk({}, 'stop'), usageChunk])
      for (const asks of [true, false]) {
        const chunks: OpenAI.ChatCompletionChunk[] = []
        const stream = await client.chat.completions.create({
          model,
          messages: [ASK],
          stream: true,
          ...(asks && { stream_options: { include_usage: true } }),
        })
        for await (const chunk of stream) chunks.push(chunk)
        expect(chunks.filter((chunk) => chunk.choices.length === 0).length).toBe(asks ? 1 : 0)
        expect(chunks.at(-1)?.usage?.total_tokens).toBe(asks ? 18 : undefined)
        expect(bodyOf(upstream).stream_options).toEqual({ include_usage: true })
      }
      const rows = await gateway.rows()
      expect(rows.slice(-2).map((row) => row.usage)).toMatchObject([
        { input: 11, output: 7 },
        { input: 11, output: 7 },
      ])
    })

    it('raises what the upstream says, with its status, code and param', async () => {
      const error = {
        message: 'Bad effort.',
        type: 'invalid_request_error',
        param: 'reasoning_effort',
        code: 'invalid_value',
      }
      upstream.script = replyJson({ error }, { status: 400 })
      const outcome = client.chat.completions.create({ model, messages: [ASK] })
      await expect(outcome).rejects.toMatchObject({
        status: 400,
        code: 'invalid_value',
        param: 'reasoning_effort',
        type: 'invalid_request_error',
      })
    })

    it('names the request in the way that the SDK reads', async () => {
      const {
        data,
        request_id: id,
        response,
      } = await client.chat.completions.create({ model, messages: [ASK] }).withResponse()
      expect(data).toMatchObject({ _request_id: id })
      expect(id).toBe(response.headers.get('x-spillway-request-id'))
      expect((await gateway.rows()).at(-1)?.id).toBe(id)
    })
  })

  it('changes nothing but the model on the verbatim lane, integers beyond 2^53 included', async () => {
    const text = `{"model":"gpt","messages":[{"role":"user","content":"hi"}],"seed":9007199254740993,"x":{"deep":[1.0,12345678901234567890]},"unknown":"ü\\u00fc"}`
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
      body: text,
    })
    expect(response.status).toBe(200)
    expect(requestOf(upstream).text).toBe(text.replace('"gpt"', '"gpt-4o-2024"'))
  })

  it('sends the upstream its own key and none of the client', async () => {
    const named = new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: gateway.key,
      organization: 'org-mine',
      defaultHeaders: { 'x-mine': '1' },
    })
    await named.chat.completions.create({ model: 'gpt', messages: [ASK] })
    const { headers } = requestOf(upstream)
    expect(headers.authorization).toBe('Bearer sk-upstream')
    expect(headers['x-mine']).toBeUndefined()
    expect(headers['openai-organization']).toBeUndefined()
  })

  it('serves AzureOpenAI: chat, a stream, and a transcription', async () => {
    const azure = new AzureOpenAI({
      endpoint: gateway.url,
      apiKey: gateway.key,
      apiVersion: '2024-10-21',
      maxRetries: 0,
    })
    const reply = await azure.chat.completions.create({ model: 'gpt', messages: [ASK] })
    expect(reply.choices[0]?.message.content).toBe('Hi.')
    expect(requestOf(upstream).path).toBe('/v1/chat/completions')
    expect(bodyOf(upstream).model).toBe('gpt-4o-2024')
    upstream.script = replyEvents([chatChunk({ content: 'Yo' }), chatChunk({}, 'stop')])
    let text = ''
    for await (const chunk of await azure.chat.completions.create({ model: 'gpt', messages: [ASK], stream: true })) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe('Yo')
    upstream.script = replyJson({ text: 'spoken words' })
    const heard = await azure.audio.transcriptions.create({ model: 'whisper', file: new File(['RIFF'], 'a.wav') })
    expect(heard.text).toBe('spoken words')
    expect(requestOf(upstream).path).toBe('/v1/audio/transcriptions')
    expect(requestOf(upstream).text).toContain('whisper-1')
  })

  it('lists and finds models', async () => {
    const names: string[] = []
    for await (const model of client.models.list()) names.push(model.id)
    expect(names).toEqual(expect.arrayContaining(['gpt', 'gpt-translated', 'whisper', 'spillway/echo']))
    expect((await client.models.retrieve('gpt')).id).toBe('gpt')
    expect((await client.models.retrieve('spillway/echo')).id).toBe('spillway/echo')
    await expect(client.models.retrieve('gptt')).rejects.toThrow(/gpt/)
  })
})
