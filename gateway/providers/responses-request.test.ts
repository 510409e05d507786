import { describe, expect, it } from 'vitest'
import type { AssistantMessage, ChatRequest, Message } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Target } from '../contract/route.ts'
import { openai } from './openai.ts'
import { isReasoningModel, isResponsesOnly } from './responses-models.ts'
import { responsesBody } from './responses-request.ts'
import { testTarget } from './test/test-target.ts'

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: undefined }

function chatOf(changes: Partial<ChatRequest>): ChatRequest {
  return {
    model: 'any',
    messages: [hello],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    sampling: {},
    format: undefined,
    reasoning: undefined,
    user: undefined,
    prefill: undefined,
    extra: {},
    ...changes,
  }
}

function assistant(changes: Partial<AssistantMessage>): AssistantMessage {
  const blank = { content: [], reasoning: [], toolCalls: [], refusal: undefined, name: undefined, extra: {} }
  return { role: 'assistant', ...blank, ...changes }
}

function bodyOf(changes: Partial<ChatRequest>, model = 'gpt-4.1'): JsonObject {
  return responsesBody(chatOf(changes), { model, stream: false }).body
}

describe('the conversation', () => {
  it('has its first system messages as instructions and the later ones in their place', () => {
    const system = (text: string, as: 'system' | 'developer'): Message => {
      return { role: 'system', as, content: [{ type: 'text', text }], name: undefined }
    }
    const messages = [system('One.', 'system'), system('Two.', 'developer'), hello, system('Three.', 'developer')]
    expect(bodyOf({ messages })).toMatchObject({
      instructions: 'One.\n\nTwo.',
      input: [
        { role: 'user', content: 'Hi' },
        { role: 'developer', content: 'Three.' },
      ],
      store: false,
    })
    expect(bodyOf({ messages: [system('Alone.', 'system')] })).toMatchObject({
      input: [{ role: 'system', content: 'Alone.' }],
    })
  })

  it('has pictures and files as parts, and says that sound is lost', () => {
    const { body, conversions } = responsesBody(
      chatOf({
        messages: [
          {
            role: 'user',
            name: undefined,
            content: [
              { type: 'text', text: 'Look' },
              { type: 'image', source: { base64: 'AA==', mediaType: 'image/png' }, detail: 'low' },
              { type: 'image', source: { url: 'https://x.test/a.png' } },
              { type: 'file', fileId: 'file-1' },
              { type: 'file', data: 'https://x.test/a.pdf' },
              { type: 'file', data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' },
              { type: 'audio', base64: 'AA==', format: 'wav' },
            ],
          },
        ],
      }),
      { model: 'gpt-4.1', stream: false },
    )
    expect(body['input']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
          { type: 'input_image', image_url: 'https://x.test/a.png' },
          { type: 'input_file', file_id: 'file-1' },
          { type: 'input_file', file_url: 'https://x.test/a.pdf' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
        ],
      },
    ])
    expect(conversions).toMatchObject([{ field: 'messages[0].content[6]', did: 'dropped', matters: true }])
  })

  it('gives OpenAI its own reasoning back byte for byte, before what it led to, and nobody else’s', () => {
    const messages: Message[] = [
      hello,
      assistant({
        reasoning: [
          { text: 'A summary.', redacted: 'gAAAA/+=', maker: 'openai', id: 'rs_1' },
          { text: 'Signed elsewhere.', signature: 'sig', maker: 'anthropic' },
          { text: '', redacted: 'blob', maker: 'anthropic' },
          { text: 'Plain.' },
          { text: '', redacted: 'gAAAB', id: 'rs_2', maker: 'openai' },
        ],
        content: [{ type: 'text', text: 'I look.' }],
        toolCalls: [{ id: 'call_1', name: 'look', argumentsJson: '' }],
      }),
      {
        role: 'tool',
        toolCallId: 'call_1',
        name: undefined,
        content: [
          { type: 'text', text: 'Seen' },
          { type: 'image', source: { url: 'https://x.test/a.png' } },
        ],
      },
      // Reasoning that led to nothing would be refused.
      assistant({ reasoning: [{ text: '', redacted: 'gAAAC', maker: 'openai', id: 'rs_3' }] }),
    ]
    expect(bodyOf({ messages })['input']).toEqual([
      { role: 'user', content: 'Hi' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'A summary.' }],
        encrypted_content: 'gAAAA/+=',
      },
      { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'gAAAB' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' },
      {
        type: 'function_call_output',
        call_id: 'call_1',
        output: [
          { type: 'input_text', text: 'Seen' },
          { type: 'input_image', image_url: 'https://x.test/a.png' },
        ],
      },
    ])
  })
})

