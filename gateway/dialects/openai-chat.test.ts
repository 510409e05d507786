import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { haveExchanges, loadExchanges } from '../test/exchanges.ts'
import { openaiChat } from './openai-chat.ts'

const user = { role: 'user', content: 'Hello' }
const ask = (more: JsonObject): JsonObject => ({ model: 'm', messages: [user], ...more })
const say = (...messages: JsonValue[]): JsonObject => ({ model: 'm', messages })
const tool = (fn: JsonObject): JsonObject => ask({ tools: [{ type: 'function', function: fn }] })

describe('a chat request that cannot be served', () => {
  it.each<[string, JsonObject, string]>([
    ['without a model', { messages: [user] }, 'model'],
    ['with a model that is no name', ask({ model: 5 }), 'model'],
    ['without messages', { model: 'm' }, 'messages'],
    ['with messages that are no list', ask({ messages: 'hi' }), 'messages'],
    ['with no message', say(), 'messages'],
    ['with a message that is text', say('hi'), 'messages[0]'],
    ['with a message without role', say({ content: 'x' }), 'messages[0].role'],
    ['with an unknown role', say(user, { role: 'bot', content: 'x' }), 'messages[1].role'],
    ['with a user who says nothing', say({ role: 'user', content: null }), 'messages[0].content'],
    ['with content that is a number', say({ role: 'user', content: 5 }), 'messages[0].content'],
    ['with a part without type', say({ role: 'user', content: [{ text: 'x' }] }), 'messages[0].content[0]'],
    [
      'with a text part without text',
      say({ role: 'user', content: [{ type: 'text' }] }),
      'messages[0].content[0].text',
    ],
    [
      'with a picture without url',
      say({ role: 'user', content: [{ type: 'image_url', image_url: {} }] }),
      'messages[0].content[0].image_url',
    ],
    ['with a tool result for no call', say(user, { role: 'tool', content: 'x' }), 'messages[1].tool_call_id'],
    ['with tool calls that are no list', say({ role: 'assistant', tool_calls: {} }), 'messages[0].tool_calls'],
    [
      'with a tool call without name',
      say({ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }),
      'messages[0].tool_calls[0].function.name',
    ],
    ['with tools that are no list', ask({ tools: {} }), 'tools'],
    ['with a tool without function', ask({ tools: [{ type: 'function' }] }), 'tools[0].function'],
    ['with a tool without name', tool({}), 'tools[0].function.name'],
    ['with a tool name of several words', tool({ name: 'get weather' }), 'tools[0].function.name'],
    ['with parameters that are no schema', tool({ name: 'f', parameters: 'none' }), 'tools[0].function.parameters'],
    ['with a legacy function without name', ask({ functions: [{}] }), 'functions[0].name'],
    ['with an unknown tool_choice', ask({ tool_choice: 'maybe' }), 'tool_choice'],
    ['with a tool_choice without name', ask({ tool_choice: { type: 'function' } }), 'tool_choice.function.name'],
    ['with stream in words', ask({ stream: 'yes' }), 'stream'],
    ['with n of zero', ask({ n: 0 }), 'n'],
    ['with half an answer', ask({ n: 1.5 }), 'n'],
    ['with temperature in words', ask({ temperature: 'hot' }), 'temperature'],
    ['with max_tokens in words', ask({ max_tokens: '5' }), 'max_tokens'],
    ['with stop of numbers', ask({ stop: [1] }), 'stop'],
    ['with response_format in words', ask({ response_format: 'json' }), 'response_format'],
    [
      'with json_schema without schema',
      ask({ response_format: { type: 'json_schema' } }),
      'response_format.json_schema',
    ],
  ])('%s names the field and the remedy', (_name, body, param) => {
    const failure = openaiChat.inspect(body)
    expect(failure).toMatchObject({ kind: 'invalid-request', status: 400, param })
    expect(isFailure(failure) && failure.message.length).toBeGreaterThan(20)
  })

  it.each<[string, JsonObject]>([
    ['keys that nobody knows', ask({ made_up: 1 })],
    [
      'nulls for "not set"',
      ask({ temperature: null, stop: null, tools: null, stream: null, n: null, response_format: null }),
    ],
    ['an assistant that only called tools', say({ role: 'assistant', content: null, tool_calls: [] })],
    ['a long tool name', tool({ name: 'a'.repeat(128) })],
    ['a tool without parameters', tool({ name: 'f' })],
    [
      'tools that are no functions',
      ask({ tools: [{ type: 'custom', custom: { name: 'x' } }, { type: 'web_search' }] }),
    ],
    [
      'a picture as a bare string',
      say({ role: 'user', content: [{ type: 'image_url', image_url: 'https://x/y.png' }] }),
    ],
    ['a limit of -1, as local runners take it', ask({ max_tokens: -1 })],
  ])('is not one with %s', (_name, body) => {
    expect(isFailure(openaiChat.inspect(body))).toBe(false)
  })
})

