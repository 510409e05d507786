import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { ollama } from '../providers/ollama.ts'
import { ollamaChat } from './ollama-chat.ts'
import { ollamaErrorReply } from './ollama-error.ts'
import { chatToOllama } from './test/ollama-body.ts'
import { ollamaTarget } from './test/ollama-target.ts'

const HI: JsonObject = { role: 'user', content: 'Hi' }
const PNG = 'iVBORw0KGgoAAAANSUhEUg=='

function inspect(more: JsonObject): ReturnType<typeof ollamaChat.inspect> {
  return ollamaChat.inspect({ model: 'coder', messages: [HI], ...more })
}
function parse(more: JsonObject = {}): ChatRequest {
  const request = ollamaChat.parse({ model: 'coder', messages: [HI], ...more })
  if (isFailure(request)) throw new Error(request.message)
  return request
}
function messagesOf(...messages: readonly JsonObject[]): readonly Message[] {
  return parse({ messages }).messages
}

describe('a request to /api/chat', () => {
  it('streams unless it says that it must not', () => {
    expect(inspect({})).toMatchObject({ model: 'coder', operation: 'chat', stream: true, needs: [] })
    expect(inspect({ stream: null })).toMatchObject({ stream: true })
    expect(inspect({ stream: false })).toMatchObject({ stream: false })
  })

  it('needs what its tools and pictures ask for, and pictures are no prose', () => {
    const messages = [{ ...HI, images: [PNG.repeat(10_000)] }]
    const facts = inspect({ messages, tools: [{ function: { name: 'f' } }], options: { num_predict: 9 } })
    expect(facts).toMatchObject({ needs: ['tools', 'vision'], maxOutputTokens: 9 })
    expect(isFailure(facts) ? 0 : facts.promptTokensEstimate).toBeLessThan(1_000)
  })

  it.each<[string, JsonObject, string]>([
    ['no model', { model: null }, 'model'],
    ['messages that are none', { messages: 'Hi' }, 'messages'],
    ['an unknown role', { messages: [{ role: 'bot', content: 'x' }] }, 'messages[0].role'],
    ['content in parts', { messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    ['a picture by address', { messages: [{ ...HI, images: ['https://x/y.png'] }] }, 'messages[0].images[0]'],
    ['a call without a name', { messages: [{ ...HI, tool_calls: [{}] }] }, 'messages[0].tool_calls[0].function'],
    ['a tool without a function', { tools: [{ type: 'web_search' }] }, 'tools[0].function'],
    ['temperature in words', { options: { temperature: 'hot' } }, 'options.temperature'],
    ['stop as a number', { options: { stop: 3 } }, 'options.stop'],
    ['options as a list', { options: [] }, 'options'],
    ['format as a number', { format: 3 }, 'format'],
    ['think as a number', { think: 3 }, 'think'],
    ['stream in words', { stream: 'yes' }, 'stream'],
  ])('is refused for %s', (_name, more, param) => {
    expect(inspect(more)).toMatchObject({ kind: 'invalid-request', param })
  })

  it('may be empty, to load the model, but has then nothing to parse', () => {
    expect(inspect({ messages: [] })).toMatchObject({ model: 'coder' })
    expect(inspect({ messages: null })).toMatchObject({ model: 'coder' })
    expect(ollamaChat.parse({ model: 'coder' })).toMatchObject({ kind: 'invalid-request', param: 'messages' })
  })

  it('reads options as sampling, and leaves the others to Ollama', () => {
    const options = {
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      min_p: 0.1,
      seed: 7,
      stop: ['END'],
      num_predict: 99,
      presence_penalty: 1,
      frequency_penalty: 0.5,
      num_ctx: 8192,
      repeat_penalty: 1.1,
      mirostat: null,
    }
    const request = parse({ options, keep_alive: '5m', format: '', think: null })
    expect(request.sampling).toEqual({
      temperature: 0,
      topP: 0.5,
      topK: 40,
      minP: 0.1,
      seed: 7,
      stop: ['END'],
      maxOutputTokens: 99,
      presencePenalty: 1,
      frequencyPenalty: 0.5,
    })
    expect(request.extra).toEqual({ options: { num_ctx: 8192, repeat_penalty: 1.1 }, keep_alive: '5m' })
    expect(request.nativeKeys).toEqual(['keep_alive', 'options'])
    expect([request.format, request.reasoning]).toEqual([undefined, undefined])
  })

  it('takes what a target adds at the top level only where the client said nothing', () => {
    const request = parse({ temperature: 0.2, max_tokens: 50, options: { temperature: 0.7 }, chat_template_kwargs: {} })
    expect(request.sampling).toEqual({ temperature: 0.7, maxOutputTokens: 50 })
    expect(request).toMatchObject({ extra: { chat_template_kwargs: {} }, nativeKeys: [] })
    expect(parse({ num_predict: 5, options: { num_predict: 9 } }).sampling).toEqual({ maxOutputTokens: 9 })
  })

  it('knows no limit below zero', () => {
    expect(parse({ options: { num_predict: -1 } })).toMatchObject({
      sampling: {},
      extra: { options: { num_predict: -1 } },
    })
  })

  it.each<[JsonObject, unknown]>([
    [{ think: true }, { enabled: true }],
    [{ think: false }, { enabled: false }],
    [{ think: 'high' }, { effort: 'high' }],
    [{ reasoning_effort: 'low' }, { effort: 'low' }],
  ])('reads how hard to think from %j', (more, expected) => {
    expect(parse(more).reasoning).toEqual(expected)
  })

  it('reads formats', () => {
    expect(parse({ format: 'json' }).format).toEqual({ type: 'json' })
    const schema = { type: 'object' }
    expect(parse({ format: schema }).format).toMatchObject({ type: 'json-schema', schema })
  })

  it.each([
    [PNG, 'image/png'],
    ['/9j/4AAQ', 'image/jpeg'],
    ['R0lGODlh', 'image/gif'],
    ['UklGRh4A', 'image/webp'],
    ['AAAAIGZ0', 'image/png'],
    ['data:image/avif;base64,AAAAIGZ0', 'image/avif'],
  ])('knows the picture %s', (image, mediaType) => {
    const [message] = messagesOf({ ...HI, images: [image] })
    const base64 = image.slice(image.indexOf(',') + 1)
    expect(message?.content).toEqual([
      { type: 'image', source: { base64, mediaType } },
      { type: 'text', text: 'Hi' },
    ])
  })

  const calls = (...list: readonly JsonObject[]): JsonObject => ({ role: 'assistant', content: '', tool_calls: list })
  const call = (city: string, id?: string): JsonObject => ({
    ...(id !== undefined && { id }),
    function: { name: 'weather', arguments: { city } },
  })

  it.each<[string, readonly JsonObject[], readonly JsonObject[], readonly string[]]>([
    ['ids', [call('a', 'x'), call('b', 'y')], [{ tool_call_id: 'y' }, { tool_call_id: 'x' }], ['y', 'x']],
    [
      'names alone',
      [call('a'), call('b')],
      [{ tool_name: 'weather' }, { tool_name: 'weather' }],
      ['call_1_0', 'call_1_1'],
    ],
    [
      'names in another order',
      [{ function: { name: 'time' } }, call('a')],
      [{ tool_name: 'weather' }, { tool_name: 'time' }],
      ['call_1_1', 'call_1_0'],
    ],
    ['nothing', [call('a'), call('b')], [{}, {}], ['call_1_0', 'call_1_1']],
    ['ids that the client made up', [call('a')], [{ tool_call_id: 'mine' }], ['call_1_0']],
    ['ids of no call', [], [{ tool_call_id: 'lost' }], ['lost']],
  ])('joins results to calls by %s', (_name, called, results, expected) => {
    const read = messagesOf(
      HI,
      calls(...called),
      ...results.map((result) => ({ role: 'tool', content: 'r', ...result })),
    )
    expect(read.flatMap((message) => (message.role === 'tool' ? [message.toolCallId] : []))).toEqual(expected)
  })

  it('gives a result the name of its call', () => {
    const read = messagesOf(HI, calls(call('a')), { role: 'tool', content: 'r' })
    expect(read.at(-1)).toMatchObject({ role: 'tool', name: 'weather', toolCallId: 'call_1_0' })
  })

  it('gives calls without ids the same ids on every turn', () => {
    const first = messagesOf(HI, calls(call('a')))
    const second = messagesOf(HI, calls(call('a')), { role: 'tool', content: 'r' }, calls(call('b')))
    expect(second[1]).toEqual(first[1])
    const ids = second.flatMap((message) => (message.role === 'assistant' ? message.toolCalls.map(({ id }) => id) : []))
    expect(new Set(ids).size).toBe(2)
  })

  it('survives the way to an Ollama behind it', () => {
    const body: JsonObject = {
      model: 'coder',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Look', images: [PNG] },
        { role: 'assistant', content: 'Hm', thinking: 'why', tool_calls: [call('a', 'call_x')] },
        { role: 'tool', content: 'sunny', tool_name: 'weather', tool_call_id: 'call_x' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: { type: 'object' } } }],
      format: { type: 'object' },
      think: 'max',
      keep_alive: -1,
      truncate: true,
      options: { temperature: 0.5, num_ctx: 16_384, num_predict: -2, stop: ['a', 'b'], repeat_penalty: 1.2 },
    }
    const http = ollama.chat?.request(parse(body), ollamaTarget('coder'), { stream: true })
    if (http === undefined || isFailure(http)) throw new Error('not translated')
    expect(JSON.parse(http.body)).toEqual({ ...body, stream: true })
  })

  it('loses no setting on that way, whatever it is', () => {
    fc.assert(
      fc.property(settings, (given) => {
        const body: JsonObject = { model: 'gpt-oss', messages: [HI], ...given }
        expect(ollamaChat.inspect(body)).toMatchObject({ model: 'gpt-oss' })
        const http = ollama.chat?.request(parse(body), ollamaTarget('gpt-oss'), { stream: true })
        if (http === undefined || isFailure(http)) throw new Error('not translated')
        expect(JSON.parse(http.body)).toEqual({ truncate: false, ...body, stream: true })
      }),
    )
  })

  it('is what any canonical conversation becomes on this wire', () => {
    fc.assert(
      fc.property(conversations, (messages) => {
        const body = chatToOllama(messages)
        expect(ollamaChat.inspect(body)).toMatchObject({ model: 'm' })
        const read = ollamaChat.parse(body)
        expect(isFailure(read) ? read : read.messages).toEqual(messages)
      }),
    )
  })
})

