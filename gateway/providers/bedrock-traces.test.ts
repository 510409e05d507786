import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  type ContentBlock,
  type ConverseResponse,
  type ConverseStreamOutput,
  type ReasoningContentBlock,
} from '@aws-sdk/client-bedrock-runtime'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { EXCHANGES_DIR, haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { bedrock } from './bedrock.ts'
import { NOTHING, ofNative, parseBody, type Meaning } from './test/bedrock-oracle.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply } from './test/read-reply.ts'

/**
 * Recorded exchanges with Bedrock, read by us and by AWS's own client, which is handed the recorded bytes in place of a
 * connection. What the client cannot tell (it gives the bodies of `invoke` as they are) is read naively here.
 */
const APIS = ['converse', 'converse-stream', 'invoke', 'invoke-with-response-stream', 'count-tokens']
const all = loadExchanges(['bedrock'], APIS)
const answers = all.filter((exchange) => exchange.status < 400 && !isEmbedding(exchange))
const errors = all.filter((exchange) => exchange.status >= 400)
const embeddings = all.filter((exchange) => exchange.status < 400 && isEmbedding(exchange))

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded exchanges with Bedrock${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(answers.length).toBeGreaterThan(15)
    expect(errors.length).toBeGreaterThan(3)
  })

  it.each(answers)('$name means what the SDK says', async (exchange) => {
    const expected = await sdkMeaning(exchange)
    for (const size of [1, 37, exchange.reply.length]) {
      const events = readReply(readerFor(exchange), exchange.reply, size)
      expect(grammarBreach(events)).toBeUndefined()
      expect(meaningOf(events, expected)).toEqual(expected)
    }
  })

  it.each(answers.filter((exchange) => exchange.stream))('$name never ends well when it is cut', (exchange) => {
    const whole = answerOf(readReply(readerFor(exchange), exchange.reply, exchange.reply.length))
    for (let length = 0; length < exchange.reply.length; length += 1) {
      const events = readReply(readerFor(exchange), exchange.reply.subarray(0, length), length + 1)
      const answer = answerOf(events)
      if (answer.finish === undefined) expect(answer.failure).toBeDefined()
      else expect(answer).toMatchObject({ text: whole.text, tools: whole.tools })
    }
  })

  it.each(answers.filter((exchange) => exchange.stream))('$name fails where a byte is another', (exchange) => {
    for (let at = 0; at < exchange.reply.length; at += 11) {
      const damaged = Buffer.from(exchange.reply)
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
      const events = readReply(readerFor(exchange), damaged, damaged.length)
      expect(events.at(-1)?.type).toBe('failure')
    }
  })

  it.each(errors)('$name is the SDK’s error', async (exchange) => {
    const { name, message } = await sdkError(exchange)
    const failure = bedrock.failure(
      { status: exchange.status, headers: headersOf(exchange) },
      exchange.reply.toString(),
    )
    expect(failure.message).toContain(message)
    expect(failure.status).toBe(exchange.status)
    if (headersOf(exchange)['x-amzn-errortype'] !== undefined) expect(failure.type).toBe(name)
    expect(KINDS[exchange.status]).toContain(failure.kind)
  })

  it.each(embeddings)('$name', (exchange) => {
    const reply = bedrock.embeddings?.reply(exchange.reply.toString())
    if (reply === undefined || isFailure(reply)) throw new Error('no embeddings')
    const json = JSON.parse(exchange.reply.toString())
    expect(reply.vectors).toEqual(json.embedding === undefined ? json.embeddings : [json.embedding])
    expect(reply.inputTokens).toBe(json.inputTextTokenCount)
  })
})

const KINDS: Readonly<Record<number, readonly string[]>> = {
  400: ['bad-request', 'model-missing', 'context-length', 'unsupported'],
  403: ['unauthorized-upstream'],
  404: ['model-missing'],
  424: ['server-error'],
  429: ['rate-limited', 'overloaded'],
}

function isEmbedding({ reply }: Exchange): boolean {
  return /^\{\s*"embeddings?"/.test(reply.subarray(0, 100).toString())
}

function headersOf({ provider, name }: Exchange): Record<string, string> {
  return JSON.parse(readFileSync(join(EXCHANGES_DIR, provider, name, 'response.meta.json'), 'utf8')).headers
}

function readerFor(exchange: Exchange): ReturnType<NonNullable<(typeof bedrock)['chat']>['reader']> {
  if (bedrock.chat === undefined) throw new Error('no chat')
  return bedrock.chat.reader({ status: exchange.status, headers: headersOf(exchange) })
}

/** What we read, in the oracle's terms; what the recording does not say is not compared. */
function meaningOf(events: readonly StreamEvent[], expected: Meaning): Meaning {
  const { text, reasoning, tools, usage, failure } = answerOf(events)
  const thoughts = events.filter((event) => event.type === 'reasoning-delta')
  const end = events.find((event) => event.type === 'end')
  return {
    text,
    reasoning,
    signatures: thoughts.flatMap((event) => event.signature ?? []),
    redacted: thoughts.flatMap((event) => event.redacted ?? []),
    citations: events.flatMap((event) => (event.type === 'text-delta' ? (event.citations ?? []) : [])).length,
    tools: tools.map((call, index) => ({
      id: expected.tools[index]?.id === undefined ? undefined : call.id,
      name: call.name,
      arguments: JSON.parse(call.argumentsJson),
    })),
    stop: expected.stop === undefined ? undefined : end?.rawReason,
    usage: expected.usage && usage && { input: usage.input, output: usage.output },
    error: failure?.message,
  }
}

/** A client whose connection is the recording. */
function clientOf(exchange: Exchange): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({
        response: { statusCode: exchange.status, headers: headersOf(exchange), body: Readable.from([exchange.reply]) },
      }),
    },
  })
}

