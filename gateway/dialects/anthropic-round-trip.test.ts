import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message, Part, ReasoningPart, Tool, ToolChoice } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact } from '../kit/json-fields.ts'
import { sealReasoning } from '../wire/sealed-reasoning.ts'
import { anthropicMessages } from './anthropic-messages.ts'

/** Any conversation, written as a client of Anthropic's would send it, is read as that conversation. */

const words = fc.string({ unit: 'grapheme', minLength: 1 })
const extra = fc.option(fc.record({ cache_control: fc.constant({ type: 'ephemeral' }) }), { nil: undefined })
const json = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
}) as fc.Arbitrary<JsonObject>
const base64 = fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'))

const textPart = fc
  .record({ text: words, extra })
  .map(({ text, extra: keys }): Part => ({ type: 'text', text, ...(keys && { extra: keys }) }))
const part = fc.oneof(
  textPart,
  fc
    .record({ base64, mediaType: fc.constantFrom('image/png', 'image/webp') })
    .map((source): Part => ({ type: 'image', source })),
  fc.webUrl().map((url): Part => ({ type: 'image', source: { url } })),
  base64.map((data): Part => ({ type: 'file', data: `data:application/pdf;base64,${data}` })),
  fc.webUrl().map((data): Part => ({ type: 'file', data })),
  fc.stringMatching(/^file_[a-z]{1,9}$/).map((fileId): Part => ({ type: 'file', fileId })),
)
const anyThought = fc.oneof(
  fc.record({ text: words, signature: words, maker: fc.constant('anthropic' as const) }),
  fc.record({ text: fc.constant(''), redacted: words, maker: fc.constant('anthropic' as const) }),
  fc.record({ text: words, signature: words, maker: fc.constantFrom('google' as const, 'bedrock' as const) }),
  fc.record({ text: words }),
)
const toolCall = fc.record({ name: fc.stringMatching(/^[a-z]{1,9}$/), input: json })

/** A user's turn, or the model at work: what it thought, said and called, and what came of the calls. */
const turn = fc.oneof(
  fc.array(part, { minLength: 1, maxLength: 3 }).map((content) => ({ content })),
  fc.record({
    reasoning: fc.array(anyThought, { maxLength: 2 }),
    said: fc.array(textPart, { maxLength: 2 }),
    calls: fc.array(toolCall, { minLength: 1, maxLength: 2 }),
    results: fc.array(fc.record({ content: fc.array(part, { maxLength: 2 }), isError: fc.boolean() }), {
      minLength: 2,
      maxLength: 2,
    }),
  }),
)

const request: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.array(textPart, { maxLength: 2 }),
    turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
    tools: fc.array(
      fc.record({
        name: fc.stringMatching(/^[a-z]{1,9}$/),
        description: fc.option(words, { nil: undefined }),
        parameters: json,
        strict: fc.option(fc.boolean(), { nil: undefined }),
      }),
      { maxLength: 2 },
    ),
    toolChoice: fc.option(fc.constantFrom<ToolChoice>('auto', 'none', 'required', { name: 'f' }), { nil: undefined }),
    parallel: fc.boolean(),
    sampling: fc.record(
      {
        temperature: fc.double({ noNaN: true, min: 0, max: 1 }),
        topP: fc.constant(0.5),
        topK: fc.nat(),
        stop: fc.array(words, { minLength: 1 }),
      },
      { requiredKeys: [] },
    ),
    schema: fc.option(json, { nil: undefined }),
    budgetTokens: fc.option(fc.integer({ min: 1024, max: 9999 }), { nil: undefined }),
    user: fc.option(words, { nil: undefined }),
  })
  .map(({ system, turns, tools, toolChoice, parallel, sampling, schema, budgetTokens, user }) => ({
    model: 'm',
    messages: [
      ...(system.length === 0
        ? []
        : [{ role: 'system' as const, as: 'system' as const, content: system, name: undefined }]),
      ...turns.flatMap(messagesOf),
    ],
    tools,
    toolChoice,
    parallelToolCalls: toolChoice === undefined ? undefined : parallel,
    sampling: { ...sampling, maxOutputTokens: 9 },
    format: schema && { type: 'json-schema' as const, name: 'response', schema, strict: undefined },
    reasoning: budgetTokens === undefined ? undefined : { enabled: true, budgetTokens },
    user,
    prefill: undefined,
    extra: {},
  }))

type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never

