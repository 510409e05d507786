import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message, Part } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { wireToolName } from './bedrock-names.ts'
import { bedrock } from './bedrock.ts'
import {
  CLAUDE,
  NOVA_2,
  LLAMA,
  chatDefaults,
  weather,
  user,
  assistant,
  result,
  targetOf,
  asked,
  sent,
  bodyOf,
  written,
} from './test/bedrock-chat.ts'
import { answerOf, readReply } from './test/read-reply.ts'

describe('Converse', () => {
  it.each([
    [CLAUDE, true, '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream'],
    [`converse/${LLAMA}`, false, '/model/meta.llama3-1-70b-instruct-v1%3A0/converse'],
    [`us-east-1/${LLAMA}`, false, '/model/meta.llama3-1-70b-instruct-v1%3A0/converse'],
    [
      'arn:aws:bedrock:us-east-1:1:inference-profile/x',
      false,
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse',
    ],
    [`invoke/${CLAUDE}`, true, '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream'],
  ])('%s (stream: %s) is asked at %s', (model, stream, path) => {
    expect(sent({}, model, stream).path).toBe(path)
  })

  it('refuses a model of another region than the address', () => {
    const target = targetOf(`eu-west-1/${LLAMA}`, { baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com' })
    const refused = bedrock.chat?.request(chatDefaults, target, { stream: false })
    expect(refused).toMatchObject({ kind: 'unsupported', message: expect.stringContaining('eu-west-1') })
  })

  it('merges turns of one role, puts results first, and leaves blank text out', () => {
    const messages = [
      user('a', '  '),
      user('b'),
      assistant('\n', 'call_1', 'call_2'),
      user('meanwhile'),
      result('call_1', 'sunny'),
      result('call_2', ''),
      assistant('done '),
    ]
    const wrote = written({ messages, tools: [weather] })
    const call = (toolUseId: string): JsonValue => ({
      toolUse: { toolUseId, name: 'weather', input: { city: 'Bern' } },
    })
    expect(wrote['messages']).toEqual([
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [call('call_1'), call('call_2')] },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'call_1', content: [{ text: 'sunny' }] } },
          { toolResult: { toolUseId: 'call_2', content: [{ text: '(no output)' }] } },
          { text: 'meanwhile' },
        ],
      },
      { role: 'assistant', content: [{ text: 'done' }] },
    ])
    expect(wrote['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object', properties: {} } } } }],
    })
  })

  it.each([
    ['no tools any more', {}],
    ['`none`', { tools: [weather], toolChoice: 'none' }],
  ] satisfies [string, Partial<ChatRequest>][])('keeps tools in a history with calls: %s', (_name, changes) => {
    const request = sent({ messages: [user('a'), assistant('', 'c'), result('c', 'x')], ...changes })
    expect(JSON.stringify(bodyOf(request)['toolConfig'])).toContain('"name":"weather"')
    expect(bodyOf(request)['toolConfig']).not.toHaveProperty('toolChoice')
    const isNone = 'toolChoice' in changes
    expect((request.conversions ?? []).map(({ field }) => field)).toEqual(isNone ? ['tool_choice'] : [])
  })

  it.each([
    ['auto', { auto: {} }],
    ['required', { any: {} }],
    [{ name: 'a.b' }, { tool: { name: wireToolName('a.b') } }],
    ['none', undefined],
  ] as const)('offers tools with the choice %j', (toolChoice, expected) => {
    const config = written({ tools: [{ ...weather, name: 'a.b' }], toolChoice })['toolConfig']
    expect(isJsonObject(config) ? config['toolChoice'] : config).toEqual(expected)
  })

  it('has what the model does not take on the report, and nothing neutral', () => {
    const none = sent({
      sampling: { presencePenalty: 0, choices: 1, logprobs: false, logitBias: {} },
      extra: { a: null },
    })
    expect(none.conversions).toBeUndefined()
    const all = sent(
      {
        sampling: { choices: 2, logprobs: true, logitBias: { 1: 2 }, seed: 1, topK: 3 },
        toolChoice: 'required',
        tools: [weather],
        extra: { store: true, modalities: ['audio'] },
        format: { type: 'json-schema', name: 'x', schema: {}, strict: true },
      },
      LLAMA,
    )
    const matter = (all.conversions ?? []).filter(({ matters }) => matters).map(({ field }) => field)
    expect(matter.toSorted()).toEqual(['logit_bias', 'logprobs', 'modalities', 'n', 'response_format', 'tool_choice'])
    const hints = (all.conversions ?? []).filter(({ matters }) => !matters).map(({ field }) => field)
    expect(hints.toSorted()).toEqual(['seed', 'store', 'top_k'])
  })

  it.each([
    ['a web address', { type: 'image', source: { url: 'https://x.test/a.png' } }, 'base64'],
    ['a bitmap', { type: 'image', source: { base64: 'aQ==', mediaType: 'image/bmp' } }, 'PNG'],
    ['an uploaded file', { type: 'file', fileId: 'file-1' }, 'data: URI'],
    ['a file by address', { type: 'file', data: 'https://x.test/a.pdf' }, 'data: URI'],
    ['an archive', { type: 'file', data: 'data:application/zip;base64,aQ==' }, 'application/zip'],
  ] satisfies [string, Part, string][])('refuses %s with a way out', (_name, part, says) => {
    expect(asked({ messages: [user('look', part)] })).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining(says),
    })
  })

  it('sends images, documents, sound and video, each document under a name of its own', () => {
    const parts: readonly Part[] = [
      { type: 'image', source: { url: 'data:image/jpeg;base64,aQ==' } },
      { type: 'image', source: { url: 's3://b/a.webp' } },
      { type: 'file', filename: 'a_b.txt', data: 'data:text/plain;base64,aQ==' },
      { type: 'file', filename: 'a_b.txt', data: 'data:text/plain;base64,ag==' },
      { type: 'file', data: 'data:video/mp4;base64,aQ==' },
      { type: 'audio', base64: 'aQ==', format: 'wav' },
    ]
    const messages = written({ messages: [user(...parts)] }, NOVA_2)['messages']
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { text: '.' },
          { image: { format: 'jpeg', source: { bytes: 'aQ==' } } },
          { image: { format: 'webp', source: { s3Location: { uri: 's3://b/a.webp' } } } },
          { document: { format: 'txt', name: 'a-b', source: { bytes: 'aQ==' } } },
          { document: { format: 'txt', name: 'a-b 2', source: { bytes: 'ag==' } } },
          { video: { format: 'mp4', source: { bytes: 'aQ==' } } },
          { audio: { format: 'wav', source: { bytes: 'aQ==' } } },
        ],
      },
    ])
  })

  it('sets cache points where the model knows them', () => {
    const cached: Message = user({ type: 'text', text: 'a', extra: { cache_control: { type: 'ephemeral' } } })
    const tools = [{ ...weather, extra: { cache_control: { type: 'ephemeral', ttl: '1h' } } }]
    const point = (model: string): string => JSON.stringify(written({ messages: [cached], tools }, model))
    expect(point(CLAUDE).split('cachePoint').length - 1).toBe(2)
    expect(point(CLAUDE)).toContain('"ttl":"1h"')
    expect(point(NOVA_2).split('cachePoint').length - 1).toBe(1)
    expect(point(LLAMA)).not.toContain('cachePoint')
    expect(sent({ messages: [cached] }, LLAMA).conversions).toMatchObject([{ field: 'cache_control', matters: false }])
  })

  it('keeps an instruction in the middle where it stands', () => {
    const system: Message = {
      role: 'system',
      as: 'system',
      content: [{ type: 'text', text: 'now brief' }],
      name: undefined,
    }
    const wrote = written({ messages: [system, user('a'), assistant('b'), system] })
    expect(wrote['system']).toEqual([{ text: 'now brief' }])
    expect(JSON.stringify(wrote['messages'])).toContain('<system>\\nnow brief\\n</system>')
  })

  it('makes a turn of instructions that stand alone', () => {
    const system: Message = { role: 'system', as: 'system', content: [{ type: 'text', text: 'go' }], name: undefined }
    expect(written({ messages: [system] })).toEqual({ messages: [{ role: 'user', content: [{ text: 'go' }] }] })
  })
})

