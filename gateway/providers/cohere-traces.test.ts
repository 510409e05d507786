import { describe, expect, it } from 'vitest'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { cohere } from './cohere.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'

/** Recorded chats with Cohere, read by us and, separately, by collecting what its events hold. */
const exchanges = loadExchanges(['cohere'], ['chat'])

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded chats with Cohere${skipped}`, () => {
  it('has some', () => {
    expect(exchanges.length).toBeGreaterThan(0)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(exchanges)(`$name in pieces of ${size}`, (exchange) => {
      const reader = cohere.chat?.reader(replyHead(exchange.status, exchange.contentType))
      if (reader === undefined) throw new Error('no chat')
      const events = readReply(reader, exchange.reply, size)
      expect(grammarBreach(events)).toBeUndefined()
      const { text, reasoning, tools, usage, failure } = answerOf(events)
      const end = events.find((event) => event.type === 'end')
      expect(failure).toBeUndefined()
      expect({
        text,
        reasoning,
        tools: tools.map(({ id, name, argumentsJson }) => [id, name, argumentsJson]),
        reason: end?.rawReason,
        usage: [usage?.input, usage?.output, usage?.cacheRead],
      }).toEqual(meaningOf(exchange))
    })
  }
})

function meaningOf(exchange: Exchange): unknown {
  const body = exchange.reply.toString('utf8')
  const events = exchange.stream
    ? body.split('\n').flatMap((line) => (line.startsWith('data: {') ? [record(JSON.parse(line.slice(6)))] : []))
    : [record(JSON.parse(body))]
  const messages = events.map((event) => record(record(event['delta'])['message'] ?? event['message']))
  const parts = messages.flatMap((message) => list(message['content']))
  const tools: string[][] = []
  for (const call of messages.flatMap((message) => list(message['tool_calls']))) {
    const fn = record(call['function'])
    if (typeof call['id'] === 'string') tools.push([call['id'], word(fn['name']), ''])
    const last = tools.at(-1)
    if (last !== undefined) last[2] += word(fn['arguments'])
  }
  const last = events
    .map((event) => ({ ...event, ...record(event['delta']) }))
    .find((event) => 'finish_reason' in event)
  const usage = record(last?.['usage'])
  const tokens = record(usage['tokens'])
  return {
    text: parts.map((part) => word(part['text'])).join(''),
    reasoning:
      messages.map((message) => word(message['tool_plan'])).join('') +
      parts.map((part) => word(part['thinking'])).join(''),
    tools,
    reason: last?.['finish_reason'],
    usage: [tokens['input_tokens'], tokens['output_tokens'], usage['cached_tokens']],
  }
}

/** A list of objects, or the one object that a delta has in its place. */
function list(value: JsonValue | undefined): readonly JsonObject[] {
  if (Array.isArray(value)) return value.filter(isJsonObject)
  return isJsonObject(value) ? [value] : []
}
function record(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
function word(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
