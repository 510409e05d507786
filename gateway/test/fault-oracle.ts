import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { modelOf, runFaults, type Fault, type FaultWorld, type Seen, type Verdict } from './fault-world.ts'
import { TEXT } from './healthy-reply.ts'

/** Nobody waits longer, whatever happens behind the gateway: all configured clocks together, and room for a slow machine. */
const DEADLINE_MS = 9_500

/** Runs every fault once, and then claims of each what must hold whatever goes wrong behind a gateway. Called in a `describe`. */
export function testFaults(faults: readonly Fault[]): void {
  let world: FaultWorld
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): void => void rejections.push(reason)

  beforeAll(async () => {
    process.on('unhandledRejection', onRejection)
    world = await runFaults(faults)
  }, 60_000)
  afterAll(async () => {
    process.off('unhandledRejection', onRejection)
    await world.close()
  })

  it.each(faults)('$name', (fault) => {
    const seen = world.seen.filter((one) => one.fault === fault)
    expect(seen.length).toBeGreaterThan(0)
    const healed = world.healed.filter((one) => one.fault === fault)
    expect([...seen.flatMap(mistakesOf), ...healed.flatMap(curedMistakesOf)]).toEqual([])
  })

  it('is never taken for a bug of the gateway, and leaves no promise behind', () => {
    expect(world.gateway.notices.filter((notice) => notice.includes('bug'))).toEqual([])
    expect(rejections).toEqual([])
  })
}

/** Every way in which a story went otherwise than its verdict says. */
function mistakesOf(seen: Seen): string[] {
  return differences(labelOf(seen), storyOf(seen), { ...expectedStory(seen), complaint: undefined })
}

/** The same target, well again: its one slot is free, its connections are clean. */
function curedMistakesOf(seen: Seen): string[] {
  const row = seen.rows[0]
  const story = {
    text: seen.reply.text,
    error: seen.reply.error,
    rows: seen.rows.length,
    by: row && plain(row.target),
    outcome: row?.outcome,
  }
  return differences(`${labelOf(seen)}, cured`, story, {
    text: TEXT,
    error: undefined,
    rows: 1,
    by: 'faulty',
    outcome: 'ok',
  })
}

function differences(label: string, got: Story, wanted: Story): string[] {
  return Object.keys(wanted)
    .filter((key) => String(got[key]) !== String(wanted[key]))
    .map((key) => `${label}: ${key} is ${String(got[key])}, not ${String(wanted[key])}`)
}

type Story = Readonly<Record<string, unknown>>

/** Ids that are used more than once are numbered. */
function plain(target: string | null | undefined): string | undefined {
  return target?.replace(/#\d+$/, '')
}

function labelOf(seen: Seen): string {
  return `${modelOf(seen)}, ${seen.stream ? 'streamed' : 'whole'}`
}

function verdictOf({ fault, stream }: Seen): Verdict {
  return (stream ? fault.stream : fault.whole) ?? 'answer'
}

/** What happened, as far as every fault is judged by it. */
function storyOf(seen: Seen): Story {
  const { reply, rows, fault } = seen
  const [row] = rows
  const failed = row?.attempts.filter((attempt) => attempt.failure !== undefined) ?? []
  const isKnown = failed.every(({ failure }) => failure !== undefined && fault.kinds.includes(failure))
  return {
    client: clientSaw(seen),
    complaint: fault.complaint?.(seen),
    late: reply.ms > DEADLINE_MS,
    error: errorMistakes(seen),
    rows: rows.length,
    outcome: row?.outcome,
    attempts: row?.attempts.map(
      (attempt) => `${plain(attempt.target)}:${attempt.failure === undefined ? 'ok' : 'failed'}`,
    ),
    kinds: isKnown ? 'as expected' : failed.map(({ failure, message }) => `${failure}: ${message}`).join(', '),
    servedBy: row?.outcome === 'ok' ? plain(row.target) : undefined,
    namedTarget: row?.outcome === 'ok' ? plain(servedByHeader(seen)) : undefined,
  }
}

/** The header is sent with the first word, so it can name only who spoke that. */
function servedByHeader({ reply, rows }: Seen): string | null | undefined {
  const isContinued = rows[0]?.attempts.some((attempt) => attempt.why.startsWith('continue')) === true
  return isContinued ? rows[0]?.target : reply.headers?.get('x-spillway-target')
}

function clientSaw({ reply, fault }: Seen): string {
  const whole = fault.text ?? TEXT
  if (reply.error === undefined)
    return reply.text === whole ? 'the whole text' : `success with ${JSON.stringify(reply.text)}`
  if (!(reply.error instanceof OpenAI.APIError))
    return `no API error but ${reply.error instanceof Error ? reply.error.message : 'no error at all'}`
  if (reply.error instanceof OpenAI.APIConnectionError) return `a broken connection: ${reply.error.message}`
  if (reply.error.status !== undefined) return 'an error reply'
  return whole.startsWith(reply.text) ? 'an error in the stream' : `an error after ${JSON.stringify(reply.text)}`
}

/** An error reply has OpenAI's shape, and a sentence that helps. */
function errorMistakes({ reply, fault }: Seen): string | undefined {
  if (!(reply.error instanceof OpenAI.APIError)) return undefined
  const { error, status } = reply.error
  const shape = error as Readonly<Record<string, unknown>> | undefined // the SDK hands it on unread
  if (typeof shape?.['message'] !== 'string' || shape['message'].length < 20) return `message: ${JSON.stringify(shape)}`
  if (typeof shape['type'] !== 'string') return `type: ${JSON.stringify(shape)}`
  if (!('code' in shape)) return `code: ${JSON.stringify(shape)}`
  if (/\bat .*:\d+:\d+|node_modules|\[object|undefined/.test(shape['message'])) return `internals: ${shape['message']}`
  if (fault.status !== undefined && status !== undefined && status !== fault.status) return `status ${status}`
  return undefined
}

function expectedStory(seen: Seen): Story {
  const verdict = verdictOf(seen)
  const ends = verdict === 'answer' || (seen.backed && (verdict === 'moves' || verdict === 'cut'))
  const target = verdict === 'answer' ? 'faulty' : 'healthy'
  const asked = verdict === 'answer' ? ['faulty:ok'] : ['faulty:failed', ...(ends ? ['healthy:ok'] : [])]
  const inStream = verdict === 'cut' || verdict === 'lost'
  return {
    client: ends ? 'the whole text' : inStream ? 'an error in the stream' : 'an error reply',
    late: false,
    error: undefined,
    rows: 1,
    outcome: ends ? 'ok' : inStream ? 'truncated' : 'error',
    attempts: asked,
    kinds: 'as expected',
    servedBy: ends ? target : undefined,
    namedTarget: ends ? target : undefined,
  }
}
