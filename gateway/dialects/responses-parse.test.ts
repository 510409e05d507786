import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AssistantMessage, ChatRequest, Message, Part, ReasoningPart, ToolCall } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import { isJsonObject, type JsonArray, type JsonObject } from '../contract/json.ts'
import { sealReasoning } from '../wire/sealed-reasoning.ts'
import { openaiResponses } from './openai-responses.ts'

const hello = [{ role: 'user', content: 'Hello' }]

describe('what no upstream could serve', () => {
  it.each<[string, JsonObject]>([
    ['model', { input: 'x' }],
    ['input', { model: 'm' }],
    ['input', { model: 'm', input: [] }],
    ['input', { model: 'm', input: 7 }],
    ['instructions', { model: 'm', input: 'x', instructions: 7 }],
    ['input[0]', { model: 'm', input: ['x'] }],
    ['input[0].role', { model: 'm', input: [{ role: 'tool', content: 'x' }] }],
    ['input[0].content', { model: 'm', input: [{ role: 'user' }] }],
    ['input[0].content[0]', { model: 'm', input: [{ role: 'user', content: ['x'] }] }],
    ['input[0].content[0].text', { model: 'm', input: [{ role: 'user', content: [{ type: 'input_text' }] }] }],
    ['input[0].content[0].image_url', { model: 'm', input: [{ role: 'user', content: [{ type: 'input_image' }] }] }],
    ['input[0].arguments', { model: 'm', input: [{ type: 'function_call', call_id: 'c', name: 'f' }] }],
    ['input[0].output', { model: 'm', input: [{ type: 'function_call_output', call_id: 'c' }] }],
    ['tools', { model: 'm', input: 'x', tools: {} }],
    ['tools[0].name', { model: 'm', input: 'x', tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tools[0].parameters', { model: 'm', input: 'x', tools: [{ type: 'function', name: 'f', parameters: 'x' }] }],
    ['tools[0].tools[0].name', { model: 'm', input: 'x', tools: [namespace({ type: 'function' })] }],
    ['tool_choice', { model: 'm', input: 'x', tool_choice: 'any' }],
    ['tool_choice.name', { model: 'm', input: 'x', tool_choice: { type: 'function' } }],
    ['tool_choice.tools', { model: 'm', input: 'x', tool_choice: { type: 'allowed_tools' } }],
    ['text.format', { model: 'm', input: 'x', text: { format: 'json' } }],
    ['text.format.schema', { model: 'm', input: 'x', text: { format: { type: 'json_schema', name: 'n' } } }],
    ['stream', { model: 'm', input: 'x', stream: 'yes' }],
    ['max_output_tokens', { model: 'm', input: 'x', max_output_tokens: 0 }],
    ['reasoning', { model: 'm', input: 'x', reasoning: 'high' }],
  ])('names %s', (param, body) => {
    expect(openaiResponses.inspect(body)).toMatchObject({ kind: 'invalid-request', status: 400, param })
  })

  it.each<JsonObject>([
    { background: true },
    { conversation: 'conv_1' },
    { prompt: { id: 'pmpt_1' } },
    { previous_response_id: 'resp_1' },
  ])('%j is left to an upstream of the same wire, and refused elsewhere', (more) => {
    const body = { model: 'm', input: 'x', ...more }
    expect(isFailure(openaiResponses.inspect(body))).toBe(false)
    expect(openaiResponses.parse(body)).toMatchObject({ kind: 'unsupported', param: Object.keys(more)[0] })
  })
})

describe('what planning needs', () => {
  it.each<[string, JsonObject, readonly string[]]>([
    ['nothing', {}, []],
    ['tools', { tools: [{ type: 'function', name: 'f' }] }, ['tools']],
    ['nothing for tools that may not be used', { tools: [{ type: 'custom', name: 'f' }], tool_choice: 'none' }, []],
    ['nothing for what OpenAI runs', { tools: [{ type: 'web_search' }] }, []],
    [
      'vision',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://a/b.png' }] }] },
      ['vision'],
    ],
    ['vision for a result', { input: [output([{ type: 'input_image', image_url: 'data:,x' }])] }, ['vision']],
  ])('%s', (_name, more, needs) => {
    expect(openaiResponses.inspect({ model: 'm', input: 'x', ...more })).toMatchObject({ needs })
  })

  it('does not count what is encrypted', () => {
    const item = { type: 'reasoning', summary: [], encrypted_content: 'A'.repeat(400_000) }
    const facts = openaiResponses.inspect({ model: 'm', input: [item] })
    expect(isFailure(facts) ? undefined : facts.promptTokensEstimate).toBeLessThan(100)
  })

  it('counts a picture as one, however long it is', () => {
    const image_url = `data:image/png;base64,${'A'.repeat(400_000)}`
    const facts = openaiResponses.inspect({
      model: 'm',
      input: [{ role: 'user', content: [{ type: 'input_image', image_url }] }],
    })
    expect(isFailure(facts) ? undefined : facts.promptTokensEstimate).toBeLessThan(1_000)
  })
})

describe('a Responses request', () => {
  it('has its instructions first', () => {
    expect(parse({ instructions: 'Be brief.', input: 'Hello' }).messages).toEqual([
      { role: 'system', as: 'system', content: [{ type: 'text', text: 'Be brief.' }], name: undefined },
      { role: 'user', content: [{ type: 'text', text: 'Hello' }], name: undefined },
    ])
  })

  it('has media in its content', () => {
    const content = [
      { type: 'input_image', image_url: 'data:image/jpeg;base64,AAAA', detail: 'low' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
      { type: 'input_file', file_url: 'https://a.example/b.pdf' },
      { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
    ]
    expect(parse({ input: [{ role: 'user', content }] }).messages[0]?.content).toEqual([
      { type: 'image', source: { base64: 'AAAA', mediaType: 'image/jpeg' }, detail: 'low' },
      { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,BBBB' },
      { type: 'file', data: 'https://a.example/b.pdf' },
      { type: 'audio', base64: 'CCCC', format: 'mp3' },
    ])
  })

  it('puts what the assistant thought, said and called into one message', () => {
    const input = [
      ...hello,
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
      {
        type: 'message',
        role: 'assistant',
        id: 'msg_1',
        content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'f', arguments: '{"a": 1}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'g', input: 'raw "text"' },
      { type: 'local_shell_call', call_id: 'c3', action: { type: 'exec', command: ['ls'], env: {}, timeout_ms: null } },
      { type: 'function_call_output', call_id: 'c1', output: 'one' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
      { type: 'local_shell_call_output', id: 'c3', output: '{"stdout":"x"}' },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ]
    const { messages } = parse({ input })
    expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'tool', 'tool', 'tool', 'assistant'])
    expect(messages[1]).toMatchObject({
      content: [{ text: 'I look.' }],
      reasoning: [{ text: 'hm', redacted: 'gAAA', maker: 'openai', id: 'rs_1' }],
      toolCalls: [
        { id: 'c1', name: 'f', argumentsJson: '{"a": 1}' },
        { id: 'c2', name: 'g', argumentsJson: '{"input":"raw \\"text\\""}' },
        { id: 'c3', name: 'local_shell', argumentsJson: '{"command":["ls"]}' },
      ],
    })
    expect(messages[3]).toMatchObject({ toolCallId: 'c2', content: [{ text: 'two' }] })
    expect(messages[5]).toMatchObject({ refusal: 'No.', content: [] })
  })

  it('tells of tools that the client ran for OpenAI, and leaves out those that OpenAI ran', () => {
    const input = [
      ...hello,
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { type: 'shell_call', call_id: 's', action: { commands: ['ls'] } },
      { type: 'shell_call_output', call_id: 's', output: [{ stdout: 'x' }] },
      { type: 'apply_patch_call', call_id: 'p', operation: { type: 'delete_file', path: 'a' } },
      { type: 'apply_patch_call_output', call_id: 'p', status: 'failed', output: 'no such file' },
      { type: 'something_new' },
    ]
    const { messages, conversions } = parse({ input })
    expect(messages.slice(1)).toMatchObject([
      { toolCalls: [{ name: 'shell', argumentsJson: '{"commands":["ls"]}' }] },
      { toolCallId: 's', content: [{ text: '[{"stdout":"x"}]' }] },
      { toolCalls: [{ name: 'apply_patch' }] },
      { toolCallId: 'p', isError: true, content: [{ text: 'no such file' }] },
    ])
    expect(conversions?.map(({ field, matters }) => [field, matters])).toEqual([
      ['input[1]', false],
      ['input[6]', false],
    ])
  })

  it.each<[string, JsonObject]>([
    ['input[1]', { type: 'item_reference', id: 'msg_1' }],
    ['input[1]', { type: 'compaction', encrypted_content: 'x' }],
    ['input[1].content[0]', { role: 'user', content: [{ type: 'input_image', file_id: 'file_1' }] }],
    ['input[1].content[0]', { role: 'user', content: [{ type: 'input_video', x: 1 }] }],
  ])('says that the answer would be another one without %s: %j', (field, item) => {
    expect(parse({ input: [...hello, item] }).conversions).toMatchObject([{ field, did: 'dropped', matters: true }])
  })

  it('reads thoughts that were not encrypted, and none where there are none', () => {
    const reasoning = (more: JsonObject): readonly ReasoningPart[] =>
      parse({
        input: [
          { type: 'reasoning', id: 'rs_1', summary: [], ...more },
          { role: 'assistant', content: 'x' },
        ],
      }).messages.flatMap((message) => (message.role === 'assistant' ? message.reasoning : []))
    expect(reasoning({ content: [{ type: 'reasoning_text', text: 'hm' }], encrypted_content: null })).toEqual([
      { text: 'hm' },
    ])
    expect(reasoning({ encrypted_content: sealReasoning([{ text: 'a', signature: 's', maker: 'bedrock' }]) })).toEqual([
      { text: 'a', signature: 's', maker: 'bedrock' },
    ])
    expect(reasoning({})).toEqual([])
  })

  it('has its parameters in their places', () => {
    const read = parse({
      temperature: 0.3,
      top_p: 0.9,
      max_output_tokens: 50,
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
      top_logprobs: 2,
      reasoning: { effort: 'low', summary: 'auto' },
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } },
      parallel_tool_calls: false,
      user: 'u',
      store: false,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      service_tier: null,
      client_metadata: { x: 'y' },
      chat_template_kwargs: { a: 1 },
    })
    expect(read).toMatchObject({
      sampling: { temperature: 0.3, topP: 0.9, maxOutputTokens: 50, logprobs: true, topLogprobs: 2 },
      reasoning: { effort: 'low' },
      format: { type: 'json-schema', name: 'n', schema: { type: 'object' }, strict: true },
      parallelToolCalls: false,
      user: 'u',
    })
    expect(read.conversions).toBeUndefined()
    // Chat upstreams are sent these as they are, so nothing may be among them that only this API knows.
    expect(read.extra).toEqual({
      store: false,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      verbosity: 'low',
      chat_template_kwargs: { a: 1 },
    })
  })

  it('says what of its parameters is done by OpenAI alone', () => {
    const read = parse({ truncation: 'auto', max_tool_calls: 3, context_management: [], moderation: {} })
    expect(read.conversions?.every(({ matters }) => !matters)).toBe(true)
    expect(read.conversions?.map(({ field }) => field)).toEqual([
      'truncation',
      'max_tool_calls',
      'context_management',
      'moderation',
    ])
  })
})

describe('tools of a Responses request', () => {
  const codex: JsonArray = [
    { type: 'function', name: 'shell', description: 'Runs.', parameters: { type: 'object' }, strict: false },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Edits.',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: X' },
    },
    namespace({ type: 'function', name: 'spawn' }, { type: 'function', name: 'shell' }),
    { type: 'local_shell' },
    { type: 'web_search', external_web_access: false },
    { type: 'tool_search', execution: 'client' },
  ]

  it('are functions where any model can be given them, and left to their maker otherwise', () => {
    const { tools, hostedTools, conversions } = parse({ tools: codex })
    expect(tools.map(({ name }) => name)).toEqual([
      'shell',
      'apply_patch',
      'agents__spawn',
      'agents__shell',
      'local_shell',
    ])
    expect(tools[1]).toMatchObject({ parameters: { required: ['input'] } })
    expect(tools[1]?.description).toContain('start: X')
    expect(hostedTools).toMatchObject([
      { maker: 'openai', type: 'web_search', definition: { external_web_access: false } },
      { maker: 'openai', type: 'tool_search' },
    ])
    expect(conversions).toMatchObject([{ field: 'tools[1]', did: 'changed', matters: false }])
  })

  it('of a namespace get names that a function may have', () => {
    const named = (name: string): unknown =>
      parse({ tools: [{ type: 'namespace', name, tools: [{ type: 'function', name: 'find' }] }] }).tools[0]?.name
    expect([named('mcp__docs__'), named('apps.git hub'), named('x'.repeat(64))]).toEqual([
      'mcp__docs__find',
      'apps_git_hub__find',
      'find',
    ])
  })

  it('bear the same names in the history', () => {
    const input = [
      { type: 'function_call', call_id: 'a', name: 'spawn', namespace: 'agents', arguments: '{}' },
      { type: 'function_call', call_id: 'b', name: 'shell', arguments: '{}' },
      { type: 'function_call', call_id: 'c', name: 'shell', namespace: 'agents', arguments: '{}' },
    ]
    const [message] = parse({ tools: codex, input }).messages
    expect(message).toMatchObject({
      toolCalls: [{ name: 'agents__spawn' }, { name: 'shell' }, { name: 'agents__shell' }],
    })
  })

  it.each<[JsonObject['x'], unknown]>([
    ['auto', 'auto'],
    ['required', 'required'],
    ['none', 'none'],
    [{ type: 'function', name: 'shell' }, { name: 'shell' }],
    [{ type: 'custom', name: 'apply_patch' }, { name: 'apply_patch' }],
    [{ type: 'local_shell' }, { name: 'local_shell' }],
    [{ type: 'function', name: 'spawn' }, { name: 'agents__spawn' }],
  ])('are chosen by %j', (tool_choice, expected) => {
    expect(parse({ tools: codex, tool_choice }).toolChoice).toEqual(expected)
  })

  it('are only those that are allowed', () => {
    const tool_choice = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'shell' }, { type: 'web_search' }, { type: 'namespace', name: 'agents' }],
    }
    const { tools, hostedTools, toolChoice } = parse({ tools: codex, tool_choice })
    expect([tools.map(({ name }) => name), hostedTools?.map(({ type }) => type), toolChoice]).toEqual([
      ['shell', 'agents__spawn', 'agents__shell'],
      ['web_search'],
      'required',
    ])
  })

  it.each<[JsonObject]>([
    [{ tools: codex, tool_choice: { type: 'web_search' } }],
    [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }],
  ])('of OpenAI matter where they are required: %j', (more) => {
    const { conversions } = parse(more)
    expect(conversions?.filter(({ matters }) => matters)).toMatchObject([{ field: 'tool_choice' }])
  })
})