describe('reasoning', () => {
  it.each([
    [
      'us.anthropic.claude-3-7-sonnet-20250219-v1:0',
      { effort: 'low' },
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
    ],
    [CLAUDE, { budgetTokens: 2_000 }, { thinking: { type: 'enabled', budget_tokens: 2_000 } }],
    [
      'global.anthropic.claude-opus-4-6-v1',
      { effort: 'high' },
      { thinking: { type: 'adaptive', display: 'summarized' } },
    ],
    ['anthropic.claude-3-haiku-20240307-v1:0', { effort: 'high' }, undefined],
    [NOVA_2, { effort: 'low' }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }],
    [NOVA_2, { effort: 'none' }, { reasoningConfig: { type: 'disabled' } }],
    ['openai.gpt-oss-120b-1:0', { effort: 'xhigh' }, { reasoning_effort: 'high' }],
    [LLAMA, { effort: 'high' }, undefined],
  ])('%s is asked with %j', (model, reasoning, expected) => {
    expect(written({ reasoning }, model)['additionalModelRequestFields']).toEqual(expected)
  })

  it('says an effort in the word of Converse', () => {
    const wrote = written({ reasoning: { effort: 'high' } }, 'global.anthropic.claude-opus-4-6-v1')
    expect(wrote['outputConfig']).toEqual({ effort: 'high' })
  })

  it('makes room for the answer behind the thoughts', () => {
    const { maxTokens } = inference(written({ reasoning: { budgetTokens: 9_000 } }))
    expect(Number(maxTokens)).toBeGreaterThan(9_000)
    expect(inference(written({}))).toEqual({})
  })

  it('gives way to a tool that must be called', () => {
    const request = sent({ reasoning: { effort: 'high' }, tools: [weather], toolChoice: 'required' })
    expect(bodyOf(request)).not.toHaveProperty('additionalModelRequestFields')
    expect(request.conversions).toMatchObject([{ field: 'reasoning_effort', matters: false }])
  })

  it('with high effort leaves Nova nothing else to set', () => {
    const sampling = { temperature: 0.5, topP: 0.9, maxOutputTokens: 9 }
    expect(written({ sampling, reasoning: { effort: 'high' } }, NOVA_2)).not.toHaveProperty('inferenceConfig')
    expect(inference(written({ sampling }, NOVA_2))).toEqual({ temperature: 0.5, topP: 0.9, maxTokens: 9 })
  })

  function inference(wrote: JsonObject): JsonObject {
    const config = wrote['inferenceConfig']
    return isJsonObject(config) ? config : {}
  }
})

