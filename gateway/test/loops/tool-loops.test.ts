import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../test-gateway.ts'
import { bundledAiLoops } from './ai-loops.ts'
import { anthropicLoops } from './anthropic-loops.ts'
import { AWS_KEY_ID, gatewayText, UPSTREAM_MODELS } from './gateway-text.ts'
import { langchainLoops } from './langchain-loops.ts'
import { callsOnce, startModelServer, type ModelServer } from './model-server.ts'
import { ollamaLoops, typedOllamaLoop } from './ollama-loops.ts'
import { KEPT_BY_UPSTREAM, openaiLoops, openaiPreviousLoop } from './openai-loops.ts'
import { NOTE, NOTE_TEXT, TOOL_NAME, type ToolLoop } from './tool-loop.ts'
import { SAID_TOKENS } from './upstream-wire.ts'

const LOOPS: readonly ToolLoop[] = [
  ...openaiLoops,
  openaiPreviousLoop,
  ...anthropicLoops,
  ...ollamaLoops,
  typedOllamaLoop,
  ...bundledAiLoops,
  ...langchainLoops,
]

describe('tool loops of official clients', () => {
  let upstream: ModelServer
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startModelServer(callsOnce(TOOL_NAME, NOTE))
    gateway = await startTestGateway(gatewayText(upstream.url))
  })
  beforeEach(() => void upstream.heard.splice(0))
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  describe.each(UPSTREAM_MODELS)('%s', (model) => {
    const loops = LOOPS.filter((loop) => loop !== openaiPreviousLoop || !KEPT_BY_UPSTREAM.has(model))

    it.each(loops)('$client', async ({ run }) => {
      const { text, ran } = await run({ url: gateway.url, key: gateway.key, model })
      expect(ran).toEqual([NOTE.name])
      expect(text).toBe(`Done: ${NOTE_TEXT}`)
      expect(upstream.heard.map(({ tools }) => tools)).toEqual([[TOOL_NAME], [TOOL_NAME]])
      expect(upstream.heard.map(({ results }) => results)).toEqual([[], [NOTE_TEXT]])
    })
  })

  it("asks Azure's deployment, with the key in Azure's header, for a client that knows Ollama alone", async () => {
    for (const { run } of ollamaLoops) await run({ url: gateway.url, key: gateway.key, model: 'on-azure' })
    expect(upstream.heard.length).toBe(2 * ollamaLoops.length)
    for (const { path, headers } of upstream.heard) {
      expect(path).toMatch(/^\/openai\/deployments\/our-gpt-4o\/chat\/completions\?api-version=/)
      expect(headers['api-key']).toBe('azure-upstream')
      expect(headers.authorization).toBeUndefined()
    }
  })

  it('signs what it sends to Bedrock', async () => {
    const [loop] = openaiLoops
    await loop?.run({ url: gateway.url, key: gateway.key, model: 'on-bedrock' })
    for (const { headers } of upstream.heard) {
      expect(headers.authorization).toMatch(
        new RegExp(
          `^AWS4-HMAC-SHA256 Credential=${AWS_KEY_ID}/\\d{8}/eu-central-1/bedrock/aws4_request, SignedHeaders=`,
        ),
      )
    }
    expect(upstream.heard.length).toBe(2)
  })

  it.each([
    ['on-anthropic', 'verbatim'],
    ['on-bedrock', 'translated'],
  ])('leaves one row a request, and the tokens that %s reported', async (model, lane) => {
    const before = (await gateway.rows()).length
    const loops = [...openaiLoops, ...anthropicLoops, ...ollamaLoops]
    for (const { run } of loops) await run({ url: gateway.url, key: gateway.key, model })
    const rows = (await gateway.rows()).slice(before)
    const answered = rows.filter(({ outcome }) => outcome === 'ok')
    expect(answered.length).toBe(upstream.heard.length)
    expect(answered.map(({ usage }) => usage)).toMatchObject(answered.map(() => SAID_TOKENS))
    const own = answered.filter(({ client }) => client.toLowerCase().includes('anthropic'))
    expect([...new Set(own.map((row) => row.lane))]).toEqual([lane])
    // The SDK asks for a conversation that is kept upstream, and does without one when it is refused.
    expect(rows.filter(({ outcome }) => outcome !== 'ok').map(({ failureMessage }) => failureMessage)).toEqual([
      expect.stringMatching(/thread/),
    ])
  })
})
