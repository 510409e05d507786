import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../contract/json.ts'
import { textAt } from '../../kit/json-fields.ts'
import { startTestGateway, type TestGateway } from '../test-gateway.ts'
import { bundledAiLoops } from './ai-loops.ts'
import { type AlternatingDoor, startAlternatingDoor } from './alternating-door.ts'
import { anthropicLoops } from './anthropic-loops.ts'
import { gatewayText } from './gateway-text.ts'
import { langchainLoops } from './langchain-loops.ts'
import { startModelServer, type ModelServer } from './model-server.ts'
import { ollamaLoops } from './ollama-loops.ts'
import { openaiLoops, openaiPreviousLoop } from './openai-loops.ts'
import { TOOL_NAME, type ToolLoop } from './tool-loop.ts'
import { listOf, type Heard, type Said } from './upstream-wire.ts'

/** Real ones are base64 of a few hundred bytes to some kilobytes, with every character that base64 has. */
const signature = (seed: number): string =>
  Buffer.from(Array.from({ length: 96 }, (_, at) => (at * 7 + seed * 31) % 256)).toString('base64')

const THOUGHTS = [0, 1].map((turn) => [
  { text: `Turn ${turn}: which note? "harbour" — it must be read.\n`, signature: signature(turn) },
  { text: '', redacted: signature(turn + 10) },
])
const CALL_SIGNATURES = [signature(20), signature(21)]

/** Thinks and calls, thinks and calls again, and answers. */
const TURNS: readonly Said[] = [
  ...THOUGHTS.map((thoughts, turn): Said => {
    const call = {
      id: `call_${turn}`,
      name: TOOL_NAME,
      input: { name: `n${turn}` },
      signature: CALL_SIGNATURES[turn] ?? '',
    }
    return { thoughts, calls: [call] }
  }),
  { text: 'Done.' },
]

/** What the maker wants back of its two turns, as it stands in the last request. */
const RETURNED: Readonly<Record<string, { readonly sent: (heard: Heard) => unknown; readonly expected: unknown }>> = {
  'on-anthropic': {
    sent: ({ body }) =>
      assistantContent(body).map((blocks) => blocks.filter((block) => textAt(block, 'type')?.endsWith('thinking'))),
    expected: THOUGHTS.map(([seen, hidden]) => [
      { type: 'thinking', thinking: seen?.text, signature: seen?.signature },
      { type: 'redacted_thinking', data: hidden?.redacted },
    ]),
  },
  'on-bedrock': {
    sent: ({ body }) =>
      assistantContent(body).map((blocks) => blocks.flatMap(({ reasoningContent }) => reasoningContent ?? [])),
    expected: THOUGHTS.map(([seen, hidden]) => [
      { reasoningText: { text: seen?.text, signature: seen?.signature } },
      { redactedContent: hidden?.redacted },
    ]),
  },
  'on-gemini': {
    sent: ({ body }) =>
      listOf(body['contents'])
        .flatMap(({ parts }) => listOf(parts))
        .filter(({ functionCall }) => functionCall !== undefined)
        .map(({ thoughtSignature }) => thoughtSignature),
    expected: CALL_SIGNATURES,
  },
}

function assistantContent(body: JsonObject): readonly (readonly JsonObject[])[] {
  return listOf(body['messages'])
    .filter(({ role }) => role === 'assistant')
    .map(({ content }) => listOf(content))
}

const LOOPS: readonly ToolLoop[] = [
  ...openaiLoops,
  openaiPreviousLoop,
  ...anthropicLoops,
  ...ollamaLoops,
  ...bundledAiLoops,
  ...langchainLoops,
]

/** Clients that carry the whole of an answer themselves; the others need a gateway that remembers. */
const CARRIERS: readonly ToolLoop[] = LOOPS.filter(({ client }) => {
  return client === 'openai responses, streamed' || client.startsWith('@anthropic-ai/sdk')
})

describe('signed thoughts come back byte for byte', () => {
  let upstream: ModelServer
  let gateways: readonly TestGateway[]
  let door: AlternatingDoor

  beforeAll(async () => {
    upstream = await startModelServer(() => ({}))
    const text = gatewayText(upstream.url)
    gateways = await Promise.all([startTestGateway(text), startTestGateway(text)])
    door = await startAlternatingDoor(gateways.map(({ url }) => url))
  })
  beforeEach(() => {
    upstream.heard.splice(0)
    upstream.brain = ({ results }) => TURNS[results.length] ?? {}
  })
  afterAll(async () => {
    await door.close()
    await Promise.all(gateways.map((gateway) => gateway.close()))
    await upstream.close()
  })

  const expectReturned = async ({ run }: ToolLoop, url: string, model: string): Promise<void> => {
    const { text, ran } = await run({ url, key: gateways[0]?.key ?? '', model })
    expect(text).toBe('Done.')
    expect(ran).toEqual(['n0', 'n1'])
    const last = upstream.heard.at(-1)
    if (last === undefined) throw new Error('The upstream was asked nothing.')
    expect(RETURNED[model]?.sent(last)).toEqual(RETURNED[model]?.expected)
  }

  describe.each(Object.keys(RETURNED))('%s', (model) => {
    it.each(LOOPS)('through $client', async (loop) => {
      await expectReturned(loop, gateways[0]?.url ?? '', model)
    })

    it.each(CARRIERS)('through $client, which needs no memory of the gateway', async (loop) => {
      await expectReturned(loop, door.url, model)
    })
  })
})
