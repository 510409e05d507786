import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveExchanges } from '../exchanges.ts'
import { startTestGateway, type TestGateway } from '../test-gateway.ts'
import { casesOf, GAPS, isAnswer, isPrompt, type Case } from './cases.ts'
import { clientsOf, type Clients } from './clients.ts'
import { loadRecordings, type Recording } from './corpus.ts'
import { askFor, judge } from './judge.ts'
import { outcomeOf, type Outcome } from './meaning.ts'
import { oracleOf } from './oracle.ts'
import { startReplay, type Replay } from './replay.ts'
import { boasts, Tally, writePage } from './report.ts'
import { aliasOf, configOf, REPLAY_ENV } from './targets.ts'

const recordings = loadRecordings().filter(isAnswer)
const cases = casesOf(recordings)
const tally = new Tally()

/**
 * Every recorded answer through every client dialect that can ask for it: official clients in front of the whole gateway,
 * the recordings behind it, and as the judge the upstreams' own libraries, which read the recordings directly.
 */
const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`every provider through every dialect${skipped}`, () => {
  let replay: Replay
  let gateway: TestGateway
  let clients: Clients
  const oracle = new Map<Recording, Outcome>()

  beforeAll(async () => {
    replay = await startReplay()
    gateway = await startTestGateway(configOf(recordings, replay.url), REPLAY_ENV)
    clients = clientsOf(gateway)
    for (const recording of recordings) oracle.set(recording, await oracleOf(recording, replay))
  }, 60_000)
  afterAll(async () => {
    await gateway.close()
    await replay.close()
  })

  it.each(cases)('$dialect: $recording.id on $lane', async (one) => {
    const expected = oracle.get(one.recording)
    if (expected === undefined) throw new Error('The oracle has not read it.')
    replay.play(one.recording)
    const seen = await outcomeOf(askGateway(clients, one, expected))
    const gap = GAPS.find(({ applies }) => applies(one.recording))
    if (gap !== undefined) {
      tally.gap(one, gap)
      if (gap.sentence === undefined) return
      expect(replay.asked).toBeUndefined()
      expect('raised' in seen && seen.raised.text).toContain(gap.sentence)
      return
    }
    const verdict = judge(one, expected, seen, replay.asked)
    tally.note(one, verdict)
    expect(verdict.problems).toEqual([])
  })

  it('nobody was told of a bug', () => {
    expect(gateway.notices).toEqual([])
  })

  it('the table in the docs tells no more than was measured here', () => {
    const page = tally.page()
    writePage(page)
    expect(boasts(page)).toEqual([])
  })
})

function askGateway(clients: Clients, one: Case, expected: Outcome): ReturnType<Clients['chat']> {
  const { recording, dialect, lane, isVerbatim } = one
  const ask = askFor(one, expected, aliasOf(recording, lane))
  const isBare = isPrompt(recording) && (dialect === 'completions' || dialect === 'ollama')
  return isBare ? clients.prompt(dialect, ask) : clients.chat(dialect, ask, isVerbatim)
}
