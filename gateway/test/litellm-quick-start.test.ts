import { afterEach, describe, expect, it } from 'vitest'
import { ollamaStream, openAiStream, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** LiteLLM's quick start: the file as its documentation has it, and the curl call that follows it. */
const QUICK_START = `
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
  - model_name: llama3
    litellm_params:
      model: ollama/llama3
      api_base: os.environ/OLLAMA_URL

general_settings:
  master_key: sk-1234
`

const TEXT = 'Hello from upstream.'
const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

describe("LiteLLM's quick start works unchanged", () => {
  it.each(['gpt-4o', 'llama3'])('streams from %s', async (model) => {
    const { gateway, openAi } = await start()
    const response = await chat(gateway, { model, stream: true })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const text = await response.text()
    const words = [...text.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join('')
    expect(words).toBe(TEXT)
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
    if (model === 'gpt-4o') expect(openAi.received[0]?.headers.authorization).toBe('Bearer sk-upstream')
  })

  it('refuses a wrong key with 401, not with a database error', async () => {
    const { gateway } = await start()
    const response = await chat(gateway, { model: 'gpt-4o', stream: false }, 'sk-wrong')
    expect(response.status).toBe(401)
  })
})

async function start(): Promise<{ gateway: TestGateway; openAi: ScriptedUpstream }> {
  const openAi = await startScriptedUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(openAiStream(TEXT))
  })
  const ollama = await startScriptedUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(ollamaStream(TEXT))
  })
  const gateway = await startTestGateway(QUICK_START, {
    OPENAI_API_KEY: 'sk-upstream',
    OPENAI_API_BASE: `${openAi.url}/v1`,
    OLLAMA_URL: ollama.url,
  })
  running.push(gateway, openAi, ollama)
  return { gateway, openAi }
}

function chat(gateway: TestGateway, body: object, key = 'sk-1234'): Promise<Response> {
  return fetch(`${gateway.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'what llm are you' }], ...body }),
  })
}
