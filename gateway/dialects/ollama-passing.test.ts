import { describe, expect, it } from 'vitest'
import type { Dialect, PassingReader } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { meaningOf } from '../test/oracle.ts'
import { ollamaChat } from './ollama-chat.ts'
import { ollamaEmbed } from './ollama-embed.ts'
import { generateKind, ollamaGenerateChat, ollamaGenerateCompletion } from './ollama-generate.ts'

interface Watched {
  readonly forwarded: string
  readonly failure: Failure | undefined
  readonly reader: PassingReader
}

function watch(body: Buffer | string, size = 1_000_000): Watched {
  const bytes = Buffer.from(body)
  const reader = ollamaChat.passing({ hideUsage: false })
  const out: Uint8Array[] = []
  const failures: Failure[] = []
  const note = ({ forward, failure }: ReturnType<PassingReader['push']>): void => {
    if (forward !== undefined) out.push(forward)
    if (failure !== undefined) failures.push(failure)
  }
  for (let at = 0; at < bytes.length; at += size) note(reader.push(bytes.subarray(at, at + size)))
  note(reader.end())
  return { forwarded: Buffer.concat(out).toString('utf8'), failure: failures[0], reader }
}

const line = (content: string): string =>
  `{"model":"m","created_at":"2024-01-01T00:00:00Z","message":{"role":"assistant","content":${JSON.stringify(content)}},"done":false}\n`
const CALL =
  '{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false}\n'
const DONE =
  '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}\n'
const WHOLE = line('Hel') + line('lo "done":true {"error"') + DONE

describe('a stream of Ollama that passes', () => {
  it.each([1, 7, 37, 1_000_000])('in pieces of %i keeps every byte', (size) => {
    const { forwarded, failure, reader } = watch(WHOLE, size)
    expect([forwarded, failure]).toEqual([WHOLE, undefined])
    expect(reader).toMatchObject({ committed: true, finished: true, done: true })
    expect(reader.facts).toEqual({ model: 'm', finish: 'stop', usage: { input: 3, output: 2 } })
  })

  it('is handed on as the same object where nothing is held back', () => {
    const bytes = Buffer.from(WHOLE)
    expect(ollamaChat.passing({ hideUsage: false }).push(bytes).forward).toBe(bytes)
  })

  it('finishes with tool calls wherever they stood', () => {
    expect(watch(CALL + line('x') + DONE).reader.facts.finish).toBe('tool_calls')
  })

  it('is not committed before its first word', () => {
    expect(watch(line('') + DONE).reader.committed).toBe(false)
    expect(watch(line('a')).reader.committed).toBe(true)
    expect(watch(CALL).reader.committed).toBe(true)
  })

  it.each([1, 37, 1_000_000])('never shows an error: pieces of %i', (size) => {
    const { forwarded, failure, reader } = watch(`${line('a')}{"error":"out of memory"}\n${DONE}`, size)
    expect([forwarded, failure?.message, reader.finished]).toEqual([line('a'), 'out of memory', false])
  })

  it('after any byte but the last is cut', () => {
    const bytes = Buffer.from(WHOLE)
    for (let length = 1; length < bytes.length - 1; length++) {
      const { failure, forwarded } = watch(bytes.subarray(0, length))
      expect(failure?.kind).toBe(length < line('Hel').length - 1 ? 'bad-reply' : 'cut')
      expect(WHOLE.startsWith(forwarded)).toBe(true)
      // An error of ours follows, which would run into a line without its end.
      expect(forwarded === '' || forwarded.endsWith('}\n')).toBe(true)
    }
  })

  it('loses lines that no client could read, and what comes after its end', () => {
    expect(watch(`${line('a')}garbage\n\n${DONE}{"more":1}\n`).forwarded).toBe(line('a') + DONE)
  })

  it.each([
    ['', 'bad-reply'],
    ['<html>', 'bad-reply'],
    ['{"error":"model \'x\' not found"}', 'model-missing'],
    [line('a') + DONE.replace('stop', 'error'), 'server-error'],
  ])('%j is a failure', (body, kind) => {
    expect(watch(body).failure?.kind).toBe(kind)
  })

  it('has a longest line', () => {
    const reader = ollamaChat.passing({ hideUsage: false })
    expect(reader.push(new Uint8Array(limits.streamLineBytes + 1)).failure?.kind).toBe('bad-reply')
    expect(reader.push(Buffer.from(DONE))).toEqual({ forward: undefined })
  })

  it('knows what its client has been sent', () => {
    const { reader } = watch(line('Hel') + line('lo'))
    expect(reader.sent()).toEqual({
      id: undefined,
      model: 'm',
      createdS: 1_704_067_200,
      text: 'Hello',
      reasoning: '',
      spliceable: true,
    })
    expect(watch(CALL).reader.sent()).toMatchObject({ spliceable: false })
    expect(ollamaChat.passing({ hideUsage: false, keepSent: false }).sent()).toBeUndefined()
  })

  it.each([
    [
      '{"model":"m","message":{"content":"x"},"done":true,"eval_count":1}',
      { model: 'm', usage: { input: 0, output: 1 } },
    ],
    ['{"model":"m","response":"x","done":true,"done_reason":"length"}', { finish: 'length' }],
    [CALL, { finish: 'tool_calls' }],
    ['{"error":"prompt too long; exceeded max context length"}', { kind: 'context-length' }],
    ['{"models":[]}', { kind: 'bad-reply' }],
    ['{"model":', { kind: 'bad-reply' }],
  ])('whole: %s', (body, expected) => {
    expect(ollamaChat.readReply(body)).toMatchObject(expected)
  })
})