function messagesOf(given: Turn, position: number): readonly Message[] {
  if ('content' in given) return [{ role: 'user', content: given.content, name: undefined }]
  const { reasoning, said, calls, results } = given
  const toolCalls = calls.map(({ name, input }, index) => ({
    id: `toolu_${position}_${index}`,
    name,
    argumentsJson: JSON.stringify(input),
  }))
  return [
    { role: 'assistant', content: said, reasoning, toolCalls, refusal: undefined, name: undefined, extra: {} },
    ...toolCalls.map(({ id }, index): Message => {
      const { content = [], isError = false } = results[index] ?? {}
      return { role: 'tool', toolCallId: id, content, name: undefined, isError }
    }),
  ]
}

/** The client's side, written by the wire's documentation alone. */
function write(chat: ChatRequest): JsonObject {
  const [first, ...rest] = chat.messages
  const system = first?.role === 'system' ? first.content.map(writePart) : undefined
  const turns = (system === undefined ? chat.messages : rest).map((message): JsonObject => {
    if (message.role === 'tool') return { role: 'user', content: [writeResult(message)] }
    if (message.role !== 'assistant') return { role: message.role, content: message.content.map(writePart) }
    const calls = message.toolCalls.map(({ id, name, argumentsJson }): JsonObject => {
      return { type: 'tool_use', id, name, input: JSON.parse(argumentsJson) as JsonValue }
    })
    return {
      role: 'assistant',
      content: [...message.reasoning.map(writeThought), ...message.content.map(writePart), ...calls],
    }
  })
  return compact({
    model: chat.model,
    max_tokens: chat.sampling.maxOutputTokens,
    system,
    messages: turns,
    tools: chat.tools.map(writeTool),
    tool_choice: writeChoice(chat),
    temperature: chat.sampling.temperature,
    top_p: chat.sampling.topP,
    top_k: chat.sampling.topK,
    stop_sequences: chat.sampling.stop,
    output_config:
      chat.format?.type === 'json-schema' ? { format: { type: 'json_schema', schema: chat.format.schema } } : undefined,
    thinking: chat.reasoning && { type: 'enabled', budget_tokens: chat.reasoning.budgetTokens },
    metadata: chat.user === undefined ? undefined : { user_id: chat.user },
  })
}

function writeResult(message: Extract<Message, { role: 'tool' }>): JsonObject {
  const content = message.content.map(writePart)
  return { type: 'tool_result', tool_use_id: message.toolCallId, content, is_error: message.isError }
}

function writeTool({ name, description, parameters, strict }: Tool): JsonObject {
  return compact({ name, description, input_schema: parameters, strict })
}

function writeChoice({ toolChoice, parallelToolCalls }: ChatRequest): JsonObject | undefined {
  if (toolChoice === undefined) return undefined
  const disabled = { disable_parallel_tool_use: parallelToolCalls === false }
  if (typeof toolChoice === 'object') return { type: 'tool', ...toolChoice, ...disabled }
  return { type: toolChoice === 'required' ? 'any' : toolChoice, ...disabled }
}

function writeThought(thought: ReasoningPart): JsonObject {
  const { text, signature, redacted, maker } = thought
  if (maker !== undefined && maker !== 'anthropic') {
    return { type: 'thinking', thinking: text, signature: sealReasoning([{ ...thought, text: '' }]) }
  }
  if (redacted !== undefined) return { type: 'redacted_thinking', data: redacted }
  return { type: 'thinking', thinking: text, signature: signature ?? '' }
}

function writePart(written: Part): JsonObject {
  if (written.type === 'text') return { type: 'text', text: written.text, ...written.extra }
  if (written.type === 'image') {
    const { source } = written
    if ('url' in source) return { type: 'image', source: { type: 'url', url: source.url } }
    return { type: 'image', source: { type: 'base64', media_type: source.mediaType, data: source.base64 } }
  }
  if (written.type !== 'file') throw new Error('no such part here')
  const { fileId, data = '' } = written
  if (fileId !== undefined) return { type: 'document', source: { type: 'file', file_id: fileId } }
  const comma = data.indexOf(',')
  if (!data.startsWith('data:')) return { type: 'document', source: { type: 'url', url: data } }
  return { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: data.slice(comma + 1) } }
}

describe('a conversation on the wire of Anthropic Messages', () => {
  it('is read as it was meant', () => {
    fc.assert(
      fc.property(request, (chat) => {
        const body = write(chat)
        expect(isFailure(anthropicMessages.inspect(body))).toBe(false)
        expect(anthropicMessages.parse(body)).toEqual(chat)
      }),
      { numRuns: 300 },
    )
  })
})
