import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { fieldAt, objectOf, parseObject, stringOf } from '../kit/json-fields.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { anthropicCountTokens } from './anthropic-count-tokens.ts'
import { anthropicMessages } from './anthropic-messages.ts'

/** Recorded exchanges with Anthropic, and with a runner that speaks its wire. */
const messages = loadExchanges(['anthropic', 'ollama'], ['messages'])
const counts = loadExchanges(['anthropic'], ['count-tokens'])
const streams = messages.filter(({ stream, status }) => stream && status < 400)
const replies = messages.filter(({ stream, status }) => !stream && status < 400)

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded Messages exchanges${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(streams.length).toBeGreaterThan(10)
    expect(replies.length).toBeGreaterThan(10)
    expect(counts.length).toBeGreaterThan(0)
  })

  // Some recordings of refusals hold the very body that was refused as no message at all.
  const sound = messages.filter(({ status, requestBody }) => status < 400 && Object.keys(requestBody).length > 0)
  it.each(sound)('$provider/$name can be asked', ({ requestBody }) => {
    expect(anthropicMessages.inspect(requestBody)).toMatchObject({ operation: 'chat' })
    const chat = anthropicMessages.parse(requestBody)
    expect(isFailure(chat)).toBe(false)
    expect(chat).toMatchObject({ model: requestBody['model'] })
  })

  it.each(counts)('$provider/$name can be counted', ({ requestBody }) => {
    expect(anthropicCountTokens.inspect(requestBody)).toMatchObject({ operation: 'count' })
    expect(isFailure(anthropicCountTokens.parse(requestBody))).toBe(false)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(streams)(`$provider/$name passes in pieces of ${size}`, ({ reply }) => {
      const events = eventsIn(reply)
      const error = events.find((event) => event['type'] === 'error')
      const reader = anthropicMessages.passing({ hideUsage: false })
      const forwarded: Uint8Array[] = []
      const passed = [...piecesOf(reply, size).map((piece) => reader.push(piece)), reader.end()]
      for (const { forward } of passed) if (forward !== undefined) forwarded.push(forward)
      const failure = passed.find((one) => one.failure !== undefined)?.failure
      expect(Buffer.concat(forwarded).equals(untilError(reply))).toBe(true)
      expect(failure?.message).toBe(error && fieldAt(error['error'], 'message'))
      expect(reader.done).toBe(error === undefined)
      expect(reader.facts).toEqual(expectedFacts(events))
    })
  }

  it.each(replies)('$provider/$name is read whole', ({ reply }) => {
    const json = parseObject(reply.toString()) ?? {}
    expect(anthropicMessages.readReply(reply.toString())).toEqual({
      model: json['model'],
      ...usageIn(objectOf(json['usage']) ?? {}),
      finish: FINISH[stringOf(json['stop_reason']) ?? ''],
    })
  })
})

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

function piecesOf(body: Buffer, size: number): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length; at += size) pieces.push(body.subarray(at, at + size))
  return pieces
}

/** The naive reading: the whole body at once, line by line. */
function eventsIn(body: Exchange['reply']): readonly JsonObject[] {
  return body
    .toString()
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => parseObject(line.slice('data:'.length)) ?? {})
}

function untilError(body: Buffer): Buffer {
  const at = body.indexOf('event: error')
  return at < 0 ? body : body.subarray(0, at)
}

function expectedFacts(events: readonly JsonObject[]): JsonObject {
  const message = objectOf(events.find((event) => event['type'] === 'message_start')?.['message'])
  const delta = events.findLast((event) => event['type'] === 'message_delta')
  if (message === undefined) return {}
  const reason = stringOf(fieldAt(delta?.['delta'], 'stop_reason'))
  return {
    model: message['model'],
    ...usageIn({ ...objectOf(message['usage']), ...objectOf(delta?.['usage']) }),
    ...(reason !== undefined && { finish: FINISH[reason] }),
  }
}

function usageIn(usage: JsonObject): JsonObject {
  const number = (key: string): number => Number(usage[key] ?? 0)
  const thinking = fieldAt(usage['output_tokens_details'], 'thinking_tokens')
  return {
    usage: {
      input: number('input_tokens') + number('cache_read_input_tokens') + number('cache_creation_input_tokens'),
      output: number('output_tokens'),
      ...(usage['cache_read_input_tokens'] !== undefined && { cacheRead: number('cache_read_input_tokens') }),
      ...(usage['cache_creation_input_tokens'] !== undefined && { cacheWrite: number('cache_creation_input_tokens') }),
      ...(thinking !== undefined && { reasoning: thinking }),
    },
  }
}
