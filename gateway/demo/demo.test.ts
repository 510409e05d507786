import { Buffer } from 'node:buffer'
import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../contract/clock.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { type Demo, startDemo } from './demo.ts'
import { playSamples } from './play-samples.ts'

/** Sleeps last one turn of the event loop, but are counted: what a scripted pace would have taken. */
function createHastyClock(): Clock & { sleptMs: number } {
  const clock = createFakeClock()
  return {
    ...clock,
    sleptMs: 0,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    async sleep(ms, signal) {
      this.sleptMs += ms
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
    },
  }
}

let demo: Demo
let clock: ReturnType<typeof createHastyClock>
beforeEach(async () => {
  clock = createHastyClock()
  demo = await startDemo({ clock, out: () => undefined })
})
afterEach(() => demo.stop())

const question = { messages: [{ role: 'user', content: 'why?' }] }
const post = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

describe('scripted runner', () => {
  const chat = (body: object): Promise<Response> =>
    post(`${demo.ollamaUrl}/api/chat`, { model: 'demo-llama:8b', ...question, ...body })

  it('lists its model', async () => {
    const reply = await fetch(`${demo.ollamaUrl}/api/tags`)
    expect(await reply.json()).toMatchObject({ models: [{ name: 'demo-llama:8b' }] })
  })

  it('streams lines whose last one has the counts', async () => {
    const reply = await chat({})
    expect(reply.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = (await reply.text())
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.at(-1)).toMatchObject({ done: true, done_reason: 'stop', eval_count: lines.length - 1 })
    expect(JSON.stringify(lines)).toContain('machine')
  })

  it('answers whole when no stream is wanted', async () => {
    const reply = await chat({ stream: false })
    expect(await reply.json()).toMatchObject({ done: true, message: { content: expect.stringContaining('why?') } })
  })

  it('says like Ollama that it has no such model', async () => {
    const reply = await chat({ model: 'other' })
    expect([reply.status, await reply.json()]).toEqual([404, { error: "model 'other' not found" }])
  })

  it('goes on with the next one when a client leaves', async () => {
    const leaving = new AbortController()
    const left = fetch(`${demo.ollamaUrl}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({ model: 'demo-llama:8b', ...question }),
      signal: leaving.signal,
    })
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    expect((await chat({ stream: false })).status).toBe(200)
  })
})

describe('scripted cloud', () => {
  const chat = (body: object): Promise<Response> =>
    post(`${demo.cloudUrl}/v1/chat/completions`, { model: 'demo-cloud-large', ...question, ...body })

  it('streams as OpenAI does, with usage where it is asked for', async () => {
    const text = await (await chat({ stream: true, stream_options: { include_usage: true } })).text()
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(text).toContain('"finish_reason":"stop"')
    expect(text).toContain('"total_tokens"')
    expect(await (await chat({ stream: true })).text()).not.toContain('"usage"')
  })

  it('answers whole', async () => {
    expect(await (await chat({})).json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: expect.stringContaining('the cloud') }, finish_reason: 'stop' }],
    })
  })

  it('is faster per word than the runner, as the tour says', async () => {
    await (await chat({})).text()
    const cloudMs = clock.sleptMs
    clock.sleptMs = 0
    await (await post(`${demo.ollamaUrl}/api/chat`, { model: 'demo-llama:8b', ...question, stream: false })).text()
    expect(clock.sleptMs).toBeGreaterThan(cloudMs)
  })
})

describe('samples', () => {
  it('says of every answer who gave it, and goes on after one that failed', async () => {
    const asked: string[] = []
    const gateway = createServer((request, response) => {
      request.resume()
      asked.push(String(request.headers.authorization))
      if (asked.length === 1) return void response.destroy()
      response.writeHead(200, {
        'x-spillway-target': 'laptop/x',
        'x-spillway-locality': 'device',
        'x-spillway-reason': 'tier-1',
      })
      return void response.end(Buffer.from('hello'))
    })
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
    const address = gateway.address()
    const port = typeof address === 'object' ? address?.port : 0
    const lines: string[] = []
    const signal = new AbortController().signal
    const options = {
      url: `http://127.0.0.1:${port}`,
      key: 'k',
      clock,
      signal,
      out: (line: string) => void lines.push(line),
    }
    await playSamples(demo.samples, options)
    gateway.close()
    expect(asked).toEqual(['k', 'k', 'k', 'k', 'k'].map((key) => `Bearer ${key}`))
    expect(lines.filter((line) => line.includes('failed'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('5 bytes, from laptop/x (device), because: tier-1'))).toHaveLength(4)
  })
})
