import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../contract/stream-event.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { anthropic } from './anthropic.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'

/** Recorded exchanges with Anthropic, and with Ollama's imitation of it, read by us and by Anthropic's own library. */
const exchanges = loadExchanges(['anthropic', 'ollama'], ['messages'])
const answers = exchanges.filter((exchange) => exchange.status < 400)
const errors = exchanges.filter((exchange) => exchange.status >= 400)
const counts = loadExchanges(['anthropic'], ['count-tokens', 'count_tokens'])

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded exchanges with Anthropic${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(answers.length).toBeGreaterThan(25)
    expect(errors.length).toBeGreaterThan(5)
    expect(counts.length).toBeGreaterThan(1)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(answers)(`$provider/$name in pieces of ${size}`, async (exchange) => {
      const reader = anthropic.chat?.reader(replyHead(exchange.status, exchange.contentType))
      if (reader === undefined) throw new Error('no reader')
      const events = readReply(reader, exchange.reply, size)
      expect(grammarBreach(events)).toBeUndefined()
      expect(meaningOf(events)).toEqual(await oracle(exchange))
    })
  }

  it.each(errors)('$provider/$name is the same error', async (exchange) => {
    const failure = anthropic.failure({ status: exchange.status, headers: {} }, exchange.reply.toString('utf8'))
    const raised = await raisedBy(exchange)
    expect(failure.status).toBe(raised.status)
    expect(failure.type).toBe(raised.type)
    expect(failure.message).toContain(raised.apiMessage)
    expect(failure.kind).toBe(kindOf(raised))
  })

  it.each(counts)('$provider/$name is counted alike', async (exchange) => {
    const counted = await clientOf(exchange).messages.countTokens({ model: 'm', messages: [] })
    expect(anthropic.tokenCount?.reply(exchange.reply.toString('utf8'))).toBe(counted.input_tokens)
  })
})

interface Meaning {
  readonly model: string
  readonly id: string | undefined
  readonly text: string
  /** Text of thoughts, each with what closes it. */
  readonly thinking: readonly { readonly text: string; readonly signature: string }[]
  readonly redacted: readonly string[]
  readonly tools: readonly { readonly id: string; readonly name: string; readonly input: unknown }[]
  readonly citations: readonly unknown[]
  readonly stop: string | undefined
  readonly stopSequence: string | undefined
  readonly refusal: string | undefined
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly errorType: string | undefined
}

function meaningOf(events: readonly StreamEvent[]): Meaning {
  const { text, tools, usage, failure } = answerOf(events)
  const start = events.find((event) => event.type === 'start')
  const end = events.find((event) => event.type === 'end')
  const failed = events.find((event) => event.type === 'failure')
  return {
    model: start?.model ?? '',
    id: start?.upstreamId,
    text,
    ...thoughtsOf(events),
    tools: tools.map(({ id, name, argumentsJson }) => ({ id, name, input: JSON.parse(argumentsJson) })),
    citations: events
      .flatMap((event) => (event.type === 'text-delta' ? (event.citations ?? []) : []))
      .map((c) => c.raw),
    stop: end?.rawReason,
    stopSequence: end?.stopSequence,
    refusal: end?.refusal,
    input: usage?.input ?? 0,
    cacheRead: usage?.cacheRead ?? 0,
    cacheWrite: usage?.cacheWrite ?? 0,
    output: usage?.output ?? 0,
    errorType: failure?.kind === 'cut' ? 'cut' : failed?.failure.type,
  }
}

function thoughtsOf(events: readonly StreamEvent[]): Pick<Meaning, 'thinking' | 'redacted'> {
  const thinking: { text: string; signature: string }[] = []
  const redacted: string[] = []
  let open = ''
  const close = (signature: string): void => {
    thinking.push({ text: open, signature })
    open = ''
  }
  for (const event of events) {
    if (event.type !== 'reasoning-delta') continue
    open += event.text
    if (event.signature !== undefined) close(event.signature)
    if (event.redacted !== undefined) redacted.push(event.redacted)
  }
  // Ollama signs nothing.
  if (open !== '') close('')
  return { thinking, redacted }
}

async function oracle(exchange: Exchange): Promise<Meaning> {
  const client = clientOf(exchange)
  const question = { model: 'm', max_tokens: 1, messages: [] }
  if (!exchange.stream) return readBySdk(await client.messages.create(question), undefined)
  const stream = client.messages.stream(question)
  try {
    const message = await stream.finalMessage()
    return readBySdk(message, message.stop_reason === null ? 'cut' : undefined)
  } catch (error) {
    if (!(error instanceof APIError)) throw error
    const errorType = error.type ?? undefined
    // An error may be all that came.
    return stream.currentMessage === undefined
      ? { ...meaningOf([]), errorType }
      : readBySdk(stream.currentMessage, errorType)
  }
}

function readBySdk(message: Anthropic.Message, errorType: string | undefined): Meaning {
  const { content, usage } = message
  const texts = content.filter((block) => block.type === 'text')
  const cacheRead = usage.cache_read_input_tokens ?? 0
  const cacheWrite = usage.cache_creation_input_tokens ?? 0
  return {
    model: message.model,
    id: message.id,
    text: texts.map((block) => block.text).join(''),
    thinking: content
      .filter((block) => block.type === 'thinking')
      .map((block) => ({ text: block.thinking, signature: block.signature ?? '' })),
    redacted: content.filter((block) => block.type === 'redacted_thinking').map((block) => block.data),
    tools: content
      .filter((block) => block.type === 'tool_use')
      .map(({ id, name, input }) => ({ id, name, input: JSON.parse(JSON.stringify(input)) })),
    citations: texts.flatMap((block) => block.citations ?? []),
    stop: message.stop_reason ?? undefined,
    stopSequence: message.stop_sequence ?? undefined,
    refusal: message.stop_details?.explanation ?? undefined,
    input: usage.input_tokens + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    output: usage.output_tokens,
    errorType,
  }
}

async function raisedBy(exchange: Exchange): Promise<APIError> {
  try {
    await clientOf(exchange).messages.create({ model: 'm', max_tokens: 1, messages: [] })
  } catch (error) {
    if (error instanceof APIError) return error
    throw error
  }
  throw new Error('the library saw no error')
}

/** The library's classes of errors, in our words. A prompt that is too long is a class of its own only here. */
function kindOf(raised: APIError): string {
  if (/prompt is too long/.test(raised.message)) return 'context-length'
  if (/does not support/.test(raised.message)) return 'unsupported'
  if (raised instanceof Anthropic.AuthenticationError) return 'unauthorized-upstream'
  if (raised instanceof Anthropic.NotFoundError) return 'model-missing'
  if (raised instanceof Anthropic.RateLimitError) return 'rate-limited'
  if (raised instanceof Anthropic.BadRequestError) return 'bad-request'
  return raised.status === 529 ? 'overloaded' : 'server-error'
}

function clientOf(exchange: Exchange): Anthropic {
  const headers = { 'content-type': exchange.contentType }
  const answer = (): Response => new Response(Uint8Array.from(exchange.reply), { status: exchange.status, headers })
  return new Anthropic({ apiKey: 'none', maxRetries: 0, fetch: () => Promise.resolve(answer()) })
}
