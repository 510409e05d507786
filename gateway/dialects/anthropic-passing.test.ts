import { describe, expect, it } from 'vitest'
import type { PassingReader } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { anthropicMessages } from './anthropic-messages.ts'

const newPassing = (): PassingReader => anthropicMessages.passing({ hideUsage: false })

const event = (data: JsonObject & { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}    \n\n`
const START = event({
  type: 'message_start',
  message: { model: 'claude', usage: { input_tokens: 5, cache_read_input_tokens: 100, output_tokens: 1 } },
})
const OPEN = event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
const PING = event({ type: 'ping' })
const text = (words: string): string => {
  return event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } })
}
const CLOSE = event({ type: 'content_block_stop', index: 0 })
const finish = (reason = 'end_turn'): string => {
  return event({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 9 } })
}
const STOP = event({ type: 'message_stop' })
const HEALTHY = START + OPEN + PING + text('Hello') + text(' world') + CLOSE + finish() + STOP
const OVERLOADED = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }

interface Ran {
  readonly forwarded: string
  readonly failure: Failure | undefined
  readonly reader: PassingReader
}

function run(chunks: readonly Buffer[]): Ran {
  const reader = newPassing()
  const forwarded: Uint8Array[] = []
  let failure: Failure | undefined
  for (const passed of [...chunks.map((chunk) => () => reader.push(chunk)), () => reader.end()]) {
    const result = passed()
    if (result.forward !== undefined) forwarded.push(result.forward)
    failure ??= result.failure
  }
  return { forwarded: Buffer.concat(forwarded).toString(), failure, reader }
}

/** The body in two pieces, cut at every byte, and byte by byte. */
function cuts(body: string): readonly Ran[] {
  const bytes = Buffer.from(body)
  const halves = Array.from(bytes, (_byte, at) => run([bytes.subarray(0, at), bytes.subarray(at)]))
  return [...halves, run(Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)))]
}

describe('a passing Messages stream', () => {
  it('gives an answer that has finished the end that its upstream did not send', () => {
    const body = START + OPEN + text('Hello') + CLOSE + finish()
    const end = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    for (let length = 0; length < STOP.trimEnd().length; length += 1) {
      const { forwarded, failure } = run([Buffer.from(body + STOP.slice(0, length))])
      expect([forwarded, failure]).toEqual([body + end, undefined])
    }
    // Whole but for the blank line, which some libraries wait for.
    expect(run([Buffer.from(body + STOP.trimEnd())]).forwarded).toBe(`${body}${STOP.trimEnd()}\n\n`)
    expect(run([Buffer.from(body.trimEnd())]).forwarded).toBe(`${body.trimEnd()}\n\n${end}`)
  })

  it('forwards the very same chunks, and knows what passed', () => {
    const reader = newPassing()
    for (const part of [START, OPEN + PING, text('a'), text('b') + CLOSE, finish('tool_use') + STOP]) {
      const chunk = Buffer.from(part)
      expect(reader.push(chunk).forward).toBe(chunk)
    }
    expect(reader.end()).toEqual({ forward: undefined })
    expect(reader.facts).toEqual({
      model: 'claude',
      finish: 'tool_calls',
      usage: { input: 105, cacheRead: 100, output: 9 },
    })
  })

  it('is committed by the first words, finished by the stop reason, and done at its last event', () => {
    const reader = newPassing()
    const states = [START, PING, OPEN, text('a'), CLOSE, finish(), STOP].map((part) => {
      reader.push(Buffer.from(part))
      return [reader.committed, reader.finished, reader.done]
    })
    expect(states).toEqual([
      [false, false, false],
      [false, false, false],
      [false, false, false],
      [true, false, false],
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ])
    expect(reader.sent()).toBeUndefined()
  })

  it.each<[string, JsonObject]>([
    ['a thought, which may be silent for long', { type: 'thinking', thinking: '', signature: '' }],
    ['a call', { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }],
    ['a text that comes with its block', { type: 'text', text: 'Hello' }],
  ])('is committed by the beginning of %s', (_name, block) => {
    const { reader } = run([
      Buffer.from(START + event({ type: 'content_block_start', index: 0, content_block: block })),
    ])
    expect(reader.committed).toBe(true)
  })

  it.each([
    ['plain', HEALTHY],
    ['with CRLF', HEALTHY.replaceAll('\n', '\r\n')],
    [
      'with comments',
      `: hi\n\n${HEALTHY.replace('event: content_block_stop', ': still there\n\nevent: content_block_stop')}`,
    ],
    [
      'with words that look like markers',
      START + OPEN + text('"error" event: error "message_stop" \n\ndata: {') + finish() + STOP,
    ],
    ['with non-ASCII text', START + OPEN + text('日本語 🙂') + finish() + STOP],
    ['without content', START + finish('refusal') + STOP],
    ['with spaces in its JSON', HEALTHY.replaceAll('":', '": ')],
    ["with OpenAI's marker behind it", `${HEALTHY}data: [DONE]\n\n`],
  ])('%s: cut at any byte, the same bytes go on', (_name, body) => {
    for (const { forwarded, failure, reader } of cuts(body)) {
      expect(forwarded).toBe(body)
      expect(failure).toBeUndefined()
      expect(reader.finished).toBe(true)
      expect(reader.facts).toMatchObject({ model: 'claude', usage: { input: 105, output: 9 } })
    }
  })

  it.each<[string, string, string, Partial<Failure>]>([
    [
      'an error event',
      START + OPEN + text('a'),
      event(OVERLOADED) + STOP,
      { kind: 'overloaded', message: 'Overloaded' },
    ],
    ['an error before anything', '', event(OVERLOADED), { kind: 'overloaded' }],
    ['an error after the stop reason', START + OPEN + text('a') + finish(), event(OVERLOADED), { kind: 'overloaded' }],
    [
      'an error without its name',
      START + OPEN + text('a'),
      `data: ${JSON.stringify(OVERLOADED)}\n\n`,
      { kind: 'overloaded' },
    ],
    [
      'a named error of another shape',
      START + OPEN,
      'event: error\ndata: {"message":"gone"}\n\n',
      { kind: 'server-error', message: 'gone' },
    ],
    [
      'a prompt that is too long',
      '',
      event({
        type: 'error',
        error: { type: 'invalid_request_error', message: 'prompt is too long: 3 tokens > 2 maximum' },
      }),
      { kind: 'context-length' },
    ],
    [
      'a rate limit',
      START,
      event({ type: 'error', error: { type: 'rate_limit_error', message: 'slow' } }),
      { kind: 'rate-limited', status: 429 },
    ],
    [
      'an account without credit',
      START,
      event({ type: 'error', error: { type: 'billing_error', message: 'pay' } }),
      { kind: 'quota' },
    ],
    ['an end without a stop reason', START + OPEN + text('a'), '', { kind: 'cut' }],
    ['an end inside an event', START + OPEN + text('a'), text('bcd').slice(0, -12), { kind: 'cut' }],
    ['nothing', '', '', { kind: 'bad-reply' }],
    ['only comments', ': hi\n\n', '', { kind: 'bad-reply' }],
    ['only the last event', '', STOP, { kind: 'bad-reply' }],
    ['a web page', '', '<!doctype html>\n<html>\n\n<body>Sign in</body></html>', { kind: 'bad-reply' }],
    ['an error as one JSON object', '', JSON.stringify(OVERLOADED), { kind: 'overloaded' }],
    ['a whole reply in JSON', '', '{"type":"message","content":[]}', { kind: 'bad-reply' }],
    ['garbage', '', '\u0000\u0001garbage\n\nmore garbage', { kind: 'bad-reply' }],
  ])('%s ends in failure and never reaches the client, cut at any byte', (_name, good, bad, expected) => {
    for (const { forwarded, failure, reader } of cuts(good + bad)) {
      expect(forwarded).toBe(good)
      expect(failure).toMatchObject(expected)
      expect(reader.push(Buffer.from(STOP))).toEqual({ forward: undefined })
    }
    expect(run([Buffer.from(good + bad)]).failure).toMatchObject(expected)
  })

  it('hides data that no library could read', () => {
    const broken = 'event: content_block_delta\ndata: {"type":"content_block_del\n\n'
    for (const { forwarded, failure } of cuts(START + OPEN + text('a') + broken + text('b') + finish() + STOP)) {
      expect(forwarded).toBe(START + OPEN + text('a') + text('b') + finish() + STOP)
      expect(failure).toBeUndefined()
    }
  })

  it('gives up on an event that never ends', () => {
    const reader = newPassing()
    const piece = Buffer.alloc(limits.streamLineBytes / 4 + 1, 'x')
    const failures = Array.from({ length: 5 }, () => reader.push(piece).failure)
    expect(failures.filter((failure) => failure !== undefined)).toMatchObject([{ kind: 'bad-reply' }])
  })
})

describe('a whole message that passes', () => {
  it('tells model, usage and why it ended', () => {
    const reply = {
      type: 'message',
      model: 'claude',
      content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }],
      stop_reason: 'tool_use',
      usage: { input_tokens: 1, cache_creation_input_tokens: 10, output_tokens: 2 },
    }
    expect(anthropicMessages.readReply(JSON.stringify(reply))).toEqual({
      model: 'claude',
      finish: 'tool_calls',
      usage: { input: 11, cacheWrite: 10, output: 2 },
    })
  })

  it.each<[string, Partial<Failure>]>([
    [JSON.stringify(OVERLOADED), { kind: 'overloaded' }],
    ['', { kind: 'bad-reply' }],
    ['<html>', { kind: 'bad-reply' }],
    ['{"type":"message","content":[{"type":"te', { kind: 'bad-reply' }],
    ['{"choices":[]}', { kind: 'bad-reply' }],
  ])('%s is no message', (body, expected) => {
    const failure = anthropicMessages.readReply(body)
    expect(isFailure(failure)).toBe(true)
    expect(failure).toMatchObject(expected)
  })
})
