import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { findProvider } from './registry.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'

/**
 * Recorded exchanges with real providers, read by us and, separately, by the naive oracle below, which looks at the
 * whole body at once and shares no code with the readers.
 */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure',
  cerebras: 'cerebras',
  deepseek: 'deepseek',
  gemini: 'gemini_openai',
  gpustack: 'gpustack',
  groq: 'groq',
  huggingface: 'huggingface',
  llamacpp: 'llamacpp',
  lmstudio: 'lmstudio',
  mistral: 'mistral',
  ollama: 'ollama',
  openai: 'openai',
  openrouter: 'openrouter',
  perplexity: 'perplexity',
  together: 'together_ai',
  vllm: 'vllm',
  xai: 'xai',
  zai: 'zai',
}
const CHAT_WIRE = 'openai_like'

const inScope = loadExchanges(Object.keys(PROVIDERS), ['chat', 'completions', 'native-chat', 'native-generate'])
const answers = inScope.filter((exchange) => exchange.status < 400)
const errors = loadExchanges(Object.keys(PROVIDERS), [
  'chat',
  'completions',
  'embeddings',
  'native-chat',
  'native-generate',
  'tgi-generate',
]).filter((exchange) => exchange.status >= 400)
const embeddings = loadExchanges(Object.keys(PROVIDERS), ['embeddings', 'native-embed']).filter(
  (exchange) => exchange.status < 400,
)

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded exchanges${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(answers.length).toBeGreaterThan(80)
    expect(errors.length).toBeGreaterThan(15)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(answers)(`$provider/$name in pieces of ${size}`, (exchange) => {
      const events = readReply(readerFor(exchange), exchange.reply, size)
      expect(grammarBreach(events)).toBeUndefined()
      const expected = meaningOf(exchange)
      expect(wasCut(exchange, expected) ? withoutCut(events) : seenIn(events, expected)).toEqual(expected)
    })
  }

  it.each(errors)('$provider/$name is an error with its sentence', (exchange) => {
    const head = { status: exchange.status, headers: {} }
    const failure = providerOf(exchange).failure(head, exchange.reply.toString('utf8'))
    expect(failure.status).toBe(exchange.status)
    expect(kindsFor(exchange.status)).toContain(failure.kind)
    const sentence = errorText(parse(exchange.reply.toString('utf8')))
    expect(sentence).not.toBe('')
    expect(failure.message).toContain(sentence)
  })

  it.each(embeddings)('$provider/$name', (exchange) => {
    const json = parse(exchange.reply.toString('utf8'))
    const reply = providerOf(exchange).embeddings?.reply(exchange.reply.toString('utf8'))
    if (reply === undefined || isFailure(reply) || !isJsonObject(json)) throw new Error('no embeddings')
    const rows = list(json['embeddings'] ?? list(json['data']).map((row) => record(row)['embedding'] ?? null))
    expect(reply.vectors.length).toBe(rows.length)
    // Vectors in base64 have no naive reading here; their number is checked above.
    expect(Array.isArray(rows[0]) ? reply.vectors : rows).toEqual(rows)
    expect(reply.inputTokens).toBe(json['prompt_eval_count'] ?? record(json['usage'])['prompt_tokens'])
  })
})

/** Recordings of Ollama's and others' compatible APIs are plain chat wire. */
function providerOf(exchange: Exchange): Provider {
  const native = exchange.api.startsWith('native-')
  const id = exchange.provider === 'ollama' && !native ? CHAT_WIRE : (PROVIDERS[exchange.provider] ?? CHAT_WIRE)
  const provider = findProvider(id)
  if (provider === undefined) throw new Error(`no provider ${id}`)
  return provider
}

function readerFor(exchange: Exchange): ReturnType<NonNullable<Provider['chat']>['reader']> {
  const provider = providerOf(exchange)
  const isCompletion = exchange.api === 'completions' || exchange.api === 'native-generate'
  const translation = isCompletion ? (provider.completions ?? findProvider(CHAT_WIRE)?.completions) : provider.chat
  if (translation === undefined) throw new Error(`${provider.id} has no translation`)
  return translation.reader(replyHead(exchange.status, exchange.contentType))
}

/** What we read, in the oracle's terms; what the recording does not say is not compared. */
function seenIn(events: readonly StreamEvent[], expected: Meaning): Meaning {
  const { text, reasoning, tools, finish, usage, failure } = answerOf(events)
  const said = failure?.message
  return {
    text,
    reasoning,
    tools: tools.map((call) => ({ name: call.name, arguments: parse(call.argumentsJson || '{}') })),
    finish: expected.error === undefined && expected.finish !== undefined ? finish : expected.finish,
    inputTokens: expected.inputTokens === undefined ? undefined : usage?.input,
    outputTokens: expected.outputTokens === undefined ? undefined : usage?.output,
    cached: expected.cached === undefined ? undefined : usage?.cacheRead,
    error: expected.error !== undefined && said?.startsWith(expected.error) ? expected.error : said,
  }
}

/** One recording ends in the middle of its stream: that must be seen, and all before it be kept. */
function withoutCut(events: readonly StreamEvent[]): Meaning {
  const { text, reasoning, failure } = answerOf(events)
  const error = failure?.kind === 'cut' ? undefined : failure?.message
  return { ...NOTHING_MORE, text, reasoning, error }
}

const NOTHING_MORE = {
  tools: [],
  finish: undefined,
  inputTokens: undefined,
  outputTokens: undefined,
  cached: undefined,
}