describe('the tools', () => {
  const tools = [
    { name: 'a', description: 'A tool', parameters: { type: 'object' }, strict: undefined },
    { name: 'b', description: undefined, parameters: undefined, strict: true },
  ]

  it('are flat, and strict only where the client said so', () => {
    expect(bodyOf({ tools, toolChoice: { name: 'a' }, parallelToolCalls: false })).toMatchObject({
      tools: [
        { type: 'function', name: 'a', description: 'A tool', parameters: { type: 'object' }, strict: false },
        { type: 'function', name: 'b', parameters: { type: 'object', properties: {} }, strict: true },
      ],
      tool_choice: { type: 'function', name: 'a' },
      parallel_tool_calls: false,
    })
  })

  it('that OpenAI runs go along, those of others do not', () => {
    const hostedTools = [
      { maker: 'openai', type: 'web_search', definition: { type: 'web_search', external_web_access: true } },
      { maker: 'anthropic', type: 'bash_20250124', definition: { type: 'bash_20250124' } },
    ] as const
    const { body, conversions } = responsesBody(chatOf({ hostedTools }), { model: 'gpt-5', stream: false })
    expect(body['tools']).toEqual([{ type: 'web_search', external_web_access: true }])
    expect(conversions).toMatchObject([{ field: 'tools (bash_20250124)', matters: false }])
  })

  it('include the search that chat asks for by options', () => {
    const web_search_options = {
      search_context_size: 'low',
      user_location: { type: 'approximate', approximate: { country: 'CH' } },
    }
    expect(bodyOf({ extra: { web_search_options } })['tools']).toEqual([
      { type: 'web_search', search_context_size: 'low', user_location: { type: 'approximate', country: 'CH' } },
    ])
  })
})

describe('the parameters', () => {
  it('have the names of this API', () => {
    const schema = { type: 'object' }
    expect(
      bodyOf({
        sampling: { temperature: 0.5, topP: 0.9, maxOutputTokens: 100, logprobs: true, topLogprobs: 3 },
        format: { type: 'json-schema', name: 'answer', schema, strict: true },
        user: 'u1',
        extra: { verbosity: 'low', metadata: { a: 'b' }, prompt_cache_key: 'k', service_tier: 'flex', store: true },
      }),
    ).toEqual({
      model: 'gpt-4.1',
      input: [{ role: 'user', content: 'Hi' }],
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 100,
      top_logprobs: 3,
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'answer', schema, strict: true } },
      user: 'u1',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      service_tier: 'flex',
      store: true,
      include: ['message.output_text.logprobs'],
    })
    expect(bodyOf({ format: { type: 'json' } })['text']).toEqual({ format: { type: 'json_object' } })
  })

  it.each([
    [{ effort: 'high' }, 'gpt-4.1', { effort: 'high', summary: 'auto' }, true],
    [{ budgetTokens: 2_048 }, 'gpt-4.1', { effort: 'medium', summary: 'auto' }, true],
    [{ enabled: true }, 'my-deployment', { summary: 'auto' }, true],
    [{ effort: 'none' }, 'gpt-5.1', { effort: 'none' }, false],
    [{ enabled: false }, 'gpt-4.1', undefined, false],
    [undefined, 'gpt-4.1', undefined, false],
    [undefined, 'gpt-5-pro', undefined, true],
  ])('asks for reasoning %j of %s as %j', (reasoning, model, expected, encrypted) => {
    const body = bodyOf({ reasoning }, model)
    expect(body['reasoning']).toEqual(expected)
    expect(body['include']).toEqual(encrypted ? ['reasoning.encrypted_content'] : undefined)
  })

  it.each<[Partial<ChatRequest>, string, boolean]>([
    [{ sampling: { stop: ['END'] } }, 'stop', true],
    [{ sampling: { choices: 2 } }, 'n', true],
    [{ sampling: { logitBias: { 1: 5 } } }, 'logit_bias', true],
    [{ sampling: { presencePenalty: 0.5 } }, 'presence_penalty', true],
    [{ sampling: { frequencyPenalty: 0.5 } }, 'frequency_penalty', true],
    [{ sampling: { topK: 5 } }, 'top_k', true],
    [{ sampling: { seed: 7 } }, 'seed', false],
    [{ sampling: { maxOutputTokens: 1 } }, 'max_tokens', false],
    [{ extra: { prediction: { type: 'content' } } }, 'prediction', false],
    [{ extra: { modalities: ['text', 'audio'] } }, 'modalities', true],
  ])('%j has no counterpart, and that is said', (changes, field, matters) => {
    const { body, conversions } = responsesBody(chatOf(changes), { model: 'gpt-4.1', stream: false })
    expect(conversions.map((conversion) => [conversion.field, conversion.matters])).toEqual([[field, matters]])
    expect(Object.keys(body).filter((key) => key !== 'max_output_tokens')).toEqual(['model', 'input', 'store'])
  })

  it('neutral values are no loss', () => {
    const sampling = { stop: [], choices: 1, presencePenalty: 0, frequencyPenalty: 0, logitBias: {}, minP: 0 }
    const extra = { modalities: ['text'], metadata: null, audio: null }
    expect(responsesBody(chatOf({ sampling, extra }), { model: 'gpt-4.1', stream: false }).conversions).toEqual([])
  })
})

