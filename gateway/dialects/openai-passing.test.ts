import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PassingReader } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { haveExchanges, loadExchanges, type Exchange } from '../test/exchanges.ts'
import { meaningOf } from '../test/oracle.ts'
import { createPassing } from './openai-passing.ts'

interface Ran {
  readonly forwarded: string
  readonly failure: Failure | undefined
  readonly reader: PassingReader
}

describe('a passing stream', () => {
  const healthy = stream(role(), text('Hello'), text(' world'), finish('stop'), 'data: [DONE]')

  it('forwards the very same chunks, and knows what passed', () => {
    const reader = createPassing({ hideUsage: false })
    for (const chunk of [role(), text('a'), text('b'), finish('stop'), usage(), 'data: [DONE]'].map((e) =>
      bytes(`${e}\n\n`),
    )) {
      expect(reader.push(chunk).forward).toBe(chunk)
    }
    expect(reader.end()).toEqual({ forward: undefined })
    expect(reader.facts).toEqual({ model: 'm', finish: 'stop', usage: { input: 3, output: 2 } })
  })

  it('is committed by the first content, and finished by the finish reason', () => {
    const reader = createPassing({ hideUsage: false })
    const states = [role(), text('a'), text('b'), finish('stop')].map((one) => {
      reader.push(bytes(`${one}\n\n`))
      return [reader.committed, reader.finished]
    })
    expect(states).toEqual([
      [false, false],
      [true, false],
      [true, false],
      [true, true],
    ])
  })

  it.each<[string, string]>([
    ['reasoning', delta({ reasoning_content: 'hm' })],
    ['reasoning by its other name', delta({ reasoning: 'hm' })],
    ['a tool call', delta({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f' } }] })],
    ['content in parts', delta({ content: [{ type: 'text', text: 'a' }] })],
    ['a thinking part', delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'a' }] }] })],
    ['text of a completion', event({ choices: [{ index: 0, text: 'a', finish_reason: null }] })],
    ['a refusal', delta({ refusal: 'no' })],
  ])('%s commits', (_name, first) => {
    const reader = createPassing({ hideUsage: false })
    reader.push(bytes(`${first}\n\n`))
    expect(reader.committed).toBe(true)
  })

  it.each([
    role(),
    ': comment',
    delta({ content: '' }),
    delta({ tool_calls: [] }),
    delta({ content: null }),
    'event: ping\ndata: {}',
  ])('does not take %s for content', (first) => {
    const reader = createPassing({ hideUsage: false })
    reader.push(bytes(`${first}\n\n`))
    expect(reader.committed).toBe(false)
  })

  it.each<[string, string, boolean]>([
    ['plain', healthy, false],
    ['with CRLF', healthy.replaceAll('\n', '\r\n'), false],
    ['with comments and spaces', `: hi\n\n${healthy.replace('data:', ' data:')}: bye\n\n`, false],
    [
      'with words that look like markers',
      stream(text('"error" [DONE] "finish_reason":"stop" \n\n "choices":[]'), finish('stop'), 'data: [DONE]'),
      false,
    ],
    ['with non-ASCII text', stream(text('日本語 🙂'), text('é'), finish('length'), 'data: [DONE]'), false],
    ['without [DONE]', stream(text('a'), finish('stop')), false],
    ['with usage that the client asked for', stream(text('a'), finish('stop'), usage(), 'data: [DONE]'), false],
    [
      'with usage inside the finish chunk',
      stream(
        text('a'),
        event({
          choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
          usage: { prompt_tokens: 1, completion_tokens: 1 },
        }),
        'data: [DONE]',
      ),
      true,
    ],
    [
      'with an empty first chunk of filter results',
      stream(event({ choices: [], prompt_filter_results: [] }), text('a'), finish('stop'), 'data: [DONE]'),
      true,
    ],
    [
      'with spaces in its JSON',
      stream(text('a'), text('b'), finish('stop'), 'data: [DONE]').replaceAll('":', '": '),
      false,
    ],
    [
      'with errors that are null',
      stream(
        event({ error: null, choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] }),
        finish('stop'),
      ),
      false,
    ],
  ])('%s: cut at any byte, the same bytes go on', (_name, body, hideUsage) => {
    for (const { forwarded, failure, reader } of cuts(body, hideUsage)) {
      expect(forwarded).toBe(body)
      expect(failure).toBeUndefined()
      expect(reader.finished).toBe(true)
      expect(reader.facts.finish).toMatch(/stop|length/)
    }
  })

  it.each(['data: [DONE]', finish('stop'), text('b')])('ends its last event where that lacks its end: %s', (last) => {
    // Libraries wait for the blank line, and what comes from us behind it would run into the event.
    const body = stream(text('a'), finish('stop'))
    for (const { forwarded } of cuts(body + last, false)) expect(forwarded).toBe(`${body}${last}\n\n`)
  })

  it('ends its last event also where the answer is cut behind it', () => {
    const { forwarded, failure } = run([stream(text('a')) + text('b')], false)
    expect([forwarded, failure?.kind]).toEqual([stream(text('a'), text('b')), 'cut'])
  })

  it.each([
    ['in order', stream(text('a'), text('b'), finish('stop'), usage(), 'data: [DONE]')],
    ['with CRLF', stream(text('a'), text('b'), finish('stop'), usage(), 'data: [DONE]').replaceAll('\n', '\r\n')],
    ['before the finish', stream(text('a'), usage(), text('b'), finish('stop'), 'data: [DONE]')],
    ['with spaces', stream(text('a'), text('b'), usage(), finish('stop')).replaceAll('":', '": ')],
    ['before everything', stream(usage(), text('a'), finish('stop'))],
    ['at the very end, without a blank line', stream(text('a'), finish('stop')) + usage()],
  ])('hides our own usage chunk, %s', (_name, body) => {
    const expected = body
      .split(/(?<=\n\r?\n)/)
      .filter((part) => !part.includes('prompt_tokens'))
      .join('')
    for (const { forwarded, reader } of cuts(body, true)) {
      expect(forwarded).toBe(expected)
      expect(reader.facts.usage).toEqual({ input: 3, output: 2 })
    }
  })

  it.each<[string, string, string, Partial<Failure>]>([
    [
      'an error event',
      stream(text('a')),
      stream('data: {"error":{"message":"boom","type":"server_error","code":null}}', 'data: [DONE]'),
      { kind: 'server-error', message: 'boom' },
    ],
    [
      'a named error',
      stream(text('a')),
      stream(
        'event: error\ndata: {"error":{"message":"no tool","type":"invalid_request_error","code":"tool_use_failed"}}',
      ),
      { kind: 'unsupported', code: 'tool_use_failed' },
    ],
    [
      'a named error that is the data itself',
      stream(text('a')),
      stream('event: error\ndata: {"message":"gone"}'),
      { kind: 'server-error', message: 'gone' },
    ],
    [
      'an error beside choices',
      stream(text('a'), finish('length')),
      stream(
        event({
          error: { code: 429, message: 'slow down' },
          choices: [{ index: 0, delta: { content: '' }, finish_reason: null }],
        }),
      ),
      { kind: 'rate-limited', status: 429 },
    ],
    [
      'an error before anything',
      '',
      stream('data: {"error":"model is loading"}'),
      { kind: 'server-error', message: 'model is loading' },
    ],
    [
      'a finish reason called error',
      stream(text('a')),
      stream(event({ choices: [{ index: 0, delta: {}, finish_reason: 'error' }] })),
      { kind: 'server-error' },
    ],
    ['an end without a finish', stream(text('a'), text('b')), '', { kind: 'cut' }],
    ['an end inside an event', stream(text('a')), text('bcd').slice(0, -9), { kind: 'cut' }],
    ['nothing', '', '', { kind: 'bad-reply' }],
    ['only comments', ': hi\n\n', '', { kind: 'bad-reply' }],
    ['only the terminal marker', '', stream('data: [DONE]'), { kind: 'bad-reply' }],
    ['a web page', '', '<!doctype html>\n<html>\n\n<body>Sign in</body></html>', { kind: 'bad-reply' }],
    [
      'an error as one JSON object',
      '',
      '{"error":{"message":"no such model","code":"model_not_found"}}',
      { kind: 'model-missing', message: 'no such model' },
    ],
    ['a whole reply in JSON', '', '{"choices":[{"message":{"content":"x"}}]}', { kind: 'bad-reply' }],
    ['garbage', '', '\u0000\u0001garbage\n\nmore garbage', { kind: 'bad-reply' }],
  ])('%s ends in failure and never reaches the client, cut at any byte', (_name, good, bad, expected) => {
    for (const { forwarded, failure, reader } of cuts(good + bad, false)) {
      expect(forwarded).toBe(good)
      expect(failure).toMatchObject(expected)
      expect(reader.push(bytes(stream(text('late'))))).toEqual({ forward: undefined })
    }
  })

  it.each([
    [
      'the finish chunk',
      event({ ...JSON.parse(finish('stop').slice(6)), usage: { prompt_tokens: 3, completion_tokens: 2 } }),
    ],
    [
      "Groq's own field",
      event({ ...JSON.parse(finish('stop').slice(6)), x_groq: { usage: { prompt_tokens: 3, completion_tokens: 2 } } }),
    ],
  ])('adds the usage chunk that the client asked for, where the upstream told it in %s', (_name, told) => {
    const whole = stream(role(), text('a'), told, 'data: [DONE]')
    const filled = run([whole], false, true).forwarded
    const chunks = filled.split('\n\n').filter((one) => one.startsWith('data: {'))
    const last = JSON.parse(chunks.at(-1)?.slice(6) ?? '{}')
    expect(last).toMatchObject({
      model: 'm',
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    })
    expect(filled.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(run([whole], false).forwarded).toBe(whole)
  })

  it('adds the usage chunk at the end of a stream without a terminal marker', () => {
    const told = event({ ...JSON.parse(finish('stop').slice(6)), usage: { prompt_tokens: 3, completion_tokens: 2 } })
    const { forwarded, failure } = run([stream(role(), text('a'), told)], false, true)
    expect(failure).toBeUndefined()
    expect(forwarded).toContain('"choices":[],"usage":{"prompt_tokens":3')
    const { forwarded: alike } = run([stream(role(), text('a'), told).trimEnd()], false, true)
    expect(alike).toBe(forwarded)
  })

  it('adds no second usage chunk', () => {
    const whole = stream(role(), text('a'), finish('stop'), usage(), 'data: [DONE]')
    expect(run([whole], false, true).forwarded).toBe(whole)
  })

  it('is not finished while another choice still speaks', () => {
    const reader = createPassing({ hideUsage: false })
    const second = event({ choices: [{ index: 1, delta: { content: 'b' }, finish_reason: null }] })
    reader.push(bytes(stream(text('a'), second, finish('stop'))))
    expect(reader.finished).toBe(true)
    reader.push(bytes(stream(second)))
    expect(reader.finished).toBe(false)
    expect(reader.end().failure?.kind).toBe('cut')
  })

  it.each(['data: {"choices": [', 'data: null', 'data: 7', 'data: "text"'])(
    'drops %s in the middle of an answer and goes on',
    (broken) => {
      const whole = stream(role(), text('a'), broken, text('b'), finish('stop'), 'data: [DONE]')
      const mended = stream(role(), text('a'), text('b'), finish('stop'), 'data: [DONE]')
      expect(run([whole], false)).toMatchObject({ forwarded: mended, failure: undefined })
      const events = whole.split(/(?<=\n\n)/)
      expect(run(events, false)).toMatchObject({ forwarded: mended, failure: undefined })
    },
  )

  it('drops one unreadable event before the answer and goes on', () => {
    const ran = run([`data: {half\n\n${healthy}`], false)
    expect(ran.forwarded).toBe(healthy)
    expect(ran.failure).toBeUndefined()
  })

  it('says the same of any bytes, however they are cut', () => {
    // Further blank lines between events mean nothing; whether one goes with an event that is held back depends on cuts.
    const meaning = (forwarded: string): string[] => forwarded.split('\n').filter((line) => line.trim() !== '')
    const block = fc.oneof(
      fc.constantFrom(
        role(),
        text('a'),
        finish('stop'),
        usage(),
        'data: [DONE]',
        'data: {"error":{}}',
        ': x',
        'data: {',
        '{',
        '<',
      ),
      fc.string(),
    )
    const body = fc.array(block).map((blocks) => Buffer.from(stream(...blocks)))
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 40 }), fc.boolean(), (all, size, hideUsage) => {
        const whole = run([all], hideUsage)
        const cut = run(pieces(all, size), hideUsage)
        expect([meaning(cut.forwarded), cut.failure?.kind, cut.reader.facts]).toEqual([
          meaning(whole.forwarded),
          whole.failure?.kind,
          whole.reader.facts,
        ])
      }),
    )
  })

  it('refuses an event without end', () => {
    const reader = createPassing({ hideUsage: false })
    const half = bytes('data: '.padEnd(limits.streamLineBytes / 2 + 1, 'x'))
    expect(reader.push(half)).toEqual({ forward: undefined })
    expect(reader.push(half).failure?.kind).toBe('bad-reply')
  })
})

