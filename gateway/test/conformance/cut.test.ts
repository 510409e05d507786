import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveExchanges } from '../exchanges.ts'
import { startTestGateway, type TestGateway } from '../test-gateway.ts'
import type { Ask } from './ask.ts'
import { casesOf, isAnswer, isPrompt } from './cases.ts'
import { clientsOf, type ClientDialect } from './clients.ts'
import { loadRecordings, type Recording } from './corpus.ts'
import { NoEnd, type Meaning } from './meaning.ts'
import { readAi } from './read-ai.ts'
import { startReplay, type Cut, type Replay } from './replay.ts'
import { aliasOf, configOf, REPLAY_ENV, type Lane } from './targets.ts'

/** Chat streams of these differ from others. */
const OF_THEIR_OWN: ReadonlySet<string> = new Set(['cohere', 'mistral'])

/** The smallest whole stream of each wire: every way in which an upstream can be cut is seen on few bytes. */
const samples = onePerWire(loadRecordings().filter(isSample))

/** A client that is shown cut streams. */
interface Victim {
  readonly name: string
  readonly dialect: ClientDialect
  readonly read: (model: string) => Promise<Meaning>
}

const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`a stream that is cut${skipped}`, () => {
  let replay: Replay
  let gateway: TestGateway
  let victims: readonly Victim[]

  beforeAll(async () => {
    replay = await startReplay()
    gateway = await startTestGateway(configOf(samples, replay.url), REPLAY_ENV)
    victims = victimsOf(gateway)
  })
  afterAll(async () => {
    await gateway.close()
    await replay.close()
  })

  it('is tried on every wire', () => {
    expect(samples.length).toBeGreaterThan(6)
  })

  it.each(samples)('$id never looks complete ($body.length bytes)', { timeout: 120_000 }, async (recording) => {
    const lies: string[] = []
    let raised = 0
    const pairs = victims.flatMap((victim) => lanesOf(recording, victim).map((lane) => ({ victim, lane })))
    for (const [index, { victim, lane }] of pairs.entries()) {
      const read = reader(replay, recording, () => victim.read(aliasOf(recording, lane)))
      const whole = await read(undefined)
      if (!('answer' in whole)) throw new Error(`${victim.name} cannot read the whole: ${String(whole.raised)}`)
      for (const cut of cutsOf(recording, { share: index, of: pairs.length })) {
        const seen = await read(cut)
        if ('raised' in seen && !(seen.raised instanceof NoEnd)) raised += 1
        else if (!('answer' in seen) || said(seen.answer) !== said(whole.answer)) {
          lies.push(`${victim.name} on ${lane} after ${cut.bytes} bytes: ${JSON.stringify(seen).slice(0, 200)}`)
        }
      }
    }
    expect(lies).toEqual([])
    expect(raised).toBeGreaterThan(50)
  })

  it('is never taken for a bug', () => {
    expect(gateway.notices).toEqual([])
  })
})

type Seen = { readonly answer: Meaning } | { readonly raised: unknown }

function reader(
  replay: Replay,
  recording: Recording,
  read: () => Promise<Meaning>,
): (cut: Cut | undefined) => Promise<Seen> {
  return async (cut) => {
    replay.play(recording, cut)
    try {
      return { answer: await read() }
    } catch (raised) {
      return { raised }
    }
  }
}

function lanesOf(recording: Recording, { dialect }: Victim): readonly Lane[] {
  return casesOf([recording]).flatMap((one) => (one.dialect === dialect ? [one.lane] : []))
}

function victimsOf(gateway: TestGateway): readonly Victim[] {
  const { chat } = clientsOf(gateway)
  const askOf = (model: string): Ask => ({ model, stream: true, tools: [], image: false, format: 'text' })
  const official = (name: string, dialect: ClientDialect): Victim => ({
    name,
    dialect,
    read: (model) => chat(dialect, askOf(model), true),
  })
  return [
    official('openai', 'chat'),
    official('openai (Responses)', 'responses'),
    official('@anthropic-ai/sdk', 'messages'),
    official('ollama', 'ollama'),
    { name: 'ai', dialect: 'chat', read: (model) => readAi(gateway, model, 'chat') },
    { name: 'ai (Anthropic)', dialect: 'messages', read: (model) => readAi(gateway, model, 'messages') },
  ]
}

/** What must not be less: usage alone may still be on its way when an answer is over. */
function said({ text, reasoning, tools, finish }: Meaning): string {
  return JSON.stringify({ text, reasoning, tools, finish })
}

/** Cuts of one recording that are shared among the clients, and ends of lines that all of them are shown. */
const SHARED_CUTS = Number(process.env['SPILLWAY_CUTS'] ?? 1300)
const LINE_ENDS = 24

/**
 * After every byte, as far as there is time for, each cut for one of the clients; and for all of them after the last bytes
 * and at the ends of lines, where a cut looks most like an end. Half of the connections end as if all were well, half break.
 */
function cutsOf({ body, framing }: Recording, { share, of }: { share: number; of: number }): readonly Cut[] {
  const ends = framing === 'eventstream' ? [] : [...body].flatMap((byte, index) => (byte === 10 ? [index + 1] : []))
  const every = Math.max(1, Math.ceil(ends.length / LINE_ENDS))
  const step = Math.max(1, Math.ceil(body.length / SHARED_CUTS))
  const offsets = new Set([
    ...ends.filter((_, index) => index % every === share % every),
    ...Array.from({ length: 6 }, (_, index) => body.length - 1 - index),
  ])
  for (let offset = share * step; offset < body.length; offset += of * step) offsets.add(offset)
  return [...offsets]
    .filter((offset) => offset >= 0 && offset < body.length)
    .map((bytes, index) => ({ bytes, clean: index % 2 === 0 || bytes > body.length - 4 }))
}

function isSample(recording: Recording): boolean {
  const { status, framing, tags } = recording
  const isWhole =
    status === 200 &&
    framing !== 'json' &&
    !['stream_error', 'prompt_blocked', 'fin:refusal'].some((tag) => tags.has(tag))
  return isWhole && isAnswer(recording) && !isPrompt(recording) && (tags.has('text') || tags.has('tool_call'))
}

function onePerWire(recordings: readonly Recording[]): readonly Recording[] {
  const byWire = new Map<string, Recording>()
  for (const recording of recordings.toSorted((a, b) => a.body.length - b.body.length)) {
    const { provider, api, tags } = recording
    const isOwn = OF_THEIR_OWN.has(provider)
    const what = tags.has('tool_call') ? 'calls' : 'text'
    const wire = isOwn ? provider : api === 'chat' || api === 'messages' ? `${api} ${what}` : api
    if (!byWire.has(wire)) byWire.set(wire, recording)
  }
  return [...byWire.values()]
}