describe('models that exist only there', () => {
  it.each([
    'o1-pro',
    'o3-pro-2025-06-10',
    'gpt-5-pro',
    'gpt-5.2-pro-2025-12-11',
    'o3-deep-research',
    'o4-mini-deep-research-2025-06-26',
    'codex-mini-latest',
    'gpt-5-codex',
    'gpt-5.1-codex-max',
    'computer-use-preview',
  ])('%s', (model) => {
    expect(isResponsesOnly(model)).toBe(true)
    expect(isReasoningModel(model)).toBe(true)
  })

  it.each(['gpt-5', 'gpt-4o', 'o3', 'o4-mini', 'gpt-5-mini', 'gpt-5-chat-latest', 'ft:gpt-4.1:acme::x'])(
    '%s is not one',
    (model) => expect(isResponsesOnly(model)).toBe(false),
  )

  it.each([
    ['o3', true],
    ['gpt-5-mini', true],
    ['gpt-6-astra', true],
    ['gpt-5-chat-latest', false],
    ['gpt-5.1-chat-latest', false],
    ['gpt-4o', false],
    ['gpt-4.1', false],
  ])('%s reasons: %s', (model, expected) => {
    expect(isReasoningModel(model)).toBe(expected)
  })
})

describe('OpenAI', () => {
  const at = (changes: Partial<Target>): Target => ({ ...testTarget(openai), ...changes })
  const chatPath = (target: Target): string | undefined => {
    const path = openai.verbatim['chat/completions']
    return typeof path === 'function' ? path(target) : path
  }

  it.each<[Partial<Target>, boolean]>([
    [{ model: 'gpt-5-pro' }, true],
    [{ model: 'responses/gpt-5' }, true],
    [{ model: 'gpt-5', mode: 'responses' }, true],
    [{ model: 'gpt-5' }, false],
    // Another server's model of that name is the other server's business.
    [{ model: 'gpt-5-pro', baseUrl: 'http://127.0.0.1:9/v1' }, false],
    [{ model: 'responses/mine', baseUrl: 'http://127.0.0.1:9/v1' }, true],
  ])('%j is reached over Responses: %s', (changes, expected) => {
    const target = at(changes)
    const request = openai.chat?.request(chatOf({}), target, { stream: true })
    if (request === undefined || isFailure(request)) throw new Error('no request')
    expect(request.path).toBe(expected ? '/responses' : '/chat/completions')
    expect(JSON.parse(request.body).model).toBe(target.model.replace('responses/', ''))
    expect(chatPath(target)).toBe(expected ? undefined : '/chat/completions')
    expect(openai.verbatim.responses).toBe('/responses')
    const named = openai.verbatimEdits?.({}, 'responses', target) ?? {}
    expect(named).toEqual(target.model.startsWith('responses/') ? { model: target.model.slice(10) } : {})
  })

  it('reads an answer as that of whoever was asked', () => {
    const reply = Buffer.from('{"id":"r","object":"response","status":"completed","model":"m","output":[]}')
    const head = { status: 200, headers: {} }
    const read = (target: Target | undefined): string | undefined => {
      const reader = openai.chat?.reader(head, undefined, target)
      reader?.push(reply)
      return reader?.end().at(-1)?.type
    }
    expect(read(at({ model: 'gpt-5-pro' }))).toBe('end')
    expect(read(at({ model: 'gpt-5' }))).toBe('failure')
  })
})