describe('what planning needs', () => {
  const facts = (body: JsonObject): object => openaiChat.inspect(body)

  it.each<[string, JsonObject, string[]]>([
    ['nothing special', ask({}), []],
    ['tools', tool({ name: 'f' }), ['tools']],
    ['no tools when they are forbidden', { ...tool({ name: 'f' }), tool_choice: 'none' }, []],
    ['vision', say({ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }), ['vision']],
    [
      'audio in',
      say({ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x', format: 'wav' } }] }),
      ['audio'],
    ],
    ['audio out', ask({ modalities: ['text', 'audio'] }), ['audio']],
  ])('%s', (_name, body, needs) => {
    expect(facts(body)).toMatchObject({ needs })
  })

  it('counts words, not pictures', () => {
    const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4_000_000)}` } }
    expect(facts(say({ role: 'user', content: 'x'.repeat(4_000) }))).toMatchObject({ promptTokensEstimate: 1_001 })
    const estimate = openaiChat.inspect(say({ role: 'user', content: [picture] }))
    expect(isFailure(estimate) ? 0 : estimate.promptTokensEstimate).toBeLessThan(2_000)
  })

  it('reads the limit by either name', () => {
    expect(facts(ask({ max_tokens: 5, stream: true }))).toMatchObject({ maxOutputTokens: 5, stream: true })
    expect(facts(ask({ max_tokens: 5, max_completion_tokens: 6 }))).toMatchObject({ maxOutputTokens: 6, stream: false })
  })
})

describe('the canonical request', () => {
  it('reads messages of every role', () => {
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'What?', cache_control: { type: 'ephemeral' } }], name: 'ann' },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        tool_calls: [{ id: 'functions.f:0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        audio: { id: 'x' },
      },
      { role: 'tool', tool_call_id: 'functions.f:0', content: '42' },
    ]
    expect(parsed({ model: 'm', messages }).messages).toEqual<Message[]>([
      { role: 'system', as: 'developer', content: [{ type: 'text', text: 'Be brief.' }], name: undefined },
      {
        role: 'user',
        content: [{ type: 'text', text: 'What?', extra: { cache_control: { type: 'ephemeral' } } }],
        name: 'ann',
      },
      {
        role: 'assistant',
        content: [],
        reasoning: [{ text: 'hm' }],
        toolCalls: [{ id: 'functions.f:0', name: 'f', argumentsJson: '{"a":1}' }],
        refusal: undefined,
        name: undefined,
        extra: { audio: { id: 'x' } },
      },
      { role: 'tool', toolCallId: 'functions.f:0', content: [{ type: 'text', text: '42' }], name: undefined },
    ])
  })

  it.each<[string, JsonObject, object]>([
    [
      'a data URI',
      { type: 'image_url', image_url: { url: 'data:image/webp;base64,AAAA', detail: 'low' } },
      { type: 'image', source: { base64: 'AAAA', mediaType: 'image/webp' }, detail: 'low' },
    ],
    [
      'a URL',
      { type: 'image_url', image_url: { url: 'https://x/y.png' } },
      { type: 'image', source: { url: 'https://x/y.png' } },
    ],
    [
      'a bare URL',
      { type: 'image_url', image_url: 'https://x/y.png' },
      { type: 'image', source: { url: 'https://x/y.png' } },
    ],
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { type: 'audio', base64: 'AAAA', format: 'mp3' },
    ],
    [
      'a file',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } },
      { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,AA' },
    ],
  ])('reads %s', (_name, part, expected) => {
    expect(parsed(say({ role: 'user', content: [part] })).messages).toMatchObject([{ content: [expected] }])
  })

  it('keeps signed and encrypted thoughts apart', () => {
    const blocks = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'r' },
    ]
    const message = { role: 'assistant', content: 'x', reasoning_content: 'hm', thinking_blocks: blocks }
    const reasoning = [
      { text: 'hm', signature: 's' },
      { text: '', redacted: 'r' },
    ]
    expect(parsed(say(user, message)).messages[1]).toMatchObject({ reasoning })
  })

  it('reads thoughts that stand among the content, as Mistral writes them', () => {
    const thinking = [
      { type: 'text', text: '12 * 12 ' },
      { type: 'text', text: 'is 144.' },
    ]
    const content = [
      { type: 'thinking', thinking },
      { type: 'text', text: '144' },
    ]
    expect(parsed(say(user, { role: 'assistant', content }, user)).messages[1]).toMatchObject({
      content: [{ type: 'text', text: '144' }],
      reasoning: [{ text: '12 * 12 is 144.' }],
    })
  })

  it('reads legacy functions as tools, calls and results', () => {
    const body = {
      ...say(
        user,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '1' },
      ),
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
    }
    const request = parsed(body)
    expect(request.tools).toMatchObject([{ name: 'f', parameters: { type: 'object' } }])
    expect(request.toolChoice).toEqual({ name: 'f' })
    expect(request.messages).toMatchObject([
      {},
      { toolCalls: [{ id: 'call_1', name: 'f' }] },
      { role: 'tool', toolCallId: 'call_1' },
    ])
  })

  it('reads every parameter, and keeps the rest', () => {
    const request = parsed(
      ask({
        temperature: 0,
        top_p: 1,
        top_k: 2,
        min_p: 0.1,
        seed: 3,
        stop: 'END',
        max_completion_tokens: 9,
        n: 2,
        presence_penalty: 1,
        frequency_penalty: -1,
        logit_bias: { '5': 1 },
        logprobs: true,
        top_logprobs: 4,
        user: 'ann',
        parallel_tool_calls: false,
        stream: true,
        stream_options: { include_usage: true },
        service_tier: 'flex',
        num_ctx: 8192,
      }),
    )
    expect(request.sampling).toEqual({
      temperature: 0,
      topP: 1,
      topK: 2,
      minP: 0.1,
      seed: 3,
      stop: ['END'],
      maxOutputTokens: 9,
      choices: 2,
      presencePenalty: 1,
      frequencyPenalty: -1,
      logitBias: { '5': 1 },
      logprobs: true,
      topLogprobs: 4,
    })
    expect(request).toMatchObject({ user: 'ann', parallelToolCalls: false })
    expect(request.extra).toEqual({ service_tier: 'flex', num_ctx: 8192 })
  })

  it.each<[JsonObject, object | undefined]>([
    [{ reasoning_effort: 'high' }, { effort: 'high' }],
    [{ reasoning: { effort: 'low', max_tokens: 100 } }, { effort: 'low', budgetTokens: 100 }],
    [{ reasoning: { enabled: false } }, { enabled: false }],
    [{ thinking: { type: 'enabled', budget_tokens: 2_000 } }, { enabled: true, budgetTokens: 2_000 }],
    [{ thinking: { type: 'disabled' } }, { enabled: false }],
    [{}, undefined],
  ])('reads how much to think from %j', (more, expected) => {
    expect(parsed(ask(more)).reasoning).toEqual(expected)
  })

  it.each<[JsonObject, object | undefined]>([
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, { type: 'json' }],
    [
      { type: 'json_object', schema: { a: 1 } },
      { type: 'json-schema', name: 'response', schema: { a: 1 }, strict: undefined },
    ],
    [
      { type: 'json_schema', json_schema: { name: 'n', schema: { a: 1 }, strict: true } },
      { type: 'json-schema', name: 'n', schema: { a: 1 }, strict: true },
    ],
  ])('reads the format %j', (format, expected) => {
    expect(parsed(ask({ response_format: format })).format).toEqual(expected)
  })

  it.each<[JsonValue, unknown]>([
    ['auto', 'auto'],
    ['any', 'required'],
    [{ type: 'function', function: { name: 'f' } }, { name: 'f' }],
    [null, undefined],
  ])('reads the tool choice %j', (choice, expected) => {
    expect(parsed(ask({ tool_choice: choice })).toolChoice).toEqual(expected)
  })

  it.each<[string, JsonObject]>([
    ['a custom tool', ask({ tools: [{ type: 'custom', custom: { name: 'x' } }] })],
    ['a part of its own', say({ role: 'user', content: [{ type: 'video_url', video_url: {} }] })],
    ['a call of a custom tool', say({ role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: {} }] })],
  ])('leaves %s to upstreams that speak this wire', (_name, body) => {
    expect(openaiChat.parse(body)).toMatchObject({ kind: 'unsupported' })
  })

  const recorded = loadExchanges(
    ['openai', 'groq', 'mistral', 'deepseek', 'openrouter', 'vllm', 'huggingface'],
    ['chat'],
  )
  const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
  it.skipIf(!haveExchanges)(`understands what real clients sent${skipped}`, () => {
    expect(recorded.length).toBeGreaterThan(20)
    const failures = recorded
      .filter((exchange) => exchange.status === 200 && 'messages' in exchange.requestBody)
      .map((exchange) => ({ model: 'm', ...exchange.requestBody }))
      .flatMap((body) => [openaiChat.inspect(body), openaiChat.parse(body)])
      .filter((outcome) => isFailure(outcome) && outcome.kind === 'invalid-request')
    expect(failures).toEqual([])
  })
})

describe('a complete reply', () => {
  it('gives its facts', () => {
    const body = JSON.stringify({
      model: 'real',
      choices: [{ message: {}, finish_reason: 'length' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, prompt_cache_hit_tokens: 1 },
    })
    expect(openaiChat.readReply(body)).toEqual({
      model: 'real',
      finish: 'length',
      usage: { input: 1, output: 2, cacheRead: 1 },
    })
  })

  it.each<[string, string, string]>([
    ['an error', '{"error":{"message":"slow down","code":429}}', 'rate-limited'],
    ['an error in words', '{"error":"Unexpected endpoint or method."}', 'unsupported'],
    ['one that was given up', '{"choices":[{"message":{"content":"a"},"finish_reason":"abort"}]}', 'server-error'],
    ['no choices', '{"choices":[]}', 'bad-reply'],
    ['an empty object', '{}', 'bad-reply'],
    ['a web page', '<html></html>', 'bad-reply'],
    ['half a reply', '{"choices":[{"mess', 'bad-reply'],
    ['nothing', '', 'bad-reply'],
  ])('that is %s is a failure', (_name, body, kind) => {
    expect(openaiChat.readReply(body)).toMatchObject({ kind })
  })
})

function parsed(body: JsonObject): ChatRequest {
  const request = openaiChat.parse(body)
  if (isFailure(request)) throw new TypeError(request.message)
  return request
}