describe('any conversation', () => {
  it('comes back from its items as it was', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const whole = joined(messages)
        expect(parse({ input: whole.flatMap(itemsOf) }).messages).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })
})

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const textPart: fc.Arbitrary<Part> = fc.record({ type: fc.constant('text'), text: word })
const imagePart: fc.Arbitrary<Part> = fc.record({
  type: fc.constant('image'),
  source: fc.oneof(
    fc.record({ url: fc.webUrl() }),
    fc.record({ base64: fc.base64String(), mediaType: fc.constant('image/png') }),
  ),
})
const content = fc.array(fc.oneof(textPart, imagePart), { minLength: 1, maxLength: 3 })
const thought: fc.Arbitrary<ReasoningPart> = fc.oneof(
  fc.record({ text: word }),
  fc.record({ text: word, signature: word, maker: fc.constantFrom('anthropic', 'google') }),
  fc.record({ text: word, redacted: fc.base64String({ minLength: 1 }), maker: fc.constant('openai'), id: fc.uuid() }),
)
const call: fc.Arbitrary<ToolCall> = fc.record(
  {
    id: fc.uuid(),
    name: fc.stringMatching(/^[a-z_]{1,20}$/),
    argumentsJson: fc.json(),
    signature: fc.base64String({ minLength: 1 }),
  },
  { requiredKeys: ['id', 'name', 'argumentsJson'] },
)
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant('user'), content, name: fc.constant(undefined) }),
  fc.record({
    role: fc.constant('system'),
    as: fc.constantFrom('system', 'developer'),
    content: fc.array(textPart, { minLength: 1, maxLength: 2 }),
    name: fc.constant(undefined),
  }),
  fc.record({ role: fc.constant('tool'), toolCallId: fc.uuid(), content, name: fc.constant(undefined) }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.array(textPart, { minLength: 1, maxLength: 2 }),
    reasoning: fc.array(thought, { maxLength: 3 }),
    toolCalls: fc.array(call, { maxLength: 3 }),
    refusal: fc.option(word, { nil: undefined }),
    name: fc.constant(undefined),
    extra: fc.constant({}),
  }),
)

