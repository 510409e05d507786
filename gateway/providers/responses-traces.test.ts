import OpenAI, { APIError } from 'openai'
import type { Response as ModelResponse, ResponseOutputItem } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { findProvider } from './registry.ts'
import { responsesTranslation } from './responses-translation.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'
import { upstreamFailure } from './upstream-failure.ts'

/** Recorded exchanges over the Responses API, read by us and by OpenAI's own client library. */
const PROVIDERS = ['openai', 'azure', 'bedrock-mantle', 'deepseek', 'lmstudio', 'openrouter', 'xai']
const upstream = { label: 'OpenAI', keyEnv: [] }

const exchanges = loadExchanges(PROVIDERS, ['responses']).filter(({ name }) => !name.startsWith('responses-compact'))
const answers = exchanges.filter(({ status }) => status < 400)
const errors = exchanges.filter(({ status }) => status >= 400)

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded responses${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(answers.length).toBeGreaterThan(25)
    expect(errors.length).toBeGreaterThan(1)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(answers)(`$provider/$name in pieces of ${size}`, async (exchange) => {
      const head = replyHead(exchange.status, exchange.contentType)
      const events = readReply(responsesTranslation(upstream).reader(head), exchange.reply, size)
      expect(grammarBreach(events)).toBeUndefined()
      const { text, reasoning, tools, finish, usage, failure } = answerOf(events)
      const seen: Meaning = {
        text,
        reasoning,
        tools: tools.map(({ id, name, argumentsJson }) => ({ id, name, arguments: parse(argumentsJson) })),
        finish,
        usage: usage && [usage.input, usage.output, usage.cacheRead ?? 0, usage.reasoning ?? 0],
        error: failure?.message,
        encrypted: events.flatMap((event) =>
          event.type === 'reasoning-delta' && event.redacted !== undefined ? [[event.id, event.redacted]] : [],
        ),
      }
      expect(seen).toEqual(await meaningOf(exchange))
    })
  }

  it.each(errors)('$provider/$name is an error with its sentence', async (exchange) => {
    const failure = upstreamFailure(upstream, { status: exchange.status, headers: {} }, exchange.reply.toString('utf8'))
    const thrown = await meaningOf(exchange)
    expect(failure.status).toBe(exchange.status)
    expect(failure.message).toContain(thrown.error)
    expect(kindsFor(exchange.status)).toContain(failure.kind)
  })

  it.each(answers.filter(({ stream }) => stream))('$provider/$name never ends well when it is cut', (exchange) => {
    const reply = firstResponse(exchange.reply)
    const last = reply.lastIndexOf('"type"')
    for (const length of [reply.indexOf('\n\n') + 2, Math.floor(reply.length / 3), last]) {
      const head = replyHead(exchange.status, exchange.contentType)
      const events = readReply(responsesTranslation(upstream).reader(head), reply.subarray(0, length), 1_024)
      expect(events.at(-1)?.type).toBe('failure')
    }
  })
})

it('knows the providers of the recordings that speak it themselves', () => {
  for (const id of ['openai', 'azure', 'xai', 'groq', 'openrouter', 'lmstudio']) {
    expect(findProvider(id)?.verbatim.responses).toBeDefined()
  }
})

interface Meaning {
  readonly text: string
  readonly reasoning: string
  readonly tools: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[]
  readonly finish: string | undefined
  /** Input, output, read from the cache, reasoning. */
  readonly usage: readonly number[] | undefined
  readonly error: string | undefined
  /** Ids and blobs of the reasoning that was encrypted. */
  readonly encrypted: readonly (readonly (string | undefined)[])[]
}

async function meaningOf(exchange: Exchange): Promise<Meaning> {
  try {
    return meaningOfResponse(await askWithSdk(exchange))
  } catch (error) {
    if (!(error instanceof APIError)) throw error
    const message = error.message.replace(/^\d{3} /, '')
    return { text: '', reasoning: '', tools: [], finish: undefined, usage: undefined, error: message, encrypted: [] }
  }
}

/** What OpenAI's library makes of the recording. */
async function askWithSdk(exchange: Exchange): Promise<ModelResponse> {
  const headers = { 'content-type': exchange.contentType }
  const reply = (): Response => new Response(firstResponse(exchange.reply), { status: exchange.status, headers })
  const client = new OpenAI({ apiKey: 'any', maxRetries: 0, fetch: () => Promise.resolve(reply()) })
  const request = { model: 'any', input: 'any' }
  if (!exchange.stream) return client.responses.create(request)
  let last: ModelResponse | undefined
  const thoughts: ResponseOutputItem[] = []
  for await (const event of await client.responses.create({ ...request, stream: true })) {
    if (event.type === 'response.output_item.done' && event.item.type === 'reasoning') thoughts.push(event.item)
    if ('response' in event && typeof event.response === 'object') last = event.response
  }
  if (last === undefined) throw new Error('no response')
  // Blobs are encrypted anew whenever they are told: the one that ends the item is as good as the one that comes last.
  return { ...last, output: last.output.map((item) => (item.type === 'reasoning' ? (thoughts.shift() ?? item) : item)) }
}

/** One recording holds the four responses of a loop one after another; the first of them is the reply. */
function firstResponse(reply: Buffer): Buffer {
  const text = reply.toString('utf8')
  const second = text.indexOf('"type":"response.created"', text.indexOf('"type":"response.created"') + 1)
  if (second < 0) return reply
  return Buffer.from(text.slice(0, text.lastIndexOf('event:', second)))
}

function meaningOfResponse(response: ModelResponse): Meaning {
  const { output, usage, status, incomplete_details: details, error } = response
  const tools = output.flatMap(toolOf)
  const done = tools.length > 0 ? 'tool_calls' : 'stop'
  const cut = details?.reason === 'content_filter' ? 'content_filter' : 'length'
  return {
    text: output.map(textOf).join(''),
    reasoning: output.map(thoughtOf).join(''),
    tools,
    finish: status === 'incomplete' ? cut : done,
    usage: usage && [
      usage.input_tokens,
      usage.output_tokens,
      usage.input_tokens_details.cached_tokens,
      usage.output_tokens_details.reasoning_tokens,
    ],
    error: error?.message,
    encrypted: output.flatMap((item) =>
      item.type === 'reasoning' && item.encrypted_content ? [[item.id, item.encrypted_content]] : [],
    ),
  }
}

function textOf(item: ResponseOutputItem): string {
  if (item.type !== 'message') return ''
  return item.content.map((part) => (part.type === 'output_text' ? part.text : '')).join('')
}

function thoughtOf(item: ResponseOutputItem): string {
  if (item.type !== 'reasoning') return ''
  return [...item.summary, ...(item.content ?? [])].map(({ text }) => text).join('\n\n')
}

function toolOf(item: ResponseOutputItem): Meaning['tools'] {
  if (item.type === 'function_call') {
    return [{ id: item.call_id, name: item.name, arguments: parse(item.arguments) }]
  }
  if (item.type === 'custom_tool_call') {
    return [{ id: item.call_id, name: item.name, arguments: { input: item.input } }]
  }
  return []
}

function kindsFor(status: number): readonly string[] {
  if (status === 400) return ['bad-request', 'unsupported', 'context-length', 'content-policy', 'model-missing']
  if (status === 401) return ['unauthorized-upstream']
  return status === 429 ? ['rate-limited', 'overloaded', 'quota'] : ['server-error', 'overloaded', 'model-missing']
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch {
    return text
  }
}