describe('what was sent', () => {
  const sentAfter = (...events: string[]): ReturnType<PassingReader['sent']> =>
    run([stream(...events)], false).reader.sent()

  it('is the text and reasoning so far, under the names that the client saw', () => {
    expect(sentAfter(role(), delta({ reasoning_content: 'hm' }), text('a'), text('b'))).toEqual({
      id: 'chatcmpl-1',
      model: 'm',
      createdS: 7,
      text: 'ab',
      reasoning: 'hm',
      spliceable: true,
    })
  })

  it.each([
    ['a tool call', delta({ tool_calls: [{ index: 0 }] })],
    ['a refusal', delta({ refusal: 'no' })],
    ['a second choice', event({ choices: [{ index: 1, delta: { content: 'x' } }] })],
  ])('is never spliced after %s', (_name, second) => {
    expect(sentAfter(text('a'), second)?.spliceable).toBe(false)
  })

  it('is unknown where nobody could take the answer up', () => {
    const reader = createPassing({ hideUsage: false, keepSent: false })
    const chunk = bytes(stream(role(), text('a')))
    expect(reader.push(chunk).forward).toBe(chunk)
    expect(reader.sent()).toBeUndefined()
  })

  it('is unknown when more passed than is kept', () => {
    const reader = createPassing({ hideUsage: false })
    for (let kept = 0; kept <= limits.replayBytes; kept += 100_000)
      reader.push(bytes(stream(text('x'.repeat(100_000)))))
    expect(reader.sent()).toBeUndefined()
  })
})

