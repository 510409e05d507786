import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveExchanges, loadExchanges, type Exchange } from './exchanges.ts'
import { meaningOf, type Meaning } from './oracle.ts'
import { startReplayUpstream, type ReplayUpstream } from './replay-upstream.ts'
import { aiSdk, langChain, openAiSdk, type ChatClient, type ClientMeaning } from './sdk-meaning.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/**
 * Real client libraries against the whole gateway, with recorded providers behind it. What the client sees must be
 * what the recording says, on both lanes, whatever the pieces in which the bytes arrive.
 */
const CLIENTS: Readonly<Record<string, ChatClient>> = { openai: openAiSdk, ai: aiSdk, langchain: langChain }

/** Recorded provider -> our provider. */
const OPENAI_WIRE: Readonly<Record<string, string>> = {
  cerebras: 'cerebras',
  deepseek: 'deepseek',
  gpustack: 'openai_like',
  groq: 'groq',
  huggingface: 'huggingface',
  llamacpp: 'llamacpp',
  lmstudio: 'lmstudio',
  mistral: 'mistral',
  openai: 'openai',
  openrouter: 'openrouter',
  perplexity: 'perplexity',
  together: 'together',
  vllm: 'vllm',
  zai: 'zai',
}

/** Recordings that end in `[DONE]` without ever giving a finish reason. */
const UNFINISHED: ReadonlySet<string> = new Set(['openrouter/chat-stream-ptools-01'])

interface Case {
  readonly exchange: Exchange
  readonly kind: string
  readonly lane: 'auto' | 'translated'
}

const chats = loadExchanges(Object.keys(OPENAI_WIRE), ['chat'])
const ollamaChats = loadExchanges(['ollama'], ['native-chat'])
const cases: readonly Case[] = [
  ...chats.flatMap((exchange) =>
    (['auto', 'translated'] as const).map((lane) => ({ exchange, kind: OPENAI_WIRE[exchange.provider] ?? '', lane })),
  ),
  ...ollamaChats.map((exchange) => ({ exchange, kind: 'ollama', lane: 'auto' as const })),
]

describe.skipIf(!haveExchanges)('client libraries see what the recording says', () => {
  let upstream: ReplayUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await startReplayUpstream()
    gateway = await startTestGateway(configText(upstream.url))
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  for (const [name, client] of Object.entries(CLIENTS)) {
    it.each(cases)(`${name}: $exchange.provider/$exchange.name on $lane`, async ({ exchange, kind, lane }) => {
      upstream.play(exchange)
      const call = {
        baseUrl: gateway.url,
        key: gateway.key,
        model: `${kind}-${lane}`,
        stream: exchange.stream,
      }
      const expected = meaningOf(exchange)
      // What only OpenAI's own SDK knows how to read is shown to the others, but has no place in their model.
      if (expected.peculiar && name !== 'openai') return
      // This library calls an answer without a finish reason an error, whoever sent it.
      if (name === 'ai' && lane === 'auto' && UNFINISHED.has(`${exchange.provider}/${exchange.name}`)) {
        await expect(client(call)).rejects.toThrow(/finish reason/)
        return
      }
      if (exchange.status >= 400 || expected.error !== undefined) await expectRaises(client(call), expected)
      else expectSame(await client(call), expected)
    })
  }

  it('leaves one row for every request that was let in', async () => {
    const rows = await gateway.rows()
    const peculiar = cases.filter(({ exchange }) => meaningOf(exchange).peculiar).length
    expect(rows.length).toBe(cases.length * Object.keys(CLIENTS).length - peculiar * 2)
  })
})

/** Each provider twice: as it is, and with the translated lane forced; nothing retries, so that errors are seen at once. */
function configText(url: string): string {
  const kinds = [...new Set([...Object.values(OPENAI_WIRE), 'ollama'])]
  const endpoint = (kind: string, lane: string): string =>
    `  ${kind}-${lane}: { kind: ${kind}, base_url: '${url}', key: test-key, lane: ${lane} }`
  return [
    'routing: { retries: 0, cooldown: { disabled: true } }',
    'discovery: false',
    'providers:',
    ...kinds.flatMap((kind) => [endpoint(kind, 'auto'), endpoint(kind, 'translated')]),
    'models:',
    ...kinds.flatMap((kind) => ['auto', 'translated'].map((lane) => `  ${kind}-${lane}: ${kind}-${lane}/any-model`)),
  ].join('\n')
}

function expectSame(seen: ClientMeaning, expected: Meaning): void {
  expect(seen.text).toBe(expected.text)
  if (!expected.peculiar) expect(seen.tools).toEqual(expected.tools)
  if (expected.finish !== undefined) expect(seen.finish).toBe(expected.finish)
  if (expected.inputTokens !== undefined) expect(seen.inputTokens).toBe(expected.inputTokens)
  if (expected.outputTokens !== undefined) expect(seen.outputTokens).toBe(expected.outputTokens)
}

async function expectRaises(outcome: Promise<ClientMeaning>, expected: Meaning): Promise<void> {
  const error: unknown = await outcome.then(
    (seen) => new Error(`the client took it for success: ${JSON.stringify(seen)}`),
    (raised: unknown) => raised,
  )
  expect(String(error)).not.toContain('the client took it for success')
  const sentence = (expected.error ?? '').slice(0, 60)
  if (sentence !== '') expect(describeError(error)).toContain(sentence)
}

/** Libraries wrap errors; the upstream's sentence must survive somewhere a developer would see it. */
function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message = '', responseBody = '', data = '' } = error as Record<string, unknown> // only read for its text
  return `${String(message)} ${String(responseBody)} ${JSON.stringify(data)} ${JSON.stringify(error)}`
}
