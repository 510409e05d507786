import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isJsonObject } from '../contract/json.ts'
import { parseObject, stringOf } from '../kit/json-fields.ts'
import { openAiJson, openAiStream, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

let upstream: ScriptedUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = await startScriptedUpstream((request, response) => {
    const isStream = request.text.includes('"stream":true')
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
    response.end(isStream ? openAiStream('Hello there') : openAiJson('Hello there'))
  })
  gateway = await startTestGateway(`
discovery: false
providers:
  lmstudio: { base_url: '${upstream.url}/v1' }
models:
  local: { targets: [{ use: lmstudio/m, lane: translated }] }
`)
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

async function respond(body: object): Promise<string> {
  const response = await fetch(`${gateway.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'local', ...body }),
  })
  expect(response.status).toBe(200)
  return response.text()
}

describe('a response that goes on from a stored one', () => {
  it('says so, as a whole and in every event that carries it', async () => {
    const first = parseObject(await respond({ input: 'Hi, I am Ada.' }))
    expect(first).toMatchObject({ previous_response_id: null })
    const previous = stringOf(first?.['id'])
    const next = { input: 'Who am I?', previous_response_id: previous }
    expect(parseObject(await respond(next))).toMatchObject({ previous_response_id: previous })
    expect(upstream.received.at(-1)?.text).toContain('I am Ada')
    const events = (await respond({ ...next, stream: true })).split('\n').flatMap((line) => {
      const { response } = (line.startsWith('data: ') ? parseObject(line.slice(6)) : undefined) ?? {}
      return isJsonObject(response) ? [response] : []
    })
    expect(events.map((response) => response['previous_response_id'])).toEqual([previous, previous, previous])
  })
})
