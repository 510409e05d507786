import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { openaiResponses } from './openai-responses.ts'

/** Recorded exchanges with servers that speak Responses, held against a naive reading of the whole body at once. */
const PROVIDERS = ['azure', 'bedrock-mantle', 'deepseek', 'lmstudio', 'openai', 'openrouter', 'vllm', 'xai']
const recorded = loadExchanges(PROVIDERS, ['responses'])
const streams = recorded.filter((exchange) => exchange.stream && exchange.status === 200)
const whole = recorded.filter((exchange) => !exchange.stream && exchange.status === 200)

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded responses${skipped}`, () => {
  it('are there', () => {
    expect(streams.length).toBeGreaterThan(10)
    expect(whole.length).toBeGreaterThan(5)
  })

  for (const size of [1, 37, 10_000_000]) {
    it.each(streams)(`$provider/$name passes in pieces of ${size}`, (exchange) => {
      const reader = openaiResponses.passing({ hideUsage: false })
      let forwarded = Buffer.alloc(0)
      let failure: string | undefined
      const take = (passed: ReturnType<typeof reader.push>): void => {
        if (passed.forward !== undefined) forwarded = Buffer.concat([forwarded, passed.forward])
        failure ??= passed.failure?.message
      }
      for (let at = 0; at < exchange.reply.length; at += size) take(reader.push(exchange.reply.subarray(at, at + size)))
      take(reader.end())
      const expected = streamed(exchange)
      expect(forwarded.toString('latin1')).toBe(expected.forwarded)
      expect(failure).toBe(expected.error)
      expect(reader.facts).toEqual(expected.facts)
      expect(reader.finished).toBe(expected.error === undefined)
    })
  }

  it.each(whole)('$provider/$name is read', (exchange) => {
    expect(openaiResponses.readReply(exchange.reply.toString())).toEqual(
      factsOf(object(JSON.parse(exchange.reply.toString()))),
    )
  })

  it.each(recorded)('the request of $provider/$name is understood', ({ requestBody }) => {
    // A stored prompt may name the model itself; without a name there is nobody to ask here.
    if (requestBody.model === undefined) {
      expect(openaiResponses.inspect(requestBody)).toMatchObject({ param: 'model' })
      return
    }
    expect(openaiResponses.inspect(requestBody)).toMatchObject({ operation: 'chat', model: requestBody.model })
    const read = openaiResponses.parse(requestBody)
    if (isFailure(read)) throw new Error(read.message)
    expect(read.conversions?.filter(({ matters }) => matters) ?? []).toEqual([])
    const list = Array.isArray(requestBody.input) ? requestBody.input.map(object) : []
    const encrypted = list.filter((item) => typeof item.encrypted_content === 'string')
    const kept = read.messages.flatMap((message) => (message.role === 'assistant' ? message.reasoning : []))
    expect(kept.filter((part) => part.redacted !== undefined).map((part) => part.redacted)).toEqual(
      encrypted.map((item) => item.encrypted_content),
    )
    const calls = list.filter((item) => item.type === 'function_call')
    expect(read.messages.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []))).toEqual(
      calls.map((item) => ({ id: item.call_id, name: item.name, argumentsJson: item.arguments })),
    )
  })
})

/** What a client may be sent of a recorded stream, and what it says of itself. */
function streamed(exchange: Exchange): { forwarded: string; error: string | undefined; facts: object } {
  const blocks = exchange.reply.toString('latin1').split(/(?<=\n\r?\n)/)
  const failed = blocks.findIndex((block) => /"type":\s*"(?:error|response\.failed)"/.test(block))
  const events = exchange.reply
    .toString()
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map(dataOf)
  const responses = events.map((event) => event.response).filter(isJsonObject)
  const error = events.map((event) => object(event.error).message).find((message) => typeof message === 'string')
  // Some servers leave the items out of their last event.
  const last = responses.at(-1) ?? {}
  const output = events.map((event) => event.item).filter(isJsonObject)
  if (failed < 0) return { forwarded: blocks.join(''), error: undefined, facts: factsOf({ ...last, output }) }
  const facts = responses.length > 1 ? factsOf(responses[0] ?? {}) : {}
  return { forwarded: blocks.slice(0, failed).join(''), error: typeof error === 'string' ? error : '', facts }
}

function factsOf(response: JsonObject): object {
  const { usage, status, output } = response
  const called = Array.isArray(output) && output.map(object).some((item) => CALLS.has(item.type))
  const finish = status === 'incomplete' ? 'length' : called ? 'tool_calls' : 'stop'
  const counts = object(usage)
  const details = object(counts.input_tokens_details)
  const given = {
    input: counts.input_tokens,
    output: counts.output_tokens,
    cacheRead: details.cached_tokens,
    cacheWrite: details.cache_write_tokens,
    reasoning: object(counts.output_tokens_details).reasoning_tokens,
  }
  const stated = Object.fromEntries(Object.entries(given).filter(([, count]) => typeof count === 'number'))
  return { model: response.model, finish, ...(isJsonObject(usage) && { usage: stated }) }
}

const CALLS: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call', 'local_shell_call'])

function dataOf(line: string): JsonObject {
  const data = line.slice('data:'.length).trim()
  return data === '[DONE]' ? {} : object(JSON.parse(data))
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
