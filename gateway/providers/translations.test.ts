import { describe, expect, it } from 'vitest'
import type { ChatRequest, CompletionRequest, EmbeddingsRequest, Message, Part } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { HttpRequest, Provider } from '../contract/provider.ts'
import { findProvider } from './registry.ts'
import { answerOf, readReply } from './test/read-reply.ts'
import { testTarget } from './test/test-target.ts'

/** What the fixtures do not show: rare inputs, completions, embeddings, listings, and what is refused. */

function provider(id: string): Provider {
  const found = findProvider(id)
  if (found === undefined) throw new Error(`no provider ${id}`)
  return found
}

const chatDefaults: ChatRequest = {
  model: 'alias',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }], name: undefined }],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  sampling: {},
  format: undefined,
  reasoning: undefined,
  user: undefined,
  prefill: undefined,
  extra: {},
}
const completionDefaults: CompletionRequest = {
  model: 'alias',
  prompts: ['def f('],
  suffix: undefined,
  echo: false,
  sampling: {},
  user: undefined,
  prefill: undefined,
  extra: {},
}
const embeddingsDefaults: EmbeddingsRequest = {
  model: 'alias',
  inputs: ['a'],
  dimensions: undefined,
  encoding: 'float',
  user: undefined,
  extra: {},
}

function bodyOf(request: HttpRequest | Failure | undefined): JsonObject {
  if (request === undefined || isFailure(request)) throw new Error(`refused: ${request?.message ?? 'no translation'}`)
  const body: unknown = JSON.parse(request.body)
  if (!isJsonObject(body)) throw new Error('the body is no object')
  return body
}

function chatBody(id: string, changes: Partial<ChatRequest>, model = 'm'): JsonObject {
  const target = { ...testTarget(provider(id)), model }
  return bodyOf(provider(id).chat?.request({ ...chatDefaults, ...changes }, target, { stream: false }))
}

function refusal(id: string, changes: Partial<ChatRequest>): Failure {
  const request = provider(id).chat?.request({ ...chatDefaults, ...changes }, testTarget(provider(id)), {
    stream: false,
  })
  if (request === undefined || !isFailure(request)) throw new Error('it was not refused')
  return request
}

