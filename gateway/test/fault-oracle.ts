import { afterAll, beforeAll, expect, it } from 'vitest'
import { isWholeAnswer, saidOf, wholeAnswer } from './fault-client.ts'
import { modelOf, runFaults, type Fault, type FaultWorld, type Seen, type Stage, type Verdict } from './fault-world.ts'

/** Nobody waits longer than all configured clocks together, whatever happens behind the gateway; and room for a slow machine. */
const SLACK_MS = 1_500

/** Runs every fault once, and then claims of each what must hold whatever goes wrong behind a gateway. Called in a `describe`. */
export function testFaults<Piece extends string | Uint8Array>(
  stage: Stage<Piece>,
  faults: readonly Fault<Piece>[],
): void {
  const deadlineMs = stage.patienceMs.total + SLACK_MS
  let world: FaultWorld
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): void => void rejections.push(reason)

  beforeAll(async () => {
    process.on('unhandledRejection', onRejection)
    world = await runFaults(faults, stage)
  }, 60_000)
  afterAll(async () => {
    process.off('unhandledRejection', onRejection)
    await world.close()
  })

  const titled = faults.map((fault) => ({ fault, title: titleOf(fault) }))

  it.each(titled)('$title', ({ fault }) => {
    const seen = world.seen.filter((one) => one.fault === fault)
    expect(seen.length).toBeGreaterThan(0)
    const healed = world.healed.filter((one) => one.fault === fault)
    expect([...seen.flatMap((one) => mistakesOf(one, deadlineMs)), ...healed.flatMap(curedMistakesOf)]).toEqual([])
  })

  it('is never taken for a bug of the gateway, and leaves no promise behind', () => {
    expect(world.gateway.notices.filter((notice) => notice.includes('bug'))).toEqual([])
    expect(rejections).toEqual([])
  })
}

/** Rows of one lane only may have the names of others'. */
function titleOf({ name, lanes }: Fault<never>): string {
  return lanes?.length === 1 ? `${lanes[0]}: ${name}` : name
}

/** Every way in which a story went otherwise than its verdict says. */
function mistakesOf(seen: Seen, deadlineMs: number): string[] {
  return differences(labelOf(seen), storyOf(seen, deadlineMs), { ...expectedStory(seen), complaint: undefined })
}

/** The same target, well again: its one slot is free, its connections are clean. */
function curedMistakesOf(seen: Seen): string[] {
  const row = seen.rows[0]
  const story = {
    said: isWhole(seen, undefined) ? 'the whole answer' : saidOf(seen.reply),
    error: seen.reply.error,
    rows: seen.rows.length,
    by: row && plain(row.target),
    outcome: row?.outcome,
  }
  return differences(`${labelOf(seen)}, cured`, story, {
    said: 'the whole answer',
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
function storyOf(seen: Seen, deadlineMs: number): Story {
  const { reply, rows, fault } = seen
  const [row] = rows
  const failed = row?.attempts.filter((attempt) => attempt.failure !== undefined) ?? []
  const isKnown = failed.every(({ failure }) => failure !== undefined && fault.kinds.includes(failure))
  return {
    client: clientSaw(seen),
    complaint: fault.complaint?.(seen),
    late: reply.ms > deadlineMs,
    error: errorMistakes(seen),
    rows: rows.length,
    outcome: row?.outcome,
    attempts: row?.attempts.map(
      (attempt) => `${plain(attempt.target)}:${attempt.failure === undefined ? 'ok' : 'failed'}`,
    ),
    kinds: isKnown ? 'as expected' : failed.map(({ failure, message }) => `${failure}: ${message}`).join(', '),
    servedBy: row?.outcome === 'ok' ? plain(row.target) : undefined,
    namedTarget: row?.outcome === 'ok' ? plain(servedByHeader(seen)) : undefined,
    firstToken: firstTokenMistake(seen),
  }
}

/** The first token is the first that the client saw: not one of an attempt that was given up unseen. */
function firstTokenMistake(seen: Seen): string | undefined {
  const [row] = seen.rows
  const last = row?.attempts.at(-1)
  if (verdictOf(seen) !== 'moves' || row?.outcome !== 'ok' || last === undefined) return undefined
  const { firstTokenMs } = row
  return firstTokenMs === undefined || firstTokenMs < last.atMs ? `${firstTokenMs} before ${last.atMs}` : undefined
}

/** The header is sent with the first word, so it can name only who spoke that. */
function servedByHeader({ reply, rows }: Seen): string | null | undefined {
  const isContinued = rows[0]?.attempts.some((attempt) => attempt.why.startsWith('continue')) === true
  return isContinued ? rows[0]?.target : reply.headers?.get('x-spillway-target')
}

function clientSaw(seen: Seen): string {
  const { reply, fault, lane } = seen
  if (reply.error === undefined) return isWhole(seen, fault.text) ? 'the whole answer' : `success with ${saidOf(reply)}`
  const { how, message } = lane.client.judge(reply.error)
  if (how === 'reply') return 'an error reply'
  if (how === 'broken') return message
  const whole = wholeAnswer(fault.script ?? 'text', fault.text)
  const isPart = whole.text.startsWith(reply.text) && whole.thought.startsWith(reply.thought)
  return isPart ? 'an error in the stream' : `an error after ${saidOf(reply)}`
}

/** @param text of a row that brings events of its own, which may be anything beside the text */
function isWhole({ reply, fault }: Seen, text: string | undefined): boolean {
  return text === undefined ? isWholeAnswer(reply, fault.script ?? 'text') : reply.text === text
}

/** An error reply has the shape of the client's wire, and a sentence that helps. */
function errorMistakes({ reply, fault, lane }: Seen): string | undefined {
  if (reply.error === undefined) return undefined
  const { how, status, message, complaint } = lane.client.judge(reply.error)
  if (how === 'broken') return undefined
  if (complaint !== undefined) return complaint
  if (message.length < 20) return `message: ${message}`
  if (/\bat .*:\d+:\d+|node_modules|\[object|undefined/.test(message)) return `internals: ${message}`
  if (fault.status !== undefined && how === 'reply' && status !== fault.status) return `status ${status}`
  return undefined
}

function expectedStory(seen: Seen): Story {
  const verdict = verdictOf(seen)
  const ends = verdict === 'answer' || (seen.backed && (verdict === 'moves' || verdict === 'cut'))
  const target = verdict === 'answer' ? 'faulty' : 'healthy'
  const asked = verdict === 'answer' ? ['faulty:ok'] : ['faulty:failed', ...(ends ? ['healthy:ok'] : [])]
  const inStream = verdict === 'cut' || verdict === 'lost'
  return {
    client: ends ? 'the whole answer' : inStream ? 'an error in the stream' : 'an error reply',
    late: false,
    error: undefined,
    rows: 1,
    outcome: ends ? 'ok' : inStream ? 'truncated' : 'error',
    attempts: asked,
    kinds: 'as expected',
    servedBy: ends ? target : undefined,
    namedTarget: ends ? target : undefined,
    firstToken: undefined,
  }
}
