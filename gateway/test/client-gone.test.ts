import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { startScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway } from './test-gateway.ts'

const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

describe('a client that leaves', () => {
  it.each([
    { stream: true, answered: true, lane: 'auto' },
    { stream: true, answered: true, lane: 'translated' },
    { stream: true, answered: false, lane: 'auto' },
    { stream: false, answered: false, lane: 'auto' },
    { stream: false, answered: false, lane: 'translated' },
  ])('closes the upstream: stream $stream, answer begun $answered, $lane lane', async ({ stream, answered, lane }) => {
    const arrived = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const upstream = await startScriptedUpstream((_request, response) => {
      response.on('close', closed.resolve)
      if (answered) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: {"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n')
      }
      arrived.resolve()
    })
    const gateway = await startTestGateway(`
discovery: false
providers: { cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key, lane: ${lane} } }
models: { m: cloud/m }
`)
    running.push(gateway, upstream)
    const client = request(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
    })
    client.on('error', () => undefined)
    client.end(JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'hi' }] }))
    await arrived.promise
    if (answered) await new Promise((resolve) => client.on('response', (response) => response.once('data', resolve)))
    client.destroy()
    await closed.promise
    const rows = await gateway.rows()
    expect(rows.map((row) => [row.outcome, row.status])).toEqual([['cancelled', 499]])
  })
})