const OPENAI_WIRE = [
  'azure',
  'cerebras',
  'deepseek',
  'gpustack',
  'groq',
  'huggingface',
  'llamacpp',
  'lmstudio',
  'mistral',
  'openai',
  'openrouter',
  'perplexity',
  'together',
  'vllm',
  'zai',
]
const recorded = loadExchanges(OPENAI_WIRE, ['chat', 'completions']).filter(
  (exchange) => exchange.stream && exchange.status === 200,
)

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`recorded streams${skipped}`, () => {
  it.each(recorded)('$provider/$name passes unchanged and is understood', (exchange) => {
    const expected = naive(exchange)
    for (const size of [1, 37, 1_000, exchange.reply.length]) {
      const { forwarded, failure, reader } = run(pieces(exchange.reply, size), false)
      const { finish: finished, usage: counted } = reader.facts
      const seen = { forwarded, error: failure?.message, text: reader.sent()?.text, finish: finished }
      expect({ ...seen, inputTokens: counted?.input, outputTokens: counted?.output }).toEqual(expected)
    }
  })

  it('are there', () => {
    expect(recorded.length).toBeGreaterThan(10)
  })
})

/** What the recording says, without any state: an error ends it, and so does the lack of an end. */
function naive(exchange: Exchange): object {
  const { text: said, finish: finished, inputTokens, outputTokens, error } = meaningOf(exchange)
  const blocks = exchange.reply.toString('latin1').split(/(?<=\n\r?\n)/)
  const failed = error === undefined || error === '' ? -1 : blocks.findIndex((block) => block.includes('"error"'))
  const forwarded = blocks.slice(0, failed < 0 ? undefined : failed).join('')
  const ended = finished !== undefined || forwarded.includes('[DONE]')
  const cut = ended
    ? undefined
    : 'The upstream closed the connection in the middle of its answer. Ask again; its own log may say why.'
  return { forwarded, error: failed < 0 ? cut : error, text: said, finish: finished, inputTokens, outputTokens }
}

