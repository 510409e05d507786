import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveExchanges } from '../exchanges.ts'
import { startTestGateway, type TestGateway } from '../test-gateway.ts'
import { isAnswer, isPrompt } from './cases.ts'
import { loadRecordings, type Recording } from './corpus.ts'
import { startReplay, type Replay } from './replay.ts'
import { aliasOf, configOf, REPLAY_ENV, targetOf } from './targets.ts'

/** Where a recorded request belongs, by the API that it was recorded on. */
const ROUTES: Readonly<Record<string, string>> = {
  chat: '/v1/chat/completions',
  'openai-chat': '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
  'native-chat': '/api/chat',
}

const recordings = loadRecordings()
const requests = recordings.filter(isRequest)
const targets = onePerProvider(recordings.filter(isStream))

/**
 * Every request that a real program sent, to every provider: it is understood and answered, or refused with a sentence that
 * says what cannot be asked there; and what only `drop_params` stands in the way of goes through with it.
 */
const skipped = haveExchanges ? '' : ' (skipped: SPILLWAY_TRACES names no folder of recordings)'
describe.skipIf(!haveExchanges)(`every recorded request to every provider${skipped}`, () => {
  let replay: Replay
  let gateway: TestGateway

  beforeAll(async () => {
    replay = await startReplay()
    gateway = await startTestGateway(configOf(targets, replay.url), REPLAY_ENV)
  })
  afterAll(async () => {
    await gateway.close()
    await replay.close()
  })

  const post = async (recording: Recording, target: Recording, more: object): Promise<[number, string]> => {
    replay.play(target)
    const response = await fetch(gateway.url + (ROUTES[recording.api] ?? ''), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
      body: JSON.stringify({ ...recording.request, model: aliasOf(target, 'translated'), stream: true, ...more }),
    })
    return [response.status, await response.text()]
  }

  it('are enough to mean something', () => {
    expect([requests.length > 50, targets.length > 10]).not.toContain(false)
  })

  it.each(targets)('$id', { timeout: 60_000 }, async (target) => {
    const wrong: string[] = []
    for (const recording of requests) {
      const [status, text] = await post(recording, target, {})
      if (status === 200 && replay.asked !== undefined) continue
      const isRefused = status === 400 && replay.asked === undefined
      if (!isRefused) wrong.push(`${recording.id}: ${status} ${text.slice(0, 200)}`)
      if (!text.includes('drop_params: true')) continue
      const [dropped, why] = await post(recording, target, { drop_params: true })
      if (dropped !== 200) wrong.push(`${recording.id} with drop_params: ${dropped} ${why.slice(0, 200)}`)
    }
    expect(wrong).toEqual([])
  })

  it('nobody was told of a bug', () => {
    expect(gateway.notices).toEqual([])
  })
})

function isRequest({ api, provider, status, request }: Recording): boolean {
  // Of some exchanges only the reply was recorded; Cohere's chat is no client's dialect.
  const isKnown = request['messages'] !== undefined || request['input'] !== undefined || request['prompt'] !== undefined
  return ROUTES[api] !== undefined && status === 200 && isKnown && provider !== 'cohere'
}

function isStream(recording: Recording): boolean {
  const { status, framing, tags } = recording
  const isWhole = status === 200 && framing !== 'json' && !tags.has('stream_error')
  return isWhole && isAnswer(recording) && !isPrompt(recording)
}

/** The shortest answer of each provider over each of its APIs. */
function onePerProvider(streams: readonly Recording[]): readonly Recording[] {
  const found = new Map<string, Recording>()
  for (const recording of streams.toSorted((a, b) => a.body.length - b.body.length)) {
    const key = `${targetOf(recording).kind} ${recording.api}`
    if (!found.has(key)) found.set(key, recording)
  }
  return [...found.values()]
}
