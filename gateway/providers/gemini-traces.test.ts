import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApiError } from '@google/genai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AssistantMessage } from '../contract/chat.ts'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { objectOf, objectsAt, parseObject, textAt } from '../kit/json-fields.ts'
import { EXCHANGES_DIR, haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { gemini } from './gemini.ts'
import { bodyOf, chatWith } from './test/chat-request.ts'
import { chatOf, isCall, messageOf, partsOf, rawParts, signatureOf } from './test/gemini-history.ts'
import { kindOf, replayGoogle, type GoogleReplay, type Meaning } from './test/gemini-oracle.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'
import { testTarget } from './test/test-target.ts'
import { vertex } from './vertex.ts'

/** Recorded exchanges with Google's two APIs, read by us and by Google's own SDK, which reads them from a local server. */
const MAKERS = ['gemini', 'vertex']
const exchanges = loadExchanges(MAKERS, ['generateContent', 'streamGenerateContent'])
const answers = exchanges.filter((exchange) => exchange.status < 400)
const errors = exchanges.filter((exchange) => exchange.status >= 400)
const counts = loadExchanges(MAKERS, ['countTokens']).filter((exchange) => exchange.status < 400)
const embeddings = loadExchanges(MAKERS, ['batchEmbedContents', 'embedContent', 'predict'])

let google: GoogleReplay
beforeAll(async () => {
  google = await replayGoogle()
})
afterAll(() => google.close())

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded exchanges with Google${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(answers.length).toBeGreaterThan(20)
    expect(errors.length).toBeGreaterThan(4)
    expect(counts.length).toBeGreaterThan(1)
    expect(chains().length).toBeGreaterThan(2)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(answers)(`$provider/$name in pieces of ${size}`, async (exchange) => {
      const events = eventsOf(exchange, size)
      expect(grammarBreach(events)).toBeUndefined()
      expect(meaningOf(events)).toEqual(await google.oracle(exchange))
    })
  }

  it.each(errors)('$provider/$name is the same error', async (exchange) => {
    const failure = providerOf(exchange).failure(replyHead(exchange.status, ''), exchange.reply.toString('utf8'))
    const raised = await google.read(exchange).catch((error: unknown) => error)
    if (!(raised instanceof ApiError)) throw new Error('the SDK took it for an answer')
    expect(failure.status).toBe(raised.status)
    expect(failure.kind).toBe(kindOf(raised))
    const sentence = textAt(objectOf(parseObject(exchange.reply.toString('utf8'))?.['error']), 'message') ?? '-'
    expect(failure.message.replaceAll(/\s+/g, ' ')).toContain(sentence.replaceAll(/\s+/g, ' ').trim())
    if (/RetryInfo/.test(exchange.reply.toString('utf8'))) expect(failure.retryAfterMs).toBeGreaterThan(30_000)
  })

  it.each(counts)('$provider/$name is counted alike', async (exchange) => {
    const counted = await google.sdk(exchange).models.countTokens({ model: 'm', contents: 'x' })
    expect(providerOf(exchange).tokenCount?.reply(exchange.reply.toString('utf8'))).toBe(counted.totalTokens)
  })

  it.each(embeddings)('$provider/$name holds the same vectors', async (exchange) => {
    const vectors = await google.sdk(exchange).models.embedContent({ model: 'm', contents: 'x' })
    const reply = providerOf(exchange).embeddings?.reply(exchange.reply.toString('utf8'))
    if (reply === undefined || isFailure(reply)) throw new Error('no vectors')
    expect(reply.vectors).toEqual(vectors.embeddings?.map((embedding) => embedding.values))
  })

  it.each(answers)('$provider/$name goes back with its signatures, byte for byte', (exchange) => {
    const events = eventsOf(exchange, 64)
    const message = messageOf(events)
    const parts = partsSentBack(message, exchange)
    const received = rawParts(exchange)
    expect(signed(parts, 'functionCall')).toEqual(signed(received, 'functionCall'))
    // Signatures of text: the last of them stands on the last text, whatever part it came with.
    const signedTexts = received.filter((part) => 'text' in part && textAt(part, 'thoughtSignature') !== undefined)
    expect(parts.filter((part) => 'text' in part && 'thoughtSignature' in part).map(signatureOf)).toEqual(
      signedTexts.map(signatureOf),
    )
  })

  it.each(chains())('turn $turn of $chain goes back as its client sent it', ({ before, after }) => {
    const sentBack = partsSentBack(messageOf(eventsOf(before, 37)), before)
    const recorded = partsOf(objectsAt(after.requestBody, 'contents') ?? [])
    for (const part of sentBack.filter(isCall)) expect(recorded).toContainEqual(part)
    for (const part of sentBack.filter((each) => 'text' in each)) {
      expect(recorded.map((each) => each['text'])).toContain(part['text'])
    }
  })

  it.each(exchanges.filter((exchange) => callsIn(exchange).length > 0))(
    '$provider/$name asks again what was asked',
    (exchange) => {
      const sent = objectsAt(exchange.requestBody, 'contents') ?? []
      const chat = chatOf(sent)
      const provider = providerOf(exchange)
      const target = { ...testTarget(provider), model: 'gemini-2.5-flash' }
      const request = provider.chat?.request(chat, target, { stream: true })
      const written = objectsAt(bodyOf(request), 'contents') ?? []
      expect(partsOf(written).filter(isCall)).toEqual(partsOf(sent).filter(isCall).map(withoutForeignId))
      expect(partsOf(written).flatMap(responseName)).toEqual(partsOf(sent).flatMap(responseName))
    },
  )
})

