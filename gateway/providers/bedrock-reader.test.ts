import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../contract/json.ts'
import { bedrock } from './bedrock.ts'
import { asked, eventsOf, LLAMA, NOVA_2, sent, written } from './test/bedrock-chat.ts'
import { chunkBytes, converseBytes, eventStreamFrame } from './test/event-stream-bytes.ts'
import { answerOf, readReply } from './test/read-reply.ts'

describe('streams of Converse', () => {
  const begin = [
    ['messageStart', { role: 'assistant' }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'So' } }],
  ] as const

  it.each([
    ['throttlingException', 'rate-limited', 429],
    ['modelStreamErrorException', 'server-error', 424],
    ['internalServerException', 'server-error', 500],
    ['serviceUnavailableException', 'overloaded', 503],
    ['validationException', 'bad-request', 400],
    ['modelTimeoutException', 'upstream-timeout', 408],
    ['somethingNewException', 'server-error', 500],
  ])('end with %s in %s', (name, kind, status) => {
    const events = eventsOf(converseBytes([...begin, [name, { message: 'it broke' }]]))
    expect(events.at(-1)).toMatchObject({
      type: 'failure',
      failure: { kind, status, message: expect.stringContaining('it broke') },
    })
  })

  it('tell what the model itself said', () => {
    const said = { message: 'The model failed.', originalStatusCode: 500, originalMessage: 'out of memory' }
    const events = eventsOf(converseBytes([...begin, ['modelStreamErrorException', said]]))
    expect(events.at(-1)).toMatchObject({ failure: { message: 'The model failed. out of memory' } })
  })

  it('end with an error of the stream itself', () => {
    const headers = { ':message-type': 'error', ':error-code': 'InternalServerException', ':error-message': 'gone' }
    const events = eventsOf(Buffer.concat([converseBytes(begin), eventStreamFrame({ headers, payload: {} })]))
    expect(events.at(-1)).toMatchObject({ failure: { kind: 'server-error', message: 'gone' } })
  })

  it('are cut without a messageStop, and inside a frame', () => {
    const whole = converseBytes([...begin, ['messageStop', { stopReason: 'end_turn' }], ['metadata', { usage: {} }]])
    expect(eventsOf(converseBytes(begin)).at(-1)).toMatchObject({ failure: { kind: 'cut' } })
    expect(eventsOf(whole.subarray(0, -1)).at(-1)).toMatchObject({ failure: { kind: 'cut' } })
    expect(eventsOf(whole).at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
  })

  it('are a bad reply once a byte is another one', () => {
    const damaged = converseBytes([...begin, ['messageStop', { stopReason: 'end_turn' }]])
    damaged.writeUInt8(0, damaged.length - 20)
    expect(eventsOf(damaged).at(-1)).toMatchObject({
      failure: { kind: 'bad-reply', message: expect.stringContaining('checksum') },
    })
  })

  it.each([
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['model_context_window_exceeded', 'length'],
    ['malformed_tool_use', 'stop'],
    ['malformed_model_output', 'stop'],
  ])('that stop for %s end in %s', (stopReason, reason) => {
    const events = eventsOf(converseBytes([...begin, ['messageStop', { stopReason }], ['metadata', { usage: {} }]]))
    expect(events.at(-1)).toMatchObject({ type: 'end', reason, rawReason: stopReason })
  })

  it('say what a guardrail blocked, which comes after the stop', () => {
    const trace = { guardrail: { actionReason: 'Guardrail blocked.' } }
    const usage = { inputTokens: 1, outputTokens: 2 }
    const stop = ['messageStop', { stopReason: 'guardrail_intervened' }] as const
    const events = eventsOf(converseBytes([...begin, stop, ['metadata', { usage, trace }]]))
    expect(events.slice(-2)).toMatchObject([{ type: 'usage' }, { type: 'end', refusal: 'Guardrail blocked.' }])
    const masked = { guardrail: { actionReason: 'Guardrail masked.' } }
    const other = eventsOf(converseBytes([...begin, stop, ['metadata', { usage, trace: masked }]]))
    expect(other.at(-1)).not.toHaveProperty('refusal')
    const early = eventsOf(converseBytes([...begin, ['metadata', { usage, trace }], stop]))
    expect(early.at(-1)).toMatchObject({ type: 'end', reason: 'content_filter', refusal: 'Guardrail blocked.' })
  })

  it('keep the tools of Bedrock to Bedrock', () => {
    const start = { toolUse: { toolUseId: 't', name: 'nova_code_interpreter', type: 'server_tool_use' } }
    const events = eventsOf(
      converseBytes([
        begin[0],
        ['contentBlockStart', { contentBlockIndex: 0, start }],
        ['contentBlockDelta', { contentBlockIndex: 0, delta: { toolUse: { input: '{}' } } }],
        ['contentBlockStop', { contentBlockIndex: 0 }],
        ['contentBlockStart', { contentBlockIndex: 1, start: { toolResult: { toolUseId: 't' } } }],
        ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolResult: [{ json: {} }] } }],
        ['contentBlockStop', { contentBlockIndex: 1 }],
        ['messageStop', { stopReason: 'end_turn' }],
      ]),
    )
    expect(events).toMatchObject([{ type: 'start' }, { type: 'end', reason: 'stop' }])
  })

  it('tell whose the thoughts are, and join what is sealed in pieces', () => {
    const delta = (redacted: string): JsonValue => ({
      contentBlockIndex: 0,
      delta: { reasoningContent: { redactedContent: Buffer.from(redacted).toString('base64') } },
    })
    const bytes = converseBytes([
      ['contentBlockDelta', delta('ab')],
      ['contentBlockDelta', delta('c')],
      ['messageStop', { stopReason: 'end_turn' }],
    ])
    const redacted = Buffer.from('abc').toString('base64')
    expect(eventsOf(bytes)[1]).toEqual({ type: 'reasoning-delta', text: '', redacted, maker: 'anthropic' })
    expect(eventsOf(bytes, 9, { model: NOVA_2 })[1]).toMatchObject({ redacted, maker: 'bedrock' })
  })
})