const parts: readonly Part[] = [
  { type: 'text', text: 'look', extra: { cache_control: { type: 'ephemeral' } } },
  { type: 'image', source: { base64: 'aQ==', mediaType: 'image/png' }, detail: 'low' },
  { type: 'image', source: { url: 'https://x.test/a.png' } },
  { type: 'audio', base64: 'YQ==', format: 'wav' },
  { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,YQ==' },
]
const withParts: readonly Message[] = [{ role: 'user', content: parts, name: 'ann' }]

describe('chat on the OpenAI wire', () => {
  it('writes every kind of part', () => {
    expect(chatBody('openai', { messages: withParts })['messages']).toEqual([
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,aQ==', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          { type: 'input_audio', input_audio: { data: 'YQ==', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,YQ==' } },
        ],
      },
    ])
  })

  it('marks what shall be cached only where the mark is passed on', () => {
    const marked: Message = {
      role: 'user',
      content: [{ type: 'text', text: 'look', extra: { cache_control: { type: 'ephemeral' } } }],
      name: undefined,
    }
    const contentFor = (id: string): unknown => chatBody(id, { messages: [marked] })['messages']
    expect(contentFor('openai')).toEqual([{ role: 'user', content: 'look' }])
    expect(contentFor('openrouter')).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'look', cache_control: { type: 'ephemeral' } }] },
    ])
  })

  it("leaves out what only the client's own API and other makers know, and says so", () => {
    const hostedTools = [{ maker: 'anthropic' as const, type: 'web_search_20250305', definition: {} }]
    const extra = { options: { num_ctx: 8, mirostat: 1 }, format: 'json', logit_processors: ['x'] }
    const chat = { ...chatDefaults, extra, nativeKeys: ['options', 'format'], hostedTools }
    const request = provider('vllm').chat?.request(chat, testTarget(provider('vllm')), { stream: false })
    expect(bodyOf(request)).toMatchObject({ logit_processors: ['x'] })
    expect(bodyOf(request)).not.toHaveProperty('options')
    const said = request !== undefined && 'conversions' in request ? request.conversions : []
    expect(said?.map(({ field, matters }) => [field, matters])).toEqual([
      ['options.num_ctx', false],
      ['options.mirostat', false],
      ['format', true],
      ['tools (web_search_20250305)', false],
    ])
  })

  it('takes OpenAI for OpenAI only at its own address', () => {
    const changes = { sampling: { maxOutputTokens: 5 } }
    expect(chatBody('openai', changes)).toMatchObject({ max_completion_tokens: 5 })
    const elsewhere = { ...testTarget(provider('openai')), baseUrl: 'http://127.0.0.1:8080/v1' }
    const request = provider('openai').chat?.request({ ...chatDefaults, ...changes }, elsewhere, { stream: true })
    expect(bodyOf(request)).toMatchObject({ max_tokens: 5, stream_options: { include_usage: true } })
  })

  it('joins text where a server takes only strings', () => {
    const texts: Message = {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      name: undefined,
    }
    expect(chatBody('deepseek', { messages: [texts] })['messages']).toEqual([{ role: 'user', content: 'a\nb' }])
    expect(chatBody('vllm', { messages: [texts] })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ])
  })

  it('hands reasoning back inside a tool loop, and only there', () => {
    const thinking: Message = {
      role: 'assistant',
      content: [],
      reasoning: [{ text: 'hm' }],
      toolCalls: [{ id: 'c', name: 'f', argumentsJson: '' }],
      refusal: undefined,
      name: undefined,
      extra: {},
    }
    const inLoop = chatBody('deepseek', { messages: [...chatDefaults.messages, thinking] })
    expect(inLoop['messages']).toContainEqual(expect.objectContaining({ reasoning_content: 'hm' }))
    const before = chatBody('deepseek', { messages: [thinking, ...chatDefaults.messages] })
    expect(JSON.stringify(before)).not.toContain('hm')
    expect(JSON.stringify(inLoop)).toContain('"arguments":"{}"')
  })

  it.each([
    ['openai', { effort: 'high' }, { reasoning_effort: 'high' }],
    ['openai', { budgetTokens: 5_000 }, { reasoning_effort: 'high' }],
    ['openai', { enabled: false }, {}],
    ['zai', { enabled: false }, { thinking: { type: 'disabled' } }],
    ['deepseek', { effort: 'low' }, { thinking: { type: 'enabled' } }],
    ['vllm', { effort: 'none' }, { chat_template_kwargs: { enable_thinking: false } }],
  ])('asks %s for reasoning %j', (id, reasoning, expected) => {
    const { model: _model, messages: _messages, ...rest } = chatBody(id, { reasoning })
    expect(rest).toEqual(expected)
  })

  it("turns LiteLLM's model names into the router's", () => {
    expect(chatBody('huggingface', {}, 'together/deepseek-ai/DeepSeek-R1')['model']).toBe(
      'deepseek-ai/DeepSeek-R1:together',
    )
    expect(chatBody('huggingface', {}, 'Qwen/Qwen3-32B')['model']).toBe('Qwen/Qwen3-32B')
  })

  it('removes from a verbatim body what Groq refuses, and nothing else', () => {
    const clean = { model: 'm', messages: [{ role: 'user', content: 'a' }] }
    expect(provider('groq').verbatimEdits?.(clean, 'chat/completions', testTarget(provider('groq')))).toEqual({})
    const named = { ...clean, messages: [{ role: 'user', content: 'a', name: 'ann' }] }
    const edits = provider('groq').verbatimEdits?.(named, 'chat/completions', testTarget(provider('groq')))
    expect(JSON.parse(JSON.stringify(edits))).toEqual({ messages: [{ role: 'user', content: 'a' }] })
  })

  it('keeps ids of Mistral and gives others a lasting one', () => {
    const history = (id: string): JsonObject =>
      chatBody('mistral', {
        messages: [{ role: 'tool', toolCallId: id, content: [{ type: 'text', text: 'x' }], name: 'f' }],
      })
    expect(history('aX2gaLIyo')['messages']).toEqual([
      { role: 'tool', tool_call_id: 'aX2gaLIyo', name: 'f', content: 'x' },
    ])
    expect(JSON.stringify(history('call_1'))).toMatch(/"tool_call_id":"[A-Za-z0-9]{9}"/)
    expect(history('call_1')).toEqual(history('call_1'))
    expect(history('call_1')).not.toEqual(history('call_2'))
  })
})

