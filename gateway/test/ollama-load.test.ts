import { Ollama } from 'ollama'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

let gateway: TestGateway
let client: Ollama

beforeAll(async () => {
  gateway = await startTestGateway(`
discovery: false
providers:
  ollama: { base_url: 'http://127.0.0.1:9' }
models:
  local: ollama/llama3
`)
  client = new Ollama({ host: gateway.url, headers: { authorization: `Bearer ${gateway.key}` } })
})

afterAll(() => gateway.close())

describe('what Ollama’s own client asks beside answers', () => {
  it('a model that is to be loaded: done at once, with a row', async () => {
    expect(await client.chat({ model: 'local' })).toMatchObject({ done: true, done_reason: 'load' })
    expect(await gateway.rows()).toMatchObject([
      { operation: 'api/chat', model: 'local', outcome: 'ok', status: 200, reason: 'loaded', attempts: [] },
    ])
  })

  it('a model that is to be deleted: told why not, though the client sends a body', async () => {
    await expect(client.delete({ model: 'local' })).rejects.toThrow(/Models are not deleted here/)
  })
})
