import OpenAI from 'openai'
import { afterEach, expect, it } from 'vitest'
import { openAiStream, startScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway } from './test-gateway.ts'

const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

it('a target is free as soon as its answer is whole, although it keeps its body open', async () => {
  const upstream = await startScriptedUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(openAiStream('All of it.'))
  })
  const gateway = await startTestGateway(`
discovery: false
providers:
  runner: { kind: openai_like, base_url: '${upstream.url}/v1', key: k, max_parallel: 1 }
  cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: k }
models: { m: { targets: [runner/x, { use: cloud/y, tier: 2 }] } }
`)
  running.push(gateway, upstream)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })
  const served: (string | null)[] = []
  for (let i = 0; i < 5; i++) {
    const call = client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
    })
    const { data, response } = await call.withResponse()
    for await (const _chunk of data) continue
    served.push(response.headers.get('x-spillway-target'))
  }
  expect(served).toEqual(Array.from({ length: 5 }, () => 'runner/x'))
})