describe('completions', () => {
  it('are asked for under the name that this wire has for the model', () => {
    const hugging = provider('huggingface')
    const target = { ...testTarget(hugging), model: 'together/deepseek-ai/DeepSeek-R1' }
    const request = hugging.completions?.request(completionDefaults, target, { stream: false })
    expect(bodyOf(request)['model']).toBe('deepseek-ai/DeepSeek-R1:together')
  })

  function completionBody(id: string, changes: Partial<CompletionRequest>): JsonObject {
    const target = testTarget(provider(id))
    return bodyOf(provider(id).completions?.request({ ...completionDefaults, ...changes }, target, { stream: false }))
  }

  it('writes all of it for OpenAI', () => {
    const sampling = { maxOutputTokens: 9, logprobs: true, topLogprobs: 3, choices: 2 }
    expect(completionBody('openai', { suffix: ')', echo: true, sampling })).toEqual({
      model: 'real-model',
      prompt: 'def f(',
      suffix: ')',
      echo: true,
      max_tokens: 9,
      logprobs: 3,
      n: 2,
    })
  })

  it('goes on after text that was already sent', () => {
    expect(completionBody('vllm', { prefill: 'a, b' })['prompt']).toBe('def f(a, b')
    expect(completionBody('ollama', { prefill: 'a, b' })).toMatchObject({ prompt: 'def f(a, b', raw: true })
  })

  it('fills in the middle with Ollama, one prompt at a time', () => {
    expect(completionBody('ollama', { suffix: ')' })).toEqual({
      model: 'real-model',
      prompt: 'def f(',
      suffix: ')',
      truncate: false,
      stream: false,
    })
    const two = provider('ollama').completions?.request(
      { ...completionDefaults, prompts: ['a', 'b'] },
      testTarget(provider('ollama')),
      { stream: false },
    )
    expect(two).toMatchObject({ kind: 'unsupported' })
  })
})

describe('embeddings', () => {
  it('asks for floats, and reads what comes', () => {
    const { embeddings } = provider('vllm')
    expect(bodyOf(embeddings?.request(embeddingsDefaults, testTarget(provider('vllm'))))).toEqual({
      model: 'real-model',
      input: 'a',
      encoding_format: 'float',
    })
    const base64 = Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64')
    const data = [
      { index: 1, embedding: [3, 4] },
      { index: 0, embedding: base64 },
    ]
    expect(embeddings?.reply(JSON.stringify({ model: 'm', data, usage: { prompt_tokens: 2 } }))).toEqual({
      model: 'm',
      vectors: [
        [0.5, -1],
        [3, 4],
      ],
      inputTokens: 2,
    })
  })

  it.each(['', '{"data":[{"embedding":"text","index":0},{"index":1}]}', '{"object":"list"}', '<html>'])(
    'takes %j for no reply',
    (body) => {
      expect(provider('vllm').embeddings?.reply(body)).toMatchObject({ kind: 'bad-reply' })
      expect(provider('ollama').embeddings?.reply(body)).toMatchObject({ kind: 'bad-reply' })
    },
  )

  it('sends only text to Ollama, without cutting it', () => {
    const { embeddings } = provider('ollama')
    const target = testTarget(provider('ollama'))
    expect(bodyOf(embeddings?.request({ ...embeddingsDefaults, dimensions: 8 }, target))).toEqual({
      model: 'real-model',
      input: ['a'],
      dimensions: 8,
      truncate: false,
    })
    expect(embeddings?.request({ ...embeddingsDefaults, inputs: [[1, 2]] }, target)).toMatchObject({
      kind: 'unsupported',
    })
  })
})