/** Two messages of the assistant in a row are one on this wire. */
function joined(messages: readonly Message[]): Message[] {
  return messages.filter((one, at) => one.role !== 'assistant' || messages[at - 1]?.role !== 'assistant')
}

function itemsOf(one: Message): JsonObject[] {
  if (one.role === 'tool') {
    return [
      {
        type: 'function_call_output',
        call_id: one.toolCallId,
        output: one.content.map((part) => partOf(part, 'input_text')),
      },
    ]
  }
  if (one.role === 'assistant') return assistantItems(one)
  const role = one.role === 'system' ? one.as : one.role
  return [{ type: 'message', role, content: one.content.map((part) => partOf(part, 'input_text')) }]
}

function assistantItems({ content: said, reasoning, toolCalls, refusal }: AssistantMessage): JsonObject[] {
  const refused = refusal === undefined ? [] : [{ type: 'refusal', refusal }]
  const signatures = toolCalls.flatMap(({ id, signature }) =>
    signature === undefined ? [] : [{ text: '', signature, id }],
  )
  const sealed =
    signatures.length === 0 ? [] : [{ type: 'reasoning', summary: [], encrypted_content: sealReasoning(signatures) }]
  return [
    ...reasoning.map(reasoningItem),
    { type: 'message', role: 'assistant', content: [...said.map((part) => partOf(part, 'output_text')), ...refused] },
    ...sealed,
    ...toolCalls.map(({ id, name, argumentsJson }) => ({
      type: 'function_call',
      call_id: id,
      name,
      arguments: argumentsJson,
    })),
  ]
}

