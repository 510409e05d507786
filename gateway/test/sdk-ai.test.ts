import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embed, embedMany, generateText, isStepCount, jsonSchema, Output, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  bodyOf,
  chatChunk,
  chatReply,
  inTurn,
  OLLAMA_DONE,
  ollamaLine,
  replyEvents,
  replyJson,
  replyLines,
  usageChunk,
} from './scripted-replies.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const

/** What an upstream says to be a tool call, a text, and JSON; by the wire that it speaks. */
interface Wire {
  readonly call: Script
  readonly callStreamed: Script
  readonly text: Script
  readonly textStreamed: Script
  readonly json: Script
  readonly toolResult: object
}

const OPENAI_CALL = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Tokyo"}' } }
const OLLAMA_CALL = { function: { name: 'weather', arguments: { city: 'Tokyo' } } }

const WIRES: Readonly<Record<string, Wire>> = {
  cloud: {
    call: replyJson(chatReply({ content: null, tool_calls: [OPENAI_CALL] }, { finish_reason: 'tool_calls' })),
    callStreamed: replyEvents([
      chatChunk({ role: 'assistant', tool_calls: [{ index: 0, ...OPENAI_CALL }] }),
      chatChunk({}, 'tool_calls'),
      usageChunk,
    ]),
    text: replyJson(chatReply({ content: 'It is sunny.' })),
    textStreamed: replyEvents([
      chatChunk({ content: 'It is ' }),
      chatChunk({ content: 'sunny.' }),
      chatChunk({}, 'stop'),
      usageChunk,
    ]),
    json: replyJson(chatReply({ content: '{"city":"Paris"}' })),
    toolResult: { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"clear"}' },
  },
  local: {
    call: replyJson(ollamaLine({ content: '', tool_calls: [OLLAMA_CALL] }, OLLAMA_DONE)),
    callStreamed: replyLines([
      ollamaLine({ content: '', tool_calls: [OLLAMA_CALL] }),
      ollamaLine({ content: '' }, OLLAMA_DONE),
    ]),
    text: replyJson(ollamaLine({ content: 'It is sunny.' }, OLLAMA_DONE)),
    textStreamed: replyLines([
      ollamaLine({ content: 'It is ' }),
      ollamaLine({ content: 'sunny.' }),
      ollamaLine({ content: '' }, OLLAMA_DONE),
    ]),
    json: replyJson(ollamaLine({ content: '{"city":"Paris"}' }, OLLAMA_DONE)),
    toolResult: { role: 'tool', tool_name: 'weather', content: '{"sky":"clear"}' },
  },
}

describe('the AI SDK', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway
  let provider: ReturnType<typeof createOpenAICompatible>

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson({}))
    gateway = await startTestGateway(`
discovery: false
routing: { retries: 0 }
providers:
  cloud: { kind: openai, base_url: '${upstream.url}/v1', key: sk-upstream }
  ollama: { base_url: '${upstream.url}' }
models:
  cloud: cloud/gpt-4o
  local: ollama/llama3
`)
    provider = createOpenAICompatible({
      name: 'spillway',
      baseURL: `${gateway.url}/v1`,
      apiKey: gateway.key,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const asked: string[] = []
  const tools = {
    weather: tool({
      description: 'The weather of a city',
      inputSchema: jsonSchema<{ city: string }>(CITY),
      execute: ({ city }) => {
        asked.push(city)
        return { sky: 'clear' }
      },
    }),
  }
  beforeEach(() => void asked.splice(0))

  describe.each(Object.keys(WIRES))('%s', (model) => {
    const wire = WIRES[model] as Wire

    it('generateText calls a tool and answers in a second step', async () => {
      upstream.script = inTurn(wire.call, wire.text)
      const result = await generateText({ model: provider(model), prompt: 'Weather?', tools, stopWhen: isStepCount(3) })
      expect(result.text).toBe('It is sunny.')
      expect(result.steps.length).toBe(2)
      expect(asked).toEqual(['Tokyo'])
      expect(result.usage).toMatchObject({ inputTokens: 22, outputTokens: 14 })
      expect(bodyOf(upstream).messages).toMatchObject([{ role: 'user' }, { role: 'assistant' }, wire.toolResult])
    })

    it('streamText does the same, streamed', async () => {
      upstream.script = inTurn(wire.callStreamed, wire.textStreamed)
      const result = streamText({ model: provider(model), prompt: 'Weather?', tools, stopWhen: isStepCount(3) })
      let text = ''
      for await (const piece of result.textStream) text += piece
      expect(text).toBe('It is sunny.')
      expect(asked).toEqual(['Tokyo'])
      expect(await result.finishReason).toBe('stop')
      expect((await result.steps).map((step) => step.finishReason)).toEqual(['tool-calls', 'stop'])
      expect((await result.steps)[1]?.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
      expect(bodyOf(upstream).messages).toMatchObject([{ role: 'user' }, { role: 'assistant' }, wire.toolResult])
    })

    it('gives an object that holds to a schema', async () => {
      upstream.script = wire.json
      const output = Output.object({ schema: jsonSchema<{ city: string }>(CITY) })
      const result = await generateText({ model: provider(model), prompt: 'Which city?', output })
      expect(result.output).toEqual({ city: 'Paris' })
      const sent = bodyOf(upstream)
      if (model === 'local') expect(sent.format).toMatchObject(CITY)
      else expect(sent.response_format).toMatchObject({ type: 'json_schema', json_schema: { schema: CITY } })
    })

    it('shows images to the model', async () => {
      upstream.script = wire.text
      const image = new Uint8Array(Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64'))
      await generateText({
        model: provider(model),
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'file', data: image, mediaType: 'image/png' },
            ],
          },
        ],
      })
      const base64 = Buffer.from(image).toString('base64')
      const parts = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } },
      ]
      const expected = model === 'local' ? { content: 'What is this?', images: [base64] } : { content: parts }
      expect(bodyOf(upstream).messages).toMatchObject([expected])
    })
  })

  it('embeds one and many', async () => {
    upstream.script = replyJson({ model: 'llama3', embeddings: [[0.5, 1]], prompt_eval_count: 2 })
    expect((await embed({ model: provider.embeddingModel('local'), value: 'a' })).embedding).toEqual([0.5, 1])
    upstream.script = replyJson({
      object: 'list',
      data: [0, 1].map((index) => ({ object: 'embedding', index, embedding: [index, 1] })),
      model: 'm',
      usage: { prompt_tokens: 2, total_tokens: 2 },
    })
    const many = await embedMany({ model: provider.embeddingModel('cloud'), values: ['a', 'b'] })
    expect(many.embeddings).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  it('shows thoughts as reasoning, from Ollama and from vLLM', async () => {
    upstream.script = replyLines([
      ollamaLine({ content: '', thinking: 'Hmm.' }),
      ollamaLine({ content: 'Yes.' }),
      ollamaLine({ content: '' }, OLLAMA_DONE),
    ])
    const result = streamText({ model: provider('local'), prompt: 'Well?' })
    expect(await result.reasoningText).toBe('Hmm.')
    expect(await result.text).toBe('Yes.')
  })

  it('raises an error in the middle of a stream instead of an answer that looks whole', async () => {
    upstream.script = replyEvents([
      chatChunk({ content: 'Hal' }),
      { error: { message: 'The GPU is on fire.', type: 'server_error' } },
    ])
    const errors: unknown[] = []
    const result = streamText({
      model: provider('cloud'),
      prompt: 'Well?',
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    })
    await result.consumeStream()
    expect(JSON.stringify(errors)).toContain('The GPU is on fire.')
  })
})
