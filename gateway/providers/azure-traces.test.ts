import { APIError, AzureOpenAI } from 'openai'
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions'
import { describe, expect, it } from 'vitest'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { azure } from './azure.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'

/** Recorded chats with Azure OpenAI and Azure AI Foundry, read by us and by OpenAI's own client for Azure. */
const exchanges = loadExchanges(['azure'], ['chat'])
const answers = exchanges.filter(({ status }) => status < 400)
const errors = exchanges.filter(({ status }) => status >= 400)

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded chats with Azure${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(answers.length).toBeGreaterThan(8)
    expect(errors.length).toBeGreaterThan(4)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(answers)(`$name in pieces of ${size}`, async (exchange) => {
      const reader = azure.chat?.reader(replyHead(exchange.status, exchange.contentType))
      if (reader === undefined) throw new Error('no chat')
      const events = readReply(reader, exchange.reply, size)
      expect(grammarBreach(events)).toBeUndefined()
      const { text, tools, finish, usage, failure } = answerOf(events)
      expect(failure).toBeUndefined()
      expect({
        text,
        tools: tools.map(({ name, argumentsJson }) => [name, argumentsJson]),
        finish,
        input: usage?.input,
      }).toEqual(await askWithSdk(exchange))
    })
  }

  it.each(errors)('$name is an error of the same class', async (exchange) => {
    const failure = azure.failure({ status: exchange.status, headers: {} }, exchange.reply.toString('utf8'))
    const thrown: unknown = await askWithSdk(exchange).catch((error: unknown) => error)
    if (!(thrown instanceof APIError)) throw new Error('the library accepts it')
    expect(failure.status).toBe(thrown.status)
    expect(KINDS[thrown.name] ?? KINDS[thrown.constructor.name]).toContain(failure.kind)
    expect(thrown.message).toContain(failure.message.slice(0, 40))
  })
})

const KINDS: Readonly<Record<string, readonly string[]>> = {
  BadRequestError: ['bad-request', 'content-policy', 'unsupported', 'context-length'],
  AuthenticationError: ['unauthorized-upstream'],
  NotFoundError: ['model-missing'],
  RateLimitError: ['rate-limited', 'quota'],
}

interface Meaning {
  readonly text: string
  readonly tools: readonly (readonly string[])[]
  readonly finish: string | undefined
  readonly input: number | undefined
}

async function askWithSdk(exchange: Exchange): Promise<Meaning> {
  const headers = { 'content-type': exchange.contentType }
  const client = new AzureOpenAI({
    apiKey: 'any',
    apiVersion: '2025-02-01-preview',
    endpoint: 'https://acme.openai.azure.com',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(new Uint8Array(exchange.reply), { status: exchange.status, headers })),
  })
  const request = { model: 'any', messages: [] }
  if (!exchange.stream) return wholeMeaning(await client.chat.completions.create(request))
  const chunks: ChatCompletionChunk[] = []
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) chunks.push(chunk)
  return streamMeaning(chunks)
}

function wholeMeaning({ choices, usage }: ChatCompletion): Meaning {
  const [choice] = choices
  // What the filter took out has no message at all, whatever the library's types say.
  const message: Partial<ChatCompletion.Choice['message']> | undefined = choice?.message
  const calls = message?.tool_calls ?? []
  return {
    text: message?.content ?? '',
    tools: calls.map((call) => (call.type === 'function' ? [call.function.name, call.function.arguments] : [])),
    finish: choice?.finish_reason,
    input: usage?.prompt_tokens,
  }
}

function streamMeaning(chunks: readonly ChatCompletionChunk[]): Meaning {
  const tools: string[][] = []
  const choices = chunks.flatMap((chunk) => chunk.choices)
  for (const call of choices.flatMap(({ delta }) => delta?.tool_calls ?? [])) {
    const known = (tools[call.index] ??= [call.function?.name ?? '', ''])
    known[1] += call.function?.arguments ?? ''
  }
  return {
    text: choices.map(({ delta }) => delta?.content ?? '').join(''),
    tools,
    finish: choices.findLast(({ finish_reason: reason }) => reason !== null)?.finish_reason ?? undefined,
    input: chunks.findLast(({ usage }) => usage)?.usage?.prompt_tokens,
  }
}