describe('additional fields', () => {
  it('go where each model wants them, under what the client states itself', () => {
    const sampling = { topK: 5 }
    const field = (model: string, extra: JsonObject = {}): JsonValue | undefined =>
      written({ sampling, extra }, model)['additionalModelRequestFields']
    expect(field('anthropic.claude-3-haiku-20240307-v1:0')).toEqual({ top_k: 5 })
    expect(field(NOVA_2)).toEqual({ inferenceConfig: { topK: 5 } })
    expect(field('mistral.mistral-large-2402-v1:0')).toEqual({ top_k: 5 })
    expect(field('cohere.command-r-v1:0')).toEqual({ k: 5 })
    expect(field(NOVA_2, { additionalModelRequestFields: { inferenceConfig: { topK: 9 }, x: 1 } })).toEqual({
      inferenceConfig: { topK: 9 },
      x: 1,
    })
    expect(field(CLAUDE, { anthropic_beta: ['b'], thinking: { type: 'enabled', budget_tokens: 1_024 } })).toEqual({
      anthropic_beta: ['b'],
      thinking: { type: 'enabled', budget_tokens: 1_024 },
    })
  })

  it('pass what Converse itself knows', () => {
    const extra = {
      guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1', streamProcessingMode: 'sync' },
      performanceConfig: { latency: 'optimized' },
      requestMetadata: { a: 'b' },
      serviceTier: { type: 'priority' },
    }
    const streamed = bodyOf(sent({ extra }, CLAUDE, true))
    expect(streamed).toMatchObject(extra)
    expect(written({ extra })['guardrailConfig']).toEqual({ guardrailIdentifier: 'g', guardrailVersion: '1' })
    expect(sent({ extra }).conversions).toBeUndefined()
  })
})

describe('names of tools', () => {
  it.each(['mcp.server/tool', 'ein werkzeug', 'x'.repeat(65), 'ü', ''])(
    '%j has one on the wire that leads back',
    (name) => {
      const wire = wireToolName(name)
      expect(wire).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
      const chat = { ...chatDefaults, tools: [{ ...weather, name }] }
      const reader = bedrock.chat?.reader({ status: 200, headers: {} }, chat)
      const content = [{ toolUse: { toolUseId: 't', name: wire, input: {} } }]
      const reply = { output: { message: { content } }, stopReason: 'tool_use' }
      expect(reader && answerOf(readReply(reader, Buffer.from(JSON.stringify(reply)), 9)).tools[0]?.name).toBe(name)
    },
  )

  it('keeps two apart that look alike', () => {
    expect(wireToolName('a.b')).not.toBe(wireToolName('a/b'))
    expect(wireToolName('a-b_C1')).toBe('a-b_C1')
  })
})
