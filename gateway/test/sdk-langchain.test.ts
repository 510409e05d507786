import { AIMessageChunk, HumanMessage, type BaseMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
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
} from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const OPENAI_CALLS = ['Tokyo', 'Paris'].map((city, index) => ({
  id: `call_${index}`,
  type: 'function',
  function: { name: 'weather', arguments: JSON.stringify({ city }) },
}))
const OLLAMA_CALLS = ['Tokyo', 'Paris'].map((city) => ({ function: { name: 'weather', arguments: { city } } }))

describe('LangChain.js', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway

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
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  const chat = (model: string): ChatOpenAI =>
    new ChatOpenAI({ model, apiKey: gateway.key, maxRetries: 0, configuration: { baseURL: `${gateway.url}/v1` } })
  const weather = tool(({ city }: { city: string }) => `${city}: sunny`, {
    name: 'weather',
    description: 'The weather of a city',
    schema: z.object({ city: z.string() }),
  })

  it.each(['cloud', 'local'])('%s: loops through tools until there is an answer', async (model) => {
    upstream.script =
      model === 'cloud'
        ? inTurn(
            replyJson(chatReply({ content: '', tool_calls: OPENAI_CALLS }, { finish_reason: 'tool_calls' })),
            replyJson(chatReply({ content: 'Sunny in both.' })),
          )
        : inTurn(
            replyJson(ollamaLine({ content: '', tool_calls: OLLAMA_CALLS }, OLLAMA_DONE)),
            replyJson(ollamaLine({ content: 'Sunny in both.' }, OLLAMA_DONE)),
          )
    const withTools = chat(model).bindTools([weather])
    const messages: BaseMessage[] = [new HumanMessage('Weather in Tokyo and Paris?')]
    let answer = await withTools.invoke(messages)
    for (let turn = 0; (answer.tool_calls?.length ?? 0) > 0 && turn < 5; turn++) {
      messages.push(answer)
      for (const call of answer.tool_calls ?? []) messages.push(await weather.invoke(call))
      answer = await withTools.invoke(messages)
    }
    expect(answer.text).toBe('Sunny in both.')
    const sent = bodyOf(upstream).messages
    const results = ['Tokyo: sunny', 'Paris: sunny'].map((content) => ({ role: 'tool', content }))
    expect(sent).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: model === 'cloud' ? OPENAI_CALLS : OLLAMA_CALLS },
      ...results,
    ])
  })

  it.each(['jsonSchema', 'functionCalling', 'jsonMode'] as const)('withStructuredOutput by %s', async (method) => {
    const call = [{ id: 'call_1', type: 'function', function: { name: 'extract', arguments: '{"city":"Paris"}' } }]
    for (const model of ['cloud', 'local']) {
      if (model === 'cloud') {
        upstream.script = replyJson(
          chatReply(
            method === 'functionCalling' ? { content: null, tool_calls: call } : { content: '{"city":"Paris"}' },
          ),
        )
      } else {
        const calls = [{ function: { name: 'extract', arguments: { city: 'Paris' } } }]
        upstream.script = replyJson(
          ollamaLine(
            method === 'functionCalling' ? { content: '', tool_calls: calls } : { content: '{"city":"Paris"}' },
            OLLAMA_DONE,
          ),
        )
      }
      const structured = chat(model).withStructuredOutput(z.object({ city: z.string() }), { method, name: 'extract' })
      expect(await structured.invoke('Which city? Answer in JSON.')).toEqual({ city: 'Paris' })
    }
  })

  it.each(['cloud', 'local'])('%s: streams', async (model) => {
    upstream.script =
      model === 'cloud'
        ? replyEvents([chatChunk({ content: 'Hello ' }), chatChunk({ content: 'you.' }), chatChunk({}, 'stop')])
        : replyLines([
            ollamaLine({ content: 'Hello ' }),
            ollamaLine({ content: 'you.' }),
            ollamaLine({ content: '' }, OLLAMA_DONE),
          ])
    let whole = new AIMessageChunk('')
    for await (const chunk of await chat(model).stream('Hi')) whole = whole.concat(chunk)
    expect(whole.text).toBe('Hello you.')
  })

  it('streams tool calls into whole ones', async () => {
    upstream.script = replyEvents([
      chatChunk({
        role: 'assistant',
        tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { name: 'weather', arguments: '' } }],
      }),
      chatChunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
      chatChunk({ tool_calls: [{ index: 0, function: { arguments: '"Tokyo"}' } }] }),
      chatChunk({}, 'tool_calls'),
    ])
    let whole = new AIMessageChunk('')
    for await (const chunk of await chat('cloud').bindTools([weather]).stream('Hi')) whole = whole.concat(chunk)
    expect(whole.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Tokyo' }, id: 'call_0' }])
  })

  it.each(['cloud', 'local'])('%s: embeds documents and a query', async (model) => {
    const vectors = [
      [0.5, 1],
      [2, -1],
    ]
    // LangChain asks for base64 unless told otherwise, and some servers answer with floats all the same.
    upstream.script = (request, response) => {
      const { input } = JSON.parse(request.text) as { input: string | string[] }
      const given = vectors.slice(0, Array.isArray(input) ? input.length : 1)
      const data = given.map((embedding, index) => ({ object: 'embedding', index, embedding }))
      const body =
        model === 'cloud'
          ? { object: 'list', data, model: 'm', usage: { prompt_tokens: 2, total_tokens: 2 } }
          : { model: 'llama3', embeddings: given, prompt_eval_count: 2 }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const embeddings = new OpenAIEmbeddings({
      model,
      apiKey: gateway.key,
      maxRetries: 0,
      encodingFormat: 'float',
      configuration: { baseURL: `${gateway.url}/v1` },
    })
    expect(await embeddings.embedDocuments(['a', 'b'])).toEqual(vectors)
    expect(await embeddings.embedQuery('a')).toEqual(vectors[0])
  })
})
