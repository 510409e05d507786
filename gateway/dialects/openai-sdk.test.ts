import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI } from '@langchain/openai'
import { streamText } from 'ai'
import * as fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { WriterContext } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { FinishReason, StreamEvent } from '../contract/stream-event.ts'
import { openaiChat } from './openai-chat.ts'

/** What the writers write, read by the libraries that will read it. */
const context: WriterContext = {
  id: 'chatcmpl-1',
  model: 'm',
  createdS: 7,
  includeUsage: true,
  mergeReasoning: false,
  continued: false,
  body: {},
  promptTokensEstimate: 0,
  elapsedMs: () => 0,
}
const boom: Failure = { kind: 'cut', message: 'The upstream closed the connection in the middle of its answer.' }

describe('the openai library', () => {
  it('reads back every stream and every collected reply', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (events) => {
        const expected = meaning(events)
        const streamed = await openai(streamOf(events))
          .chat.completions.stream({ ...question, stream: true })
          .finalChatCompletion()
        expect(completionMeaning(streamed)).toEqual(expected)
        const collector = openaiChat.collector(context)
        collector.push(events)
        const collected = await openai(JSON.stringify(collector.result()), 'application/json').chat.completions.create(
          question,
        )
        expect(completionMeaning(collected)).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })

  it('raises on a failure in the stream, after handing on what came before', async () => {
    const seen: string[] = []
    const reading = async (): Promise<void> => {
      const stream = await openai(brokenStream()).chat.completions.create({ ...question, stream: true })
      for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? '')
    }
    await expect(reading()).rejects.toMatchObject({
      name: 'Error',
      code: 'upstream_cut',
      error: { message: boom.message },
    })
    expect(seen.join('')).toBe('Hello')
  })
})

describe('the ai library', () => {
  it('raises on a failure in the stream', async () => {
    const provider = createOpenAICompatible({
      name: 's',
      baseURL: 'http://localhost/v1',
      fetch: answering(brokenStream()),
    })
    const errors: unknown[] = []
    const { fullStream } = streamText({ model: provider('m'), prompt: 'hi', onError: () => undefined, maxRetries: 0 })
    for await (const part of fullStream) if (part.type === 'error') errors.push(part.error)
    expect(`${JSON.stringify(errors)} ${String(errors[0])}`).toContain('closed the connection')
  })
})

describe('langchain', () => {
  it('raises on a failure in the stream', async () => {
    const model = new ChatOpenAI({
      model: 'm',
      apiKey: 'k',
      maxRetries: 0,
      configuration: { baseURL: 'http://localhost/v1', fetch: answering(brokenStream()) },
    })
    const reading = async (): Promise<void> => {
      for await (const _chunk of await model.stream('hi')) continue
    }
    await expect(reading()).rejects.toThrow(/closed the connection/)
  })
})

const question = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }

/** Any answer that keeps the grammar of stream events. */
const answer = fc
  .record({
    texts: fc.array(fc.string({ unit: 'grapheme' })),
    calls: fc.array(fc.record({ name: fc.stringMatching(/^[a-z_]{1,20}$/), fragments: fc.array(fc.string()) }), {
      maxLength: 3,
    }),
    usage: fc.record({ input: fc.nat(), output: fc.nat() }),
    reason: fc.constantFrom<FinishReason>('stop', 'length', 'tool_calls', 'content_filter'),
  })
  .map(({ texts, calls, usage, reason }): StreamEvent[] => [
    { type: 'start', model: 'm' },
    ...texts.map((text) => ({ type: 'text-delta' as const, text })),
    ...calls.flatMap(({ name, fragments }, index): StreamEvent[] => [
      { type: 'tool-call-start', index, id: `call_${index}`, name },
      ...fragments.map((argumentsJson) => ({ type: 'tool-call-delta' as const, index, argumentsJson })),
    ]),
    // The library itself refuses to hand on an answer that was cut by these two.
    { type: 'end', reason: reason === 'length' || reason === 'content_filter' ? 'stop' : reason },
    { type: 'usage', usage },
  ])

interface Meaning {
  readonly text: string
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: string }[]
  readonly finish: string | null | undefined
  readonly tokens: readonly (number | undefined)[]
}

function meaning(events: readonly StreamEvent[]): Meaning {
  const usage = events.find((event) => event.type === 'usage')?.usage
  const starts = events.filter((event) => event.type === 'tool-call-start')
  const fragments = events.filter((event) => event.type === 'tool-call-delta')
  return {
    text: events.map((event) => (event.type === 'text-delta' ? event.text : '')).join(''),
    calls: starts.map(({ id, name, index }) => ({
      id,
      name,
      args: fragments
        .filter((fragment) => fragment.index === index)
        .map((fragment) => fragment.argumentsJson)
        .join(''),
    })),
    finish: events.find((event) => event.type === 'end')?.reason,
    tokens: [usage?.input, usage?.output],
  }
}

function completionMeaning(completion: OpenAI.ChatCompletion): Meaning {
  const choice = completion.choices[0]
  const calls = (choice?.message.tool_calls ?? []).filter((call) => call.type === 'function')
  return {
    text: choice?.message.content ?? '',
    calls: calls.map((call) => ({ id: call.id, name: call.function.name, args: call.function.arguments })),
    finish: choice?.finish_reason,
    tokens: [completion.usage?.prompt_tokens, completion.usage?.completion_tokens],
  }
}

function streamOf(events: readonly StreamEvent[]): string {
  const writer = openaiChat.writer(context)
  return writer.write(events) + writer.done()
}

function brokenStream(): string {
  const writer = openaiChat.writer(context)
  return (
    writer.write([
      { type: 'start', model: 'm' },
      { type: 'text-delta', text: 'Hello' },
    ]) + writer.fail(boom)
  )
}

function answering(body: string, contentType = 'text/event-stream'): typeof fetch {
  return () => Promise.resolve(new Response(body, { headers: { 'content-type': contentType } }))
}

function openai(body: string, contentType?: string): OpenAI {
  return new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', maxRetries: 0, fetch: answering(body, contentType) })
}