function reasoningItem(part: ReasoningPart): JsonObject {
  const summary = [{ type: 'summary_text', text: part.text }]
  if (part.redacted !== undefined && part.id !== undefined) {
    return { type: 'reasoning', id: part.id, summary, encrypted_content: part.redacted }
  }
  return part.signature === undefined
    ? { type: 'reasoning', summary }
    : { type: 'reasoning', summary: [], encrypted_content: sealReasoning([part]) }
}

function partOf(part: Part, textType: string): JsonObject {
  if (part.type === 'text') return { type: textType, text: part.text }
  if (part.type !== 'image') throw new Error('only texts and images are made here')
  const { source } = part
  return {
    type: 'input_image',
    image_url: 'url' in source ? source.url : `data:${source.mediaType};base64,${source.base64}`,
  }
}

function parse(more: JsonObject): ChatRequest {
  const body = { model: 'm', input: hello, ...more }
  const facts = openaiResponses.inspect(body)
  const read = openaiResponses.parse(body)
  if (isFailure(facts)) throw new Error(facts.message)
  if (isFailure(read) || !isJsonObject(body)) throw new Error('refused')
  return read
}

function namespace(...tools: JsonObject[]): JsonObject {
  return { type: 'namespace', name: 'agents', description: 'Agents.', tools }
}

function output(parts: JsonArray): JsonObject {
  return { type: 'function_call_output', call_id: 'c', output: parts }
}