describe('invoke', () => {
  it('writes each model’s own body', () => {
    const sampling = { maxOutputTokens: 9, topK: 3 }
    expect(written({ sampling }, `invoke/${NOVA_2}`)).toEqual({
      schemaVersion: 'messages-v1',
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      inferenceConfig: { maxTokens: 9, topK: 3 },
    })
    const open = written({ sampling: { maxOutputTokens: 9 } }, 'invoke/openai.gpt-oss-20b-1:0')
    expect(open).toMatchObject({ messages: [{ role: 'user', content: 'hi' }] })
    expect(open).not.toHaveProperty('model')
    expect(asked({}, `invoke/${LLAMA}`)).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('bedrock/converse/'),
    })
  })

  it('says in headers what Converse has in the body', () => {
    const extra = { guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1', trace: 'enabled' } }
    expect(sent({ extra }, `invoke/${NOVA_2}`).headers).toMatchObject({
      'x-amzn-bedrock-guardrailidentifier': 'g',
      'x-amzn-bedrock-guardrailversion': '1',
      'x-amzn-bedrock-trace': 'ENABLED',
    })
  })

  const metrics = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 5, outputTokenCount: 3 } }
  it.each([
    [
      'Llama',
      [
        { generation: 'Hel', stop_reason: null },
        { generation: 'lo', stop_reason: 'stop', ...metrics },
      ],
    ],
    ['Titan', [{ outputText: 'Hello', completionReason: 'FINISH', ...metrics }]],
    [
      'Mistral',
      [
        { outputs: [{ text: 'Hello', stop_reason: null }] },
        { outputs: [{ text: '', stop_reason: 'stop' }], ...metrics },
      ],
    ],
    [
      'Command R',
      [
        { event_type: 'text-generation', text: 'Hello' },
        { event_type: 'stream-end', finish_reason: 'COMPLETE', response: { text: 'Hello' }, ...metrics },
      ],
    ],
    [
      'the first Claudes',
      [
        { completion: 'Hello', stop_reason: null },
        { completion: '', stop_reason: 'stop_sequence', ...metrics },
      ],
    ],
    [
      'DeepSeek',
      [
        { choices: [{ index: 0, text: 'Hello', stop_reason: null }] },
        { choices: [{ index: 0, text: '', stop_reason: 'stop' }], ...metrics },
      ],
    ],
    [
      'gpt-oss',
      [
        { choices: [{ index: 0, delta: { content: 'Hello' } }] },
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], ...metrics },
      ],
    ],
    [
      'Nova',
      [
        { messageStart: { role: 'assistant' } },
        { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello' } } },
        { messageStop: { stopReason: 'end_turn' } },
        { metadata: { usage: { inputTokens: 5, outputTokens: 3 } }, ...metrics },
      ],
    ],
  ] satisfies [string, JsonValue[]][])('reads the stream of %s', (_name, chunks) => {
    for (const size of [1, 50, 10_000]) {
      expect(answerOf(eventsOf(chunkBytes(chunks), size))).toMatchObject({
        text: 'Hello',
        finish: 'stop',
        usage: { input: 5, output: 3 },
        failure: undefined,
      })
    }
    expect(eventsOf(chunkBytes(chunks.slice(0, -1)), 50).at(-1)?.type).toMatch(chunks.length === 4 ? /end/ : /failure/)
  })

  it.each([
    [
      'Titan',
      { inputTextTokenCount: 5, results: [{ tokenCount: 3, outputText: 'Hello', completionReason: 'LENGTH' }] },
      'length',
    ],
    [
      'Llama',
      { generation: 'Hello', prompt_token_count: 5, generation_token_count: 3, stop_reason: 'length' },
      'length',
    ],
    ['Cohere', { generations: [{ text: 'Hello', finish_reason: 'ERROR_TOXIC' }] }, 'content_filter'],
    ['Jurassic', { completions: [{ data: { text: 'Hello' }, finishReason: { reason: 'endoftext' } }] }, 'stop'],
    ['Mistral', { choices: [{ index: 0, message: { content: 'Hello' }, stop_reason: 'stop' }] }, 'stop'],
  ])('reads a whole reply of %s', (_name, reply, finish) => {
    const headers = { 'x-amzn-bedrock-input-token-count': '5', 'x-amzn-bedrock-output-token-count': '3' }
    const reader = bedrock.chat?.reader({ status: 200, headers })
    const answer = reader && answerOf(readReply(reader, Buffer.from(JSON.stringify(reply)), 11))
    expect(answer).toMatchObject({ text: 'Hello', finish, usage: { input: 5, output: 3 } })
  })

  it('reads an error of Claude’s before the answer', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    expect(eventsOf(chunkBytes([error]))).toMatchObject([{ type: 'failure', failure: { kind: 'overloaded' } }])
  })

  it('reads the calls of Command R', () => {
    const reply = {
      text: '',
      tool_calls: [{ name: 'weather', parameters: { city: 'Bern' } }],
      finish_reason: 'COMPLETE',
    }
    const answer = answerOf(eventsOf(Buffer.from(JSON.stringify(reply))))
    expect(answer).toMatchObject({
      finish: 'tool_calls',
      tools: [{ name: 'weather', argumentsJson: '{"city":"Bern"}' }],
    })
  })
})