describe('errors on the wire of Ollama', () => {
  it.each([
    [{ kind: 'unknown-model', message: "There is no model 'x'." }, 404, "model 'x' not found: There is no model 'x'."],
    [{ kind: 'model-missing', message: "model 'x' not found", status: 404 }, 404, "model 'x' not found"],
    [
      { kind: 'model-missing', message: 'The model `y` does not exist' },
      404,
      "model 'y' not found: The model `y` does not exist",
    ],
    [{ kind: 'invalid-request', message: '`model` is missing.' }, 400, '`model` is missing.'],
    [{ kind: 'overloaded', message: 'busy' }, 503, 'busy'],
    [{ kind: 'unauthorized-upstream', message: 'bad key', status: 401 }, 502, 'bad key'],
  ] as const)('%j', (failure, status, error) => {
    expect(ollamaErrorReply(failure)).toMatchObject({ status, body: { error } })
  })

  it('say how long to wait', () => {
    const reply = ollamaErrorReply({ kind: 'rate-limited', message: 'slow down', retryAfterMs: 2_000 })
    expect(reply).toMatchObject({ status: 429, headers: { 'retry-after': '2' } })
  })
})

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const textPart = text.map((said) => ({ type: 'text', text: said }) as const)
const picture = fc.constantFrom('iVBORw0KGgo', '/9j/4AAQ').map((base64) => ({
  type: 'image' as const,
  source: { base64, mediaType: base64.startsWith('/9j') ? 'image/jpeg' : 'image/png' },
}))
const userContent = fc.tuple(fc.array(picture, { maxLength: 2 }), fc.option(textPart, { nil: undefined }))