function event(json: object): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 7, model: 'm', ...json })}`
}
function delta(value: object): string {
  return event({ choices: [{ index: 0, delta: value, finish_reason: null }] })
}
function role(): string {
  return delta({ role: 'assistant', content: '' })
}
function text(content: string): string {
  return delta({ content })
}
function finish(reason: string): string {
  return event({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })
}
function usage(): string {
  return event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })
}
function stream(...events: string[]): string {
  return events.map((one) => `${one}\n\n`).join('')
}
function bytes(content: string): Buffer {
  return Buffer.from(content)
}

/** Latin-1 keeps every byte apart, so that comparing strings compares bytes. */
function run(chunks: readonly (string | Buffer)[], hideUsage: boolean, fillUsage = false): Ran {
  const reader = createPassing({ hideUsage, fillUsage })
  let forwarded = ''
  let failure: Failure | undefined
  const take = (passed: ReturnType<PassingReader['push']>): void => {
    forwarded += Buffer.from(passed.forward ?? []).toString('latin1')
    failure ??= passed.failure
  }
  for (const chunk of chunks) take(reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
  take(reader.end())
  return { forwarded, failure, reader }
}

/** The body whole, cut once at every byte, and byte by byte; text is compared as it was written. */
function cuts(body: string, hideUsage: boolean): Ran[] {
  const all = Buffer.from(body)
  const twice = Array.from({ length: all.length }, (_, at) => run([all.subarray(0, at), all.subarray(at)], hideUsage))
  return [...twice, run([all], hideUsage), run(pieces(all, 1), hideUsage)].map((ran) => ({
    ...ran,
    forwarded: Buffer.from(ran.forwarded, 'latin1').toString(),
  }))
}

function pieces(all: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.subarray(index * size, (index + 1) * size),
  )
}
