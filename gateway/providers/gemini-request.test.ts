import { describe, expect, it } from 'vitest'
import type { ChatRequest, Tool } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { objectOf } from '../kit/json-fields.ts'
import { gemini } from './gemini.ts'
import { bodyOf, chatWith, modelSays, toolSays, userSays } from './test/chat-request.ts'
import { testTarget } from './test/test-target.ts'

const tool: Tool = { name: 'f', description: undefined, parameters: undefined, strict: undefined }
const SKIP = 'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I='

function asked(changes: Partial<ChatRequest>, model = 'gemini-3-flash-preview') {
  return gemini.chat?.request(chatWith(changes), { ...testTarget(gemini), model }, { stream: false })
}

function body(changes: Partial<ChatRequest>, model?: string): JsonObject {
  return bodyOf(asked(changes, model))
}

/** `field: matters` of what could not be carried over. */
function lost(changes: Partial<ChatRequest>, model?: string): readonly string[] {
  const request = asked(changes, model)
  if (request === undefined || isFailure(request)) throw new Error('refused')
  return (request.conversions ?? []).map(({ field, matters }) => (matters ? `${field}!` : field))
}

describe('a conversation at Google', () => {
  it('has no empty text, merges neighbours, and puts every system message in front', () => {
    const messages = [
      userSays('a'),
      userSays([{ type: 'text', text: '' }]),
      userSays('b'),
      { role: 'system', as: 'system', content: [{ type: 'text', text: 's' }], name: undefined } as const,
      modelSays({ content: [{ type: 'text', text: 'c' }] }),
      modelSays({ content: [], refusal: 'd' }),
    ]
    expect(body({ messages })).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
        { role: 'model', parts: [{ text: 'c' }, { text: 'd' }] },
      ],
      systemInstruction: { parts: [{ text: 's' }] },
    })
  })

  it('says system as user where there is nobody else, or no system', () => {
    const system = { role: 'system', as: 'system', content: [{ type: 'text', text: 's' }], name: undefined } as const
    expect(body({ messages: [system] })).toEqual({ contents: [{ role: 'user', parts: [{ text: 's' }] }] })
    expect(body({ messages: [system, userSays('a')] }, 'gemma-3-27b-it')).toEqual({
      contents: [{ role: 'user', parts: [{ text: 's' }, { text: 'a' }] }],
    })
  })

  it('signs a foreign call for Gemini 3, only the first of a group, and for no older model', () => {
    const calls = ['call_1', 'toolu_2'].map((id) => ({ id, name: 'f', argumentsJson: 'not json' }))
    const messages = [userSays('a'), modelSays({ toolCalls: calls })]
    const call = { functionCall: { name: 'f', args: { arguments: 'not json' } } }
    expect(body({ messages })['contents']).toContainEqual({
      role: 'model',
      parts: [{ ...call, thoughtSignature: SKIP }, call],
    })
    expect(body({ messages }, 'gemini-2.5-flash')['contents']).toContainEqual({ role: 'model', parts: [call, call] })
  })

  it('does not send what another maker signed', () => {
    const foreign = { id: 'call_1', name: 'f', argumentsJson: '{}', signature: 'x', maker: 'openai' as const }
    const reasoning = [{ text: 't', signature: 'y', maker: 'anthropic' as const }]
    const text = JSON.stringify(body({ messages: [modelSays({ toolCalls: [foreign], reasoning })] }))
    expect(text).not.toContain('"x"')
    expect(text).not.toContain('"y"')
  })

  it('keeps every signature of an answer, the last one on its last text', () => {
    const reasoning = ['s1', 's2'].map((signature) => ({ text: '', signature, maker: 'google' as const }))
    const content = ['a', 'b'].map((text) => ({ type: 'text' as const, text }))
    expect(body({ messages: [modelSays({ content, reasoning })] })['contents']).toEqual([
      {
        role: 'model',
        parts: [{ text: 'a' }, { text: '', thoughtSignature: 's1' }, { text: 'b', thoughtSignature: 's2' }],
      },
    ])
    expect(body({ messages: [modelSays({ reasoning: reasoning.slice(1) })] })['contents']).toEqual([
      { role: 'model', parts: [{ text: '', thoughtSignature: 's2' }] },
    ])
  })

  it('answers calls by name, in their order, in one content, also with pictures', () => {
    const toolCalls = ['call_a', 'call_b'].map((id) => ({ id, name: `${id}_name`, argumentsJson: '' }))
    const picture = { type: 'image' as const, source: { base64: 'iVBO', mediaType: 'image/png' } }
    const messages = [
      modelSays({ toolCalls }),
      { ...toolSays('call_b', '[1]'), content: [{ type: 'text' as const, text: '[1]' }, picture] },
      toolSays('call_a', '{"a":1}'),
    ]
    const a = { functionResponse: { name: 'call_a_name', response: { a: 1 } } }
    const b = { name: 'call_b_name', response: { result: '[1]' } }
    const inline = { inlineData: { mimeType: 'image/png', data: 'iVBO' } }
    expect(body({ messages })['contents']).toContainEqual({
      role: 'user',
      parts: [a, { functionResponse: { ...b, parts: [inline] } }],
    })
    expect(body({ messages }, 'gemini-2.5-pro')['contents']).toContainEqual({
      role: 'user',
      parts: [a, { functionResponse: b }, inline],
    })
  })

  it('says which file it cannot reach', () => {
    const messages = [
      userSays([
        { type: 'text', text: 'a' },
        { type: 'file', fileId: 'file-abc' },
      ]),
    ]
    expect(lost({ messages })).toEqual(['messages[0].content[1]!'])
  })
})

