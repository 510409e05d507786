import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAiJson, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** Whose limits a client reads: those of its own key where it has some, else what the upstream says. */
describe('x-ratelimit headers', () => {
  let upstream: ScriptedUpstream
  let limited: TestGateway
  let free: TestGateway

  beforeAll(async () => {
    upstream = await startScriptedUpstream((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-ratelimit-limit-requests': '9999' })
        .end(openAiJson('hi'))
    })
    const config = `discovery: false\nproviders: { p: { kind: openai_like, base_url: '${upstream.url}/v1', key: k } }\nmodels: { m: p/m }\n`
    limited = await startTestGateway(`${config}apps: { env: { rpm: 10 } }\n`)
    free = await startTestGateway(config)
  })
  afterAll(async () => {
    await limited.close()
    await free.close()
    await upstream.close()
  })

  it('are those of the key, once, where it has limits', async () => {
    const headers = await ask(limited)
    expect(headers.get('x-ratelimit-limit-requests')).toBe('10')
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('9')
  })

  it("are the upstream's where the key has none", async () => {
    expect((await ask(free)).get('x-ratelimit-limit-requests')).toBe('9999')
  })
})

async function ask(gateway: TestGateway): Promise<Headers> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.text()
  return response.headers
}