const plain: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    role: fc.constant('system'),
    as: fc.constant('system'),
    content: fc.tuple(textPart),
    name: fc.constant(undefined),
  }),
  userContent.map(([pictures, said]): Message => ({
    role: 'user',
    content: said === undefined ? pictures : [...pictures, said],
    name: undefined,
  })),
)

/** An assistant's turn with its tools' results in any order. */
const turn = fc
  .record({
    thinking: fc.option(text, { nil: undefined }),
    said: fc.option(textPart, { nil: undefined }),
    calls: fc.array(fc.record({ name: text, city: text, result: text }), { maxLength: 3 }),
    backwards: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ thinking, said, calls, backwards, seed }): readonly Message[] => {
    const ids = calls.map((_, index) => `id_${seed}_${index}`)
    const results = calls.map((call, index): Message => ({
      role: 'tool',
      toolCallId: ids[index] ?? '',
      content: [{ type: 'text', text: call.result }],
      name: call.name,
    }))
    return [
      {
        role: 'assistant',
        content: said === undefined ? [] : [said],
        reasoning: thinking === undefined ? [] : [{ text: thinking }],
        toolCalls: calls.map(({ name, city }, index) => ({
          id: ids[index] ?? '',
          name,
          argumentsJson: JSON.stringify({ city }),
        })),
        refusal: undefined,
        name: undefined,
        extra: {},
      },
      ...(backwards ? results.toReversed() : results),
    ]
  })

const conversations = fc
  .array(
    fc.oneof(
      plain.map((message) => [message] as readonly Message[]),
      turn,
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((turns) => turns.flat())

const number = fc.integer({ min: 1, max: 1_000_000 })
const options = fc.record(
  {
    temperature: number,
    top_p: number,
    top_k: number,
    min_p: number,
    seed: fc.integer(),
    num_predict: fc.integer({ min: -2, max: 100 }),
    presence_penalty: number,
    frequency_penalty: number,
    stop: fc.array(text, { minLength: 1, maxLength: 3 }),
    num_ctx: number,
    num_gpu: number,
    repeat_penalty: number,
    use_mmap: fc.boolean(),
    // An option of the future.
    tfs_q: text,
  },
  { requiredKeys: ['num_ctx'] },
)
const settings = fc.record(
  {
    options,
    keep_alive: fc.oneof(fc.integer(), fc.constant('5m')),
    think: fc.constantFrom('low', 'medium', 'high', 'max', true, false),
    format: fc.oneof(fc.constant('json'), fc.constant({ type: 'object', properties: {} })),
    truncate: fc.boolean(),
    shift: fc.boolean(),
    logprobs: fc.boolean(),
    top_logprobs: fc.nat({ max: 20 }),
  },
  { requiredKeys: [] },
)