describe('the settings of a request to Google', () => {
  it.each<[Partial<ChatRequest>, string, readonly string[]]>([
    [{ sampling: { presencePenalty: 0, frequencyPenalty: 0, choices: 1, logitBias: {} } }, 'gemini-3-flash', []],
    [{ sampling: { presencePenalty: 1 } }, 'gemini-3-flash', ['presence_penalty']],
    [{ sampling: { presencePenalty: 1 } }, 'gemini-2.5-flash', []],
    [{ sampling: { logitBias: { 5: 1 } } }, 'gemini-3-flash', ['logit_bias!']],
    [{ sampling: { stop: ['1', '2', '3', '4', '5', '6'] } }, 'gemini-3-flash', ['stop!']],
    [{ user: 'me', extra: { store: true, metadata: null } }, 'gemini-3-flash', ['store', 'user']],
    [{ tools: [tool], parallelToolCalls: false }, 'gemini-3-flash', ['parallel_tool_calls']],
    [{ tools: [tool], format: { type: 'json' } }, 'gemini-2.5-flash', ['response_format!']],
    [{ tools: [tool], format: { type: 'json' } }, 'gemini-3-flash', []],
  ])('%j at %s loses %j', (changes, model, expected) => {
    expect(lost(changes, model)).toEqual(expected)
  })

  it('asks for several answers and their probabilities', () => {
    expect(body({ sampling: { choices: 2, logprobs: true, topLogprobs: 3 } })['generationConfig']).toEqual({
      candidateCount: 2,
      responseLogprobs: true,
      logprobs: 3,
    })
  })

  it.each<[ChatRequest['toolChoice'], object | undefined]>([
    [undefined, undefined],
    ['auto', { mode: 'AUTO' }],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [{ name: 'f' }, { mode: 'ANY', allowedFunctionNames: ['f'] }],
  ])('chooses tools: %j', (toolChoice, expected) => {
    expect(objectOf(body({ tools: [tool], toolChoice })['toolConfig'])?.['functionCallingConfig']).toEqual(expected)
    expect(body({ toolChoice })['toolConfig']).toBeUndefined()
  })

  it("searches with Google's own search, but not beside functions unless Google's was asked for", () => {
    const search = { maker: 'openai' as const, type: 'web_search', definition: { type: 'web_search' } }
    const own = { maker: 'google' as const, type: 'urlContext', definition: { type: 'urlContext' } }
    expect(body({ hostedTools: [search, search, own] })['tools']).toEqual([{ urlContext: {} }, { googleSearch: {} }])
    expect(body({ extra: { web_search_options: {} } })['tools']).toEqual([{ googleSearch: {} }])
    expect(body({ hostedTools: [search, own], tools: [tool] })['tools']).toEqual([
      { urlContext: {} },
      { functionDeclarations: [{ name: 'f' }] },
    ])
    expect(lost({ hostedTools: [search], tools: [tool] })).toEqual(['tools (web_search)'])
    expect(lost({ hostedTools: [search], tools: [tool], toolChoice: { name: 'web_search' } })).toEqual([
      'tools (web_search)!',
    ])
  })

  it("passes Google's own keys, in both spellings and where Google's compatible API has them", () => {
    const extra = {
      cachedContent: 'cachedContents/1',
      labels: { team: 'a' },
      generation_config: { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
      modalities: ['text', 'image'],
      extra_body: { google: { thinking_config: { thinkingBudget: 5 } } },
    }
    expect(body({ extra, sampling: { seed: 1 } })).toMatchObject({
      cachedContent: 'cachedContents/1',
      labels: { team: 'a' },
      generationConfig: {
        seed: 1,
        mediaResolution: 'MEDIA_RESOLUTION_LOW',
        responseModalities: ['TEXT', 'IMAGE'],
        thinkingConfig: { thinkingBudget: 5 },
      },
    })
    expect(lost({ extra })).toEqual([])
  })

  it('counts the whole request', () => {
    const count = gemini.tokenCount?.request(chatWith({ tools: [tool] }), { ...testTarget(gemini), model: 'gemini-x' })
    expect(bodyOf(count)).toEqual({
      generateContentRequest: {
        model: 'models/gemini-x',
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        tools: [{ functionDeclarations: [{ name: 'f' }] }],
      },
    })
    expect(gemini.tokenCount?.reply('{"totalTokens":31}')).toBe(31)
    expect(gemini.tokenCount?.reply('{}')).toMatchObject({ kind: 'bad-reply' })
  })
})
