import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AssistantMessage, ChatRequest, Message, Tool } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { HttpHead, Provider, Reader } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { Secret } from '../contract/secret.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { providers } from './registry.ts'
import { presets } from './presets.ts'
import { converseBytes } from './test/event-stream-bytes.ts'
import { grammarBreach } from './test/grammar.ts'
import { readReply } from './test/read-reply.ts'
import { testTarget } from './test/test-target.ts'

/**
 * The contract of every provider, over its folder of fixtures: `__fixtures__/<provider>/<case>/` with `chat.json` (what is
 * asked), `request.json` (what must go out), `reply.txt`, `reply.json` or `reply.frames.json` (an AWS event stream as
 * `[event, payload]`), and `events.json` (what the reply means); `target.json` where the target matters. An
 * error case has `head.json` with the status and `failure.json` instead of events. No code is added for a new provider.
 */
const FIXTURES = join(import.meta.dirname, '__fixtures__')

interface Case {
  readonly provider: Provider
  readonly name: string
  readonly folder: string
  readonly reply: Buffer
  readonly head: HttpHead
}

const cases: readonly Case[] = providers.flatMap((provider) =>
  foldersOf(provider.id).map((name) => readCase(provider, name)),
)
/** All but the built-in model, which has nobody behind it. */
const upstreams = providers.filter((provider) => provider.chat !== undefined)
const succeeding = cases.filter(({ folder }) => existsSync(join(folder, 'events.json')))
const failing = cases.filter(({ folder }) => existsSync(join(folder, 'failure.json')))

describe('every provider', () => {
  it('with a file of its own has fixtures for text, a tool call and an error', () => {
    const own = providers.filter((provider) => provider.chat !== undefined && !presets.includes(provider))
    const poor = own.filter(
      (provider) => !['text', 'tool', 'error'].every((name) => foldersOf(provider.id).includes(name)),
    )
    expect(poor.map((provider) => provider.id)).toEqual([])
    expect(own.length).toBeGreaterThan(9)
    expect(succeeding.length + failing.length).toBe(cases.length)
  })

  it.each(cases)('$provider.id/$name writes the request', ({ provider, folder, name }) => {
    const chat = readChat(folder, 'a-model')
    const target = targetOf(provider, folder)
    const stream = !existsSync(join(folder, 'reply.json')) || name === 'error'
    const request = provider.chat?.request(chat, target, { stream })
    if (request === undefined || isFailure(request)) throw new Error('no request')
    const { body, ...rest } = request
    expect({ ...rest, body: JSON.parse(body) }).toEqual(readJson(folder, 'request.json'))
    expect(body).not.toContain('test-key')
  })

  for (const size of [1, 37, 1_000_000]) {
    it.each(succeeding)(
      `$provider.id/$name gives its events in pieces of ${size}`,
      ({ provider, folder, reply, head }) => {
        const events = readReply(readerOf(provider, head), reply, size)
        expect(events).toEqual(readJson(folder, 'events.json'))
        expect(grammarBreach(events)).toBeUndefined()
      },
    )
  }

  it.each(succeeding)('$provider.id/$name never ends well when it is cut', ({ provider, reply, head }) => {
    const whole = readReply(readerOf(provider, head), reply, reply.length)
    const finished = whole.findIndex((event) => event.type === 'end')
    const wrong = cutsOf(reply).filter((length) => {
      const events = readReply(readerOf(provider, head), reply.subarray(0, length), 64)
      if (grammarBreach(events) !== undefined) return true
      if (!events.some((event) => event.type === 'end')) return events.at(-1)?.type !== 'failure'
      // A stream that was cut after its finish reason has lost nothing but its mark of the end.
      return JSON.stringify(contentOf(events)) !== JSON.stringify(contentOf(whole.slice(0, finished + 1)))
    })
    expect(wrong).toEqual([])
  })

  it.each(failing)('$provider.id/$name says what is wrong', ({ provider, folder, reply, head }) => {
    expect(provider.failure(head, reply.toString('utf8'))).toEqual(readJson(folder, 'failure.json'))
  })

  it.each(presets)('$id reads the common wire', (provider) => {
    const { reply, head, folder } = readCase(provider, 'text', 'openai_like')
    expect(readReply(readerOf(provider, head), reply, 37)).toEqual(readJson(folder, 'events.json'))
  })

  it.each(upstreams)('$id survives whatever an upstream sends', (provider) => {
    const bodies = [
      '',
      '<html><title>Hi</title></html>',
      'gateway timeout',
      '{"choices":[{"mess',
      'data: {"broken',
      '[]',
      'null',
      '42',
    ]
    for (const body of bodies) {
      for (const status of [200, 302, 400, 404, 429, 500]) {
        expect(provider.failure({ status, headers: {} }, body).message).not.toBe('')
      }
      const events = readReply(readerOf(provider, { status: 200, headers: {} }), Buffer.from(body), 3)
      expect(events).toEqual([{ type: 'failure', failure: expect.objectContaining({ kind: 'bad-reply' }) }])
    }
  })

  it.each(upstreams)('$id sends its key in a header and nowhere else', (provider) => {
    const target = { ...testTarget(provider), key: new Secret('sk-very-secret') }
    const carrying = Object.entries(provider.headers(target)).filter(([, value]) => value.includes('sk-very-secret'))
    expect(carrying.length).toBe(1)
    for (const name of Object.keys(provider.headers(target))) expect(name).toBe(name.toLowerCase())
    expect(provider.headers({ ...target, key: undefined })).not.toHaveProperty('authorization')
  })
})