const recorded = loadExchanges(['ollama'], ['native-chat', 'native-generate'])
const embedded = loadExchanges(['ollama'], ['native-embed'])

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded exchanges with Ollama${skipped}`, () => {
  it('has enough of them to mean something', () => {
    expect(recorded.length).toBeGreaterThanOrEqual(12)
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(recorded)(`$name passes in pieces of ${size}`, (exchange) => {
      const expected = meaningOf(exchange)
      const { forwarded, failure, reader } = watch(exchange.reply, size)
      if (expected.error !== undefined) {
        expect(failure?.message).toBe(expected.error)
        expect(forwarded).not.toContain('"error"')
        return
      }
      expect(failure).toBeUndefined()
      expect(forwarded).toBe(exchange.reply.toString('utf8'))
      expect(reader.finished).toBe(true)
      expect(reader.facts.finish).toBe(expected.finish)
      if (expected.outputTokens !== undefined) expect(reader.facts.usage?.output).toBe(expected.outputTokens)
      expect(reader.sent()?.text).toBe(expected.text)
    })
  }

  it.each(recorded)('$name is a request that is understood', (exchange) => {
    const dialect = dialectOf(exchange)
    const facts = dialect.inspect(exchange.requestBody)
    expect(facts).toMatchObject({ model: exchange.requestBody['model'] })
    const parsed = dialect.parse(exchange.requestBody)
    // Two of them only ask to load or unload a model.
    const isEmpty = exchange.api === 'native-generate' && exchange.requestBody['prompt'] === undefined
    expect(isFailure(parsed)).toBe(isEmpty)
  })

  it.each(embedded)('$name is a request that is understood, and a reply', (exchange) => {
    expect(ollamaEmbed.inspect(exchange.requestBody)).toMatchObject({ needs: ['embedding'] })
    expect(ollamaEmbed.parse(exchange.requestBody)).toMatchObject({ encoding: 'float' })
    expect(ollamaEmbed.readReply(exchange.reply.toString('utf8'))).toMatchObject({ usage: { output: 0 } })
  })
})

function dialectOf({ api, requestBody }: Exchange): Pick<Dialect<unknown>, 'inspect' | 'parse'> {
  if (api === 'native-chat') return ollamaChat
  return generateKind(requestBody) === 'chat' ? ollamaGenerateChat : ollamaGenerateCompletion
}
