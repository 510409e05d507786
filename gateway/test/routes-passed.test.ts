import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, replyEvents, replyJson, requestOf } from './scripted-replies.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const FLOATS = [0.5, -1.25, 3]
const USAGE = { prompt_tokens: 3, total_tokens: 3 }

describe('routes whose bytes pass as they are', () => {
  let upstream: ScriptedUpstream
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    upstream = await startScriptedUpstream(replyJson({}))
    gateway = await startTestGateway(`
discovery: false
providers:
  openai: { base_url: '${upstream.url}/v1', key: sk-upstream }
  vllm: { base_url: '${upstream.url}/v1' }
models:
  embedder: openai/text-embedding-3-small
  coder: openai/gpt-3.5-turbo-instruct
  painter: openai/gpt-image-1
  hearer: openai/whisper-1
  speaker: openai/tts-1
  judge: openai/omni-moderation-latest
  ranker: vllm/bge-reranker
`)
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  it('embeddings: base64 for the SDK, floats where asked, token ids and dimensions', async () => {
    const bytes = Buffer.from(Float32Array.from(FLOATS).buffer).toString('base64')
    const reply = (embedding: unknown): object => ({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding }],
      model: 'text-embedding-3-small',
      usage: USAGE,
    })
    upstream.script = replyJson(reply(bytes))
    const decoded = await client.embeddings.create({ model: 'embedder', input: 'a text', dimensions: 3 })
    expect(decoded.data[0]?.embedding).toEqual(FLOATS)
    expect(bodyOf(upstream)).toMatchObject({
      model: 'text-embedding-3-small',
      encoding_format: 'base64',
      dimensions: 3,
    })
    upstream.script = replyJson(reply(FLOATS))
    await client.embeddings.create({ model: 'embedder', input: [[1, 2, 3]], encoding_format: 'float' })
    expect(bodyOf(upstream)).toMatchObject({ input: [[1, 2, 3]], encoding_format: 'float' })
    expect((await gateway.rows()).at(-1)).toMatchObject({ operation: 'embeddings', usage: { input: 3 } })
  })

  it('completions: suffix, echo, logprobs, several prompts, a stream', async () => {
    const choice = { index: 0, text: 'once upon', logprobs: { tokens: ['once'] }, finish_reason: 'length' }
    upstream.script = replyJson({ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm', choices: [choice] })
    const body = { prompt: ['a', 'b'], suffix: 'end', echo: true, logprobs: 2, best_of: 2, max_tokens: 5 }
    const reply = await client.completions.create({ model: 'coder', ...body })
    expect(reply.choices[0]).toMatchObject(choice)
    expect(bodyOf(upstream)).toEqual({ model: 'gpt-3.5-turbo-instruct', ...body })
    const event = (text: string, finish: string | null): object => ({
      id: 'cmpl-1',
      object: 'text_completion',
      choices: [{ index: 0, text, finish_reason: finish }],
    })
    upstream.script = replyEvents([event('once ', null), event('upon', 'stop')])
    let text = ''
    const stream = await client.completions.create({ model: 'coder', prompt: 'go', stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ''
    expect(text).toBe('once upon')
  })

  it('images', async () => {
    upstream.script = replyJson({ created: 1, data: [{ b64_json: 'AAAA' }] })
    const drawn = await client.images.generate({ model: 'painter', prompt: 'a cat', size: '1024x1024', n: 1 })
    expect(drawn.data?.[0]?.b64_json).toBe('AAAA')
    expect(requestOf(upstream).path).toBe('/v1/images/generations')
    expect(bodyOf(upstream)).toEqual({ model: 'gpt-image-1', prompt: 'a cat', size: '1024x1024', n: 1 })
    const edited = await client.images.edit({
      model: 'painter',
      prompt: 'a hat',
      image: new File(['PNG'], 'a.png', { type: 'image/png' }),
    })
    expect(edited.data?.[0]?.b64_json).toBe('AAAA')
    expect(requestOf(upstream).text).toMatch(/name="model"\r\n\r\ngpt-image-1\r\n/)
    expect(requestOf(upstream).text).toContain('filename="a.png"')
  })

  it('audio: a form whose model is replaced, and bytes that come back whole', async () => {
    upstream.script = replyJson({ text: 'hello' })
    const file = new File([new Uint8Array([0, 255, 13, 10, 45, 45, 13, 10])], 'a.wav', { type: 'audio/wav' })
    const heard = await client.audio.transcriptions.create({
      model: 'hearer',
      file,
      language: 'en',
      response_format: 'json',
    })
    expect(heard.text).toBe('hello')
    const { text, headers, path } = requestOf(upstream)
    expect(path).toBe('/v1/audio/transcriptions')
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(Number(headers['content-length'])).toBeGreaterThan(100)
    expect(text).toMatch(/name="model"\r\n\r\nwhisper-1\r\n/)
    expect(text).toMatch(/name="language"\r\n\r\nen\r\n/)
    const sound = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
    upstream.script = (_request, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      response.write(sound.subarray(0, 1_000))
      response.end(sound.subarray(1_000))
    }
    const spoken = await client.audio.speech.create({ model: 'speaker', voice: 'alloy', input: 'hello' })
    expect(spoken.headers.get('content-type')).toBe('audio/mpeg')
    expect(Buffer.from(await spoken.arrayBuffer()).equals(sound)).toBe(true)
    expect(bodyOf(upstream)).toEqual({ model: 'tts-1', voice: 'alloy', input: 'hello' })
  })

  it('moderations, with and without a model', async () => {
    upstream.script = replyJson({ id: 'modr-1', model: 'omni', results: [{ flagged: true }] })
    const judged = await client.moderations.create({ model: 'judge', input: 'text' })
    expect(judged.results[0]?.flagged).toBe(true)
    expect(bodyOf(upstream)).toEqual({ model: 'omni-moderation-latest', input: 'text' })
    await client.moderations.create({ input: 'text' })
    expect(bodyOf(upstream).model).toBe('omni-moderation-latest')
  })

  it.each(['/v1/rerank', '/rerank', '/v2/rerank'])('rerank at %s', async (path) => {
    upstream.script = replyJson({ results: [{ index: 1, relevance_score: 0.9 }] })
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
      body: JSON.stringify({ model: 'ranker', query: 'q', documents: ['a', 'b'], top_n: 1 }),
    })
    expect(await response.json()).toEqual({ results: [{ index: 1, relevance_score: 0.9 }] })
    expect(bodyOf(upstream)).toEqual({ model: 'bge-reranker', query: 'q', documents: ['a', 'b'], top_n: 1 })
  })

  it('an error of the upstream keeps its sentence, and a provider without the route is named', async () => {
    upstream.script = replyJson(
      { error: { message: 'Your prompt is blocked.', type: 'x', param: null, code: 'moderation_blocked' } },
      { status: 400 },
    )
    await expect(client.images.generate({ model: 'painter', prompt: 'x' })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('blocked'),
    })
    await expect(client.images.generate({ model: 'ranker', prompt: 'x' })).rejects.toThrow(/vLLM.*images\/generations/)
    await expect(client.images.generate({ model: 'nobody', prompt: 'x' })).rejects.toMatchObject({ status: 404 })
  })

  it('keys for the gateway do not reach the upstream', async () => {
    upstream.script = replyJson({ created: 1, data: [] })
    const forGateway = { fallbacks: ['judge'], api_base: 'http://evil', num_retries: 1 }
    await client.images.generate({ model: 'painter', prompt: 'a cat', ...forGateway })
    expect(bodyOf(upstream)).toEqual({ model: 'gpt-image-1', prompt: 'a cat' })
  })
})