function readerOf(provider: Provider, head: HttpHead): Reader {
  if (provider.chat === undefined) throw new Error(`${provider.id} has no chat`)
  return provider.chat.reader(head)
}

/** Every event border, and a spread of places between them. */
function cutsOf(reply: Buffer): readonly number[] {
  const cuts = new Set<number>()
  for (let at = 0; at < reply.length; at += 1) {
    if (reply[at] === 10 || at % 13 === 0) cuts.add(at)
    if (reply[at] === 10) cuts.add(at + 1)
  }
  cuts.delete(reply.length)
  return [...cuts]
}

function contentOf(events: readonly StreamEvent[]): readonly StreamEvent[] {
  return events.filter((event) => event.type !== 'usage' && event.type !== 'failure')
}

function foldersOf(id: string): readonly string[] {
  const folder = join(FIXTURES, id)
  return existsSync(folder) ? readdirSync(folder) : []
}

function readCase(provider: Provider, name: string, owner = provider.id): Case {
  const folder = join(FIXTURES, owner, name)
  const file = ['reply.json', 'reply.frames.json'].find((reply) => existsSync(join(folder, reply))) ?? 'reply.txt'
  const contentType = file === 'reply.json' ? 'application/json' : 'text/event-stream'
  const head: HttpHead = existsSync(join(folder, 'head.json'))
    ? readJson(folder, 'head.json')
    : { status: 200, headers: { 'content-type': contentType } }
  const reply = file === 'reply.frames.json' ? converseBytes(readJson(folder, file)) : readFileSync(join(folder, file))
  return { provider, name, folder, reply, head }
}

function targetOf(provider: Provider, folder: string): Target {
  const stated: Partial<Target> = existsSync(join(folder, 'target.json')) ? readJson(folder, 'target.json') : {}
  return { ...testTarget(provider), ...stated }
}

/** Fixtures are ours: they have the shape that they are read as. */
function readJson(folder: string, file: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'))
}

/** A fixture states what matters to it; the rest is what a client leaves out. */
function readChat(folder: string, model: string): ChatRequest {
  const stated: Partial<ChatRequest> = readJson(folder, 'chat.json')
  return {
    model,
    toolChoice: undefined,
    parallelToolCalls: undefined,
    sampling: {},
    format: undefined,
    reasoning: undefined,
    user: undefined,
    prefill: undefined,
    extra: {},
    ...stated,
    messages: (stated.messages ?? []).map(completeMessage),
    tools: (stated.tools ?? []).map((tool: Tool) => ({ ...tool, strict: tool.strict })),
  }
}

function completeMessage(message: Message): Message {
  if (message.role !== 'assistant') return { ...message, name: message.name }
  const blank: Partial<AssistantMessage> = { reasoning: [], toolCalls: [], refusal: undefined, extra: {} }
  return { ...blank, ...message, name: message.name }
}

/** Keeps the golden failures honest: they are failures. */
it('golden failures have a kind and a sentence', () => {
  for (const { folder } of failing) {
    const failure: Failure = readJson(folder, 'failure.json')
    expect(failure.kind).not.toBe('internal')
    expect(failure.message.length).toBeGreaterThan(10)
  }
})