/** Pairs of turns that follow each other in one recorded conversation. */
function chains(): readonly { chain: string; turn: number; before: Exchange; after: Exchange }[] {
  if (!haveExchanges) return []
  const rows = readFileSync(join(EXCHANGES_DIR, 'INDEX.tsv'), 'utf8').split('\n')
  const turns = rows.flatMap((row) => {
    const [provider = '', name = '', tags = ''] = row.split('\t')
    const [, chain = '', turn = ''] = /chain:(\w+)#(\d+)/.exec(tags) ?? []
    const exchange = answers.find((each) => each.provider === provider && each.name === name)
    return exchange === undefined || chain === '' ? [] : [{ chain, turn: Number(turn), exchange }]
  })
  return turns.flatMap(({ chain, turn, exchange }) =>
    turns
      .filter((next) => next.chain === chain && next.turn === turn + 1)
      .map((next) => ({ chain, turn, before: exchange, after: next.exchange })),
  )
}

function providerOf(exchange: Exchange): Provider {
  return exchange.provider === 'vertex' ? vertex : gemini
}

function eventsOf(exchange: Exchange, size: number): readonly StreamEvent[] {
  const reader = providerOf(exchange).chat?.reader(replyHead(exchange.status, exchange.contentType))
  if (reader === undefined) throw new Error('no reader')
  return readReply(reader, exchange.reply, size)
}

function meaningOf(events: readonly StreamEvent[]): Meaning {
  const { text, reasoning, tools, finish, usage, failure } = answerOf(events)
  const starts = events.filter((event) => event.type === 'tool-call-start')
  return {
    text,
    thoughts: reasoning,
    calls: tools.map(({ name, argumentsJson }, index) => ({
      name,
      args: JSON.parse(argumentsJson),
      signature: starts[index]?.signature,
    })),
    finish: failure?.kind ?? finish ?? 'none',
    usage:
      usage === undefined
        ? undefined
        : { input: usage.input, output: usage.output, cached: usage.cacheRead ?? 0, thoughts: usage.reasoning ?? 0 },
  }
}

function partsSentBack(message: AssistantMessage, exchange: Exchange): readonly JsonObject[] {
  const provider = providerOf(exchange)
  // A model of the 2.5 generation: it is sent no stand-in for a signature that is missing.
  const target = { ...testTarget(provider), model: 'gemini-2.5-flash' }
  const request = provider.chat?.request(chatWith({ messages: [message] }), target, { stream: true })
  return partsOf(objectsAt(bodyOf(request), 'contents') ?? [])
}

function signed(parts: readonly JsonObject[], kind: string): readonly unknown[] {
  return parts.filter((part) => kind in part).flatMap((part) => signatureOf(part) ?? [])
}

function callsIn(exchange: Exchange): readonly JsonObject[] {
  return partsOf(objectsAt(exchange.requestBody, 'contents') ?? []).filter(isCall)
}

function withoutForeignId(part: JsonObject): JsonObject {
  const { id, ...call } = objectOf(part['functionCall']) ?? {}
  const own = typeof id === 'string' && !id.startsWith('call_') ? { id } : {}
  return { ...part, functionCall: { ...call, ...own } }
}

function responseName(part: JsonObject): readonly unknown[] {
  const response = objectOf(part['functionResponse'])
  return response === undefined ? [] : [[response['name'], response['response']]]
}