describe('Ollama', () => {
  it.each([
    [
      'an image by address',
      { messages: [{ role: 'user', content: [parts[2] ?? parts[0]!], name: undefined }] },
      'data: URI',
    ],
    ['audio', { messages: [{ role: 'user', content: [parts[3] ?? parts[0]!], name: undefined }] }, 'audio'],
    ['several answers', { sampling: { choices: 2 } }, '`n`'],
  ] satisfies [string, Partial<ChatRequest>, string][])('refuses %s with a way out', (_name, changes, says) => {
    const failure = refusal('ollama', changes)
    expect(failure.kind).toBe('unsupported')
    expect(failure.message).toContain(says)
  })

  it.each([
    ['qwen3', { effort: 'low' }, true],
    ['qwen3', { effort: 'none' }, false],
    ['qwen3', { enabled: false }, false],
    ['qwen3', { budgetTokens: 100 }, true],
    ['gpt-oss:20b', { effort: 'xhigh' }, 'high'],
    ['gpt-oss:20b', { effort: 'none' }, 'low'],
    ['qwen3', undefined, undefined],
  ])('asks %s with %j to think: %j', (model, reasoning, expected) => {
    expect(chatBody('ollama', { reasoning }, model)['think']).toBe(expected)
  })

  it('leaves settings to whoever set them', () => {
    const extra = { truncate: true, think: 'medium', num_predict: 3, options: { num_ctx: 1 }, num_ctx: 2 }
    expect(chatBody('ollama', { extra, sampling: { maxOutputTokens: 9 } })).toMatchObject({
      truncate: true,
      think: 'medium',
      options: { num_predict: 3, num_ctx: 1 },
    })
  })

  it('offers no tool when none may be called, and only the named one', () => {
    const tools = ['a', 'b'].map((name) => ({ name, description: undefined, parameters: undefined, strict: undefined }))
    expect(chatBody('ollama', { tools, toolChoice: 'none' })['tools']).toBeUndefined()
    expect(JSON.stringify(chatBody('ollama', { tools, toolChoice: { name: 'b' } })['tools'])).not.toContain('"a"')
    expect(chatBody('ollama', { tools, toolChoice: 'required' })['tools']).toHaveLength(2)
  })

  it('reads a reply that was printed over several lines', () => {
    const body = JSON.stringify({ model: 'm', message: { content: 'hi' }, done: true, done_reason: 'stop' }, null, 2)
    const reader = provider('ollama').chat?.reader({ status: 200, headers: {} })
    expect(reader && answerOf(readReply(reader, Buffer.from(body), 9))).toMatchObject({ text: 'hi', finish: 'stop' })
  })

  it('lists its models, and tells which run elsewhere', () => {
    const models = [
      { name: 'qwen3:14b', model: 'qwen3:14b', capabilities: ['completion', 'tools', 'thinking'] },
      { name: 'glm-5:cloud', model: 'glm-5:cloud', remote_host: 'https://ollama.com:443' },
      { model: 'gpt-oss:120b-cloud' },
      { size: 1 },
    ]
    expect(provider('ollama').listing?.models(JSON.stringify({ models }))).toEqual([
      { id: 'qwen3:14b', capabilities: ['chat', 'completion', 'tools', 'reasoning'] },
      { id: 'glm-5:cloud', remote: true },
      { id: 'gpt-oss:120b-cloud', remote: true },
    ])
  })
})

describe('listings', () => {
  it.each([
    [
      'vllm',
      {
        data: [
          { id: 'a', max_model_len: 40_960 },
          { id: 'lora', max_model_len: null },
        ],
      },
      [{ id: 'a', contextTokens: 40_960 }, { id: 'lora' }],
    ],
    ['openrouter', { data: [{ id: 'a/b', context_length: 1_000 }] }, [{ id: 'a/b', contextTokens: 1_000 }]],
    ['llamacpp', { data: [{ id: 'q.gguf', meta: { n_ctx_train: 131_072 } }] }, [{ id: 'q.gguf' }]],
    ['together_ai', [{ id: 'x' }], [{ id: 'x' }]],
    ['gemini_openai', { data: [{ id: 'models/gemini-2.5-flash' }] }, [{ id: 'gemini-2.5-flash' }]],
    ['openai', { error: 'no' }, []],
  ])('%s', (id, body, expected) => {
    expect(provider(id).listing?.models(JSON.stringify(body))).toEqual(expected)
    expect(provider(id).listing?.models('<html>')).toEqual([])
  })
})