function wasCut(exchange: Exchange, { finish, error }: Meaning): boolean {
  return exchange.stream && finish === undefined && error === undefined && !exchange.reply.includes('[DONE]')
}

function kindsFor(status: number): readonly string[] {
  if (status === 401 || status === 403) return ['unauthorized-upstream']
  if (status === 404) return ['model-missing']
  if (status === 429) return ['rate-limited', 'overloaded', 'quota']
  if (status === 400 || status === 422) {
    return ['bad-request', 'unsupported', 'context-length', 'content-policy', 'model-missing']
  }
  return status === 503 ? ['overloaded'] : ['server-error']
}

interface Meaning {
  readonly text: string
  readonly reasoning: string
  readonly tools: readonly { readonly name: string; readonly arguments: unknown }[]
  readonly finish: string | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  readonly cached: number | undefined
  readonly error: string | undefined
}

function meaningOf(exchange: Exchange): Meaning {
  const objects = payloads(exchange)
  const error = objects.map((object) => (object['error'] ? errorText(object) : undefined)).find(Boolean)
  return exchange.api.startsWith('native-') ? nativeMeaning(objects, error) : chatMeaning(objects, error)
}

function payloads(exchange: Exchange): readonly JsonObject[] {
  const body = exchange.reply.toString('utf8')
  const whole = parse(body)
  if (isJsonObject(whole)) return [whole]
  const lines = body.split(/\r\n|\r|\n/).map((line) => line.trim().replace(/^data:\s*/, ''))
  return lines.map(parse).filter(isJsonObject)
}

function chatMeaning(objects: readonly JsonObject[], error: string | undefined): Meaning {
  const choices = objects.flatMap((object) => list(object['choices']).map(record))
  // A whole reply is one object; Perplexity puts an empty delta beside its message.
  const messages = choices.map((choice) =>
    record(objects.length === 1 ? (choice['message'] ?? choice['delta']) : choice['delta']),
  )
  const tools = chatTools(messages)
  const raw = choices
    .map((choice) => choice['finish_reason'])
    .findLast((reason) => reason !== null && reason !== undefined && reason !== '')
  const plain = ['eos', 'eos_token', 'stop_sequence'].includes(word(raw)) ? 'stop' : raw
  const usage = objects.map((object) => object['usage'] ?? record(object['x_groq'])['usage']).findLast(isJsonObject)
  return {
    text:
      messages.map((message) => partTexts(message['content'], 'text')).join('') +
      choices.map((c) => word(c['text'])).join(''),
    reasoning: messages
      .map((m) => (word(m['reasoning_content']) || word(m['reasoning'])) + partTexts(m['content'], 'thinking'))
      .join(''),
    tools,
    finish: plain === 'stop' && tools.length > 0 ? 'tool_calls' : plain === undefined ? undefined : word(plain),
    inputTokens: count(usage?.['prompt_tokens']),
    outputTokens: count(usage?.['completion_tokens']),
    cached: count(record(usage?.['prompt_tokens_details'])['cached_tokens']),
    error,
  }
}

function partTexts(content: JsonValue | undefined, type: string): string {
  if (typeof content === 'string') return type === 'text' ? content : ''
  return list(content)
    .map(record)
    .filter((part) => part['type'] === type)
    .map(
      (part) =>
        word(part['text']) +
        list(part['thinking'])
          .map((piece) => word(record(piece)['text']))
          .join(''),
    )
    .join('')
}

/** A call begins where a name appears under an index or id that was not there before. */
function chatTools(messages: readonly JsonObject[]): Meaning['tools'] {
  const calls = new Map<number, { name: string; text: string; value: JsonValue | undefined }>()
  for (const message of messages) {
    const legacy = message['function_call']
    const deltas = [...list(message['tool_calls']), ...(isJsonObject(legacy) ? [{ function: legacy, index: 0 }] : [])]
    for (const [position, delta] of deltas.entries()) {
      const { index, function: fn } = record(delta)
      const key = typeof index === 'number' ? index : position
      const known = calls.get(key) ?? { name: '', text: '', value: undefined }
      const given = record(fn)['arguments']
      known.name ||= word(record(fn)['name'])
      known.text += word(given)
      if (isJsonObject(given)) known.value = given
      calls.set(key, known)
    }
  }
  return [...calls.values()].map(({ name, text, value }) => ({ name, arguments: value ?? parse(text || '{}') }))
}

function nativeMeaning(objects: readonly JsonObject[], error: string | undefined): Meaning {
  const messages = objects.map((object) => record(object['message']))
  const tools = messages
    .flatMap((message) => list(message['tool_calls']))
    .map((call) => record(record(call)['function']))
    .map((fn) => ({ name: word(fn['name']), arguments: fn['arguments'] }))
  const last = objects.at(-1) ?? {}
  return {
    text: messages.map((m) => word(m['content'])).join('') + objects.map((o) => word(o['response'])).join(''),
    reasoning: messages.map((m) => word(m['thinking'])).join('') + objects.map((o) => word(o['thinking'])).join(''),
    tools,
    finish: tools.length > 0 ? 'tool_calls' : last['done_reason'] === 'length' ? 'length' : 'stop',
    inputTokens: count(last['prompt_eval_count']),
    outputTokens: count(last['eval_count']),
    cached: undefined,
    error,
  }
}

function errorText(json: unknown): string {
  if (!isJsonObject(json)) return typeof json === 'string' ? json : ''
  const error = json['error'] ?? json['detail'] ?? json['message']
  if (isJsonObject(error)) return word(error['message'])
  if (Array.isArray(error)) return word(record(error[0])['msg'])
  return word(error)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}
function record(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
function word(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
function count(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