const model = { modelId: 'm', messages: [] }

async function sdkMeaning(exchange: Exchange): Promise<Meaning> {
  const client = clientOf(exchange)
  if (exchange.api === 'converse') return ofConverse(await client.send(new ConverseCommand(model)))
  if (exchange.api === 'converse-stream') {
    return ofStream((await client.send(new ConverseStreamCommand(model))).stream ?? none())
  }
  const invoked = { modelId: 'm', body: '{}' }
  if (exchange.api === 'invoke') {
    const { body } = await client.send(new InvokeModelCommand(invoked))
    return ofNative([parseBody(Buffer.from(body).toString())], headersOf(exchange))
  }
  const { body } = await client.send(new InvokeModelWithResponseStreamCommand(invoked))
  const chunks: JsonObject[] = []
  for await (const { chunk } of body ?? none()) chunks.push(parseBody(Buffer.from(chunk?.bytes ?? []).toString()))
  return ofNative(chunks, {})
}

async function* none(): AsyncGenerator<never> {}

async function sdkError(exchange: Exchange): Promise<{ name: string; message: string }> {
  const client = clientOf(exchange)
  const input = { converse: { messages: [], system: [] } }
  const sent = {
    converse: () => client.send(new ConverseCommand(model)),
    'converse-stream': () => client.send(new ConverseStreamCommand(model)),
    'count-tokens': () => client.send(new CountTokensCommand({ modelId: 'm', input })),
    invoke: () => client.send(new InvokeModelCommand({ modelId: 'm', body: '{}' })),
  }[exchange.api]
  const error: unknown = await sent?.().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('the SDK raised nothing')
  return { name: error.name, message: error.message }
}

function ofConverse({ output, stopReason, usage }: ConverseResponse): Meaning {
  const content: readonly ContentBlock[] = output?.message?.content ?? []
  const thoughts: readonly ReasoningContentBlock[] = content.flatMap((block) => block.reasoningContent ?? [])
  return {
    ...NOTHING,
    text: content.map(textOfBlock).join(''),
    reasoning: thoughts.map((thought) => thought.reasoningText?.text ?? '').join(''),
    signatures: thoughts.flatMap((thought) => thought.reasoningText?.signature ?? []),
    redacted: thoughts.flatMap((thought) => (thought.redactedContent ? [base64(thought.redactedContent)] : [])),
    citations: content.flatMap((block) => block.citationsContent?.citations ?? []).length,
    tools: content.flatMap(({ toolUse }) =>
      toolUse === undefined || toolUse.type === 'server_tool_use'
        ? []
        : [{ id: toolUse.toolUseId, name: toolUse.name ?? '', arguments: JSON.parse(JSON.stringify(toolUse.input)) }],
    ),
    stop: stopReason,
    usage: converseUsage(usage),
  }
}

function textOfBlock(block: ContentBlock): string {
  return block.text ?? block.citationsContent?.content?.map((part) => part.text ?? '').join('') ?? ''
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function converseUsage(usage: ConverseResponse['usage']): Meaning['usage'] {
  if (usage === undefined) return undefined
  const { inputTokens = 0, outputTokens = 0, cacheReadInputTokens = 0, cacheWriteInputTokens = 0 } = usage
  return { input: inputTokens + cacheReadInputTokens + cacheWriteInputTokens, output: outputTokens }
}

async function ofStream(stream: AsyncIterable<ConverseStreamOutput>): Promise<Meaning> {
  let meaning = NOTHING
  const calls = new Map<number, { id: string | undefined; name: string; json: string }>()
  try {
    for await (const event of stream) {
      const delta = event.contentBlockDelta?.delta
      const index = event.contentBlockStart?.contentBlockIndex ?? event.contentBlockDelta?.contentBlockIndex ?? 0
      const started = event.contentBlockStart?.start?.toolUse
      if (started !== undefined && started.type !== 'server_tool_use') {
        calls.set(index, { id: started.toolUseId, name: started.name ?? '', json: '' })
      }
      const call = calls.get(index)
      if (call !== undefined) call.json += delta?.toolUse?.input ?? ''
      const thought = delta?.reasoningContent
      meaning = {
        ...meaning,
        text: meaning.text + (delta?.text ?? ''),
        reasoning: meaning.reasoning + (thought?.text ?? ''),
        signatures: [...meaning.signatures, ...(thought?.signature ? [thought.signature] : [])],
        redacted: [...meaning.redacted, ...(thought?.redactedContent ? [base64(thought.redactedContent)] : [])],
        citations: meaning.citations + (delta?.citation === undefined ? 0 : 1),
        stop: event.messageStop?.stopReason ?? meaning.stop,
        usage: converseUsage(event.metadata?.usage) ?? meaning.usage,
      }
    }
  } catch (error) {
    meaning = { ...meaning, error: error instanceof Error ? error.message : String(error) }
  }
  const tools = [...calls.values()].map(({ id, name, json }) => ({ id, name, arguments: JSON.parse(json || '{}') }))
  return { ...meaning, tools }
}
