import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from 'vitest'
import type { Script } from './fault-client.ts'
import { testFaults } from './fault-oracle.ts'
import { PAIR_STAGE, PAIRS, type Pair } from './fault-pairs.ts'
import { each, sendStream, type Bytes } from './fault-streams.ts'
import { before, begun, FIRST_WORDS, textOfPiece } from './fault-wire.ts'
import type { Fault, Verdict } from './fault-world.ts'
import { bytesOf, chunked, head, sendHealthy, type HealthyReply } from './healthy-reply.ts'

type Row = Omit<Fault<Bytes>, 'lanes'>
type Edit = (pieces: readonly Bytes[]) => readonly Bytes[]

/** How the connection goes on after the last piece. */
type Ending = 'clean' | 'reset' | 'silent'

function stream(
  name: string,
  verdict: Verdict,
  edit: Edit,
  rest: Partial<Row> & { readonly ending?: Ending } = {},
): Row {
  const { ending = 'clean', ...row } = rest
  return {
    name,
    stream: verdict,
    whole: undefined,
    kinds: [],
    waits: ending === 'silent',
    act: async (exchange, healthy: HealthyReply<Bytes>) => {
      const pieces = edit(healthy.pieces)
      if (ending === 'clean') {
        await sendStream(exchange, healthy, pieces)
        return
      }
      await exchange.write(head(healthy, 'transfer-encoding: chunked'))
      for (const piece of pieces) await exchange.write(chunked(piece))
      if (ending === 'reset') exchange.reset()
    },
    ...row,
  }
}

/**
 * What is begun can be taken up by another target only where it is plain text, and only in chat. Ollama's wire tells calls
 * as a whole, so that its client has seen nothing of one that breaks.
 */
function afterContent(lane: Pair, script: Script): Verdict {
  if (lane.client.wire === 'ollama' && script === 'call') return 'moves'
  return lane.client.wire === 'chat' && script === 'text' ? 'cut' : 'lost'
}

function cuts(lane: Pair): Row[] {
  const { finish } = lane.upstream
  const endings: readonly Ending[] = ['clean', 'reset']
  return endings.flatMap((ending) => [
    stream(`cut-after-the-head-${ending}`, 'moves', () => [], { ending, kinds: ['cut', 'bad-reply'] }),
    stream(`cut-before-content-${ending}`, 'moves', (pieces) => before(pieces, FIRST_WORDS.text), {
      ending,
      kinds: ['cut', 'bad-reply'],
    }),
    ...(['text', 'thought', 'call'] as const).map((script) =>
      stream(`cut-in-a-${script}-${ending}`, afterContent(lane, script), (pieces) => begun(pieces, script), {
        ending,
        script,
        kinds: ['cut'],
      }),
    ),
    stream(`cut-before-the-finish-${ending}`, afterContent(lane, 'text'), (pieces) => before(pieces, finish), {
      ending,
      kinds: ['cut'],
    }),
    stream(
      `cut-before-the-finish-of-a-call-${ending}`,
      afterContent(lane, 'call'),
      (pieces) => before(pieces, finish),
      {
        ending,
        script: 'call',
        kinds: ['cut'],
      },
    ),
  ])
}

function inBandErrors(lane: Pair): Row[] {
  return lane.upstream.errors.flatMap(({ name, bytes, kinds }) => [
    stream(`${name}-first`, 'moves', () => [bytes], { kinds }),
    stream(`${name}-before-content`, 'moves', (pieces) => [...before(pieces, FIRST_WORDS.text), bytes], { kinds }),
    ...(['text', 'thought', 'call'] as const).map((script) =>
      stream(`${name}-in-a-${script}`, afterContent(lane, script), (pieces) => [...begun(pieces, script), bytes], {
        script,
        kinds,
      }),
    ),
  ])
}

/** Whatever a server says beside the answer does not stop the clock. */
function pings({ upstream }: Pair): Row[] {
  const { garbage } = upstream
  if (garbage.length === 0) return []
  const act: Row['act'] = async (exchange, healthy) => {
    await exchange.write(head(healthy, 'transfer-encoding: chunked'))
    for (const piece of before(healthy.pieces, FIRST_WORDS.text)) await exchange.write(chunked(piece))
    while (exchange.socket.writable) {
      for (const piece of garbage) await exchange.write(chunked(piece))
      await sleep(100)
    }
  }
  return [
    { name: 'pings-for-ever', stream: 'moves', whole: undefined, kinds: ['first-token-timeout'], waits: true, act },
  ]
}

/** An answer that its server takes back after all; on some wires nothing can follow the finish. */
function takenBack(lane: Pair): Row[] {
  const { errors, finish, isOverAtFinish } = lane.upstream
  return errors.map(({ name, bytes, kinds }) =>
    stream(
      `${name}-after-the-finish`,
      isOverAtFinish === true ? 'answer' : afterContent(lane, 'text'),
      (pieces) => [...pieces.slice(0, before(pieces, finish).length + 1), bytes],
      { kinds },
    ),
  )
}

function stalls(lane: Pair): Row[] {
  const early = stream('silent-before-content', 'moves', (pieces) => before(pieces, FIRST_WORDS.text), {
    ending: 'silent',
    kinds: ['first-token-timeout'],
  })
  const later = (['text', 'call'] as const).map((script) =>
    stream(`stall-in-a-${script}`, afterContent(lane, script), (pieces) => begun(pieces, script), {
      ending: 'silent',
      script,
      kinds: ['stalled'],
    }),
  )
  return [early, ...later]
}

function harmless({ client, upstream, isTranslated }: Pair): Row[] {
  const { garbage, unreadable, stranger, mark } = upstream
  // The AI SDK refuses events that it does not know, although Anthropic announces new ones; they pass as they are.
  const isRefused = client.name === 'ai' && upstream.name === 'anthropic' && isTranslated !== true
  const withoutMark: Edit = (pieces) => pieces.filter((piece) => mark?.test(textOfPiece(piece)) !== true)
  return [
    ...(['thought', 'call'] as const).map((script): Row => ({
      name: `well-${script}`,
      stream: 'answer',
      whole: 'answer',
      kinds: [],
      script,
      act: sendHealthy,
    })),
    stream('garbage-between', 'answer', (pieces) => pieces.flatMap((piece) => [...garbage, piece])),
    stream('garbage-in-a-call', 'answer', (pieces) => pieces.flatMap((piece) => [...garbage, piece]), {
      script: 'call',
    }),
    ...(stranger === undefined || isRefused
      ? []
      : [stream('strangers-between', 'answer', (pieces) => pieces.flatMap((piece) => [piece, stranger]))]),
    stream('one-unreadable', 'answer', (pieces) => [...begun(pieces, 'text'), unreadable, ...rest(pieces)]),
    stream('split-everywhere', 'answer', (pieces) => each(Buffer.concat(pieces.map(bytesOf)), 5), {
      script: 'thought',
    }),
    stream('reset-after-the-end', 'answer', (pieces) => pieces, { ending: 'reset' }),
    stream('silent-after-the-end', 'answer', (pieces) => pieces, { ending: 'silent' }),
    ...(mark === undefined
      ? []
      : [
          stream('mark-missing', 'answer', withoutMark),
          stream('mark-missing-in-a-call', 'answer', withoutMark, { script: 'call' }),
          stream('mark-missing-and-reset', 'answer', withoutMark, { ending: 'reset' }),
          stream('mark-missing-and-silent', 'answer', withoutMark, { ending: 'silent' }),
        ]),
  ]
  function rest(pieces: readonly Bytes[]): readonly Bytes[] {
    return pieces.slice(begun(pieces, 'text').length)
  }
}

describe('faults inside a stream, by client and upstream wire', () => {
  testFaults(
    PAIR_STAGE,
    PAIRS.flatMap((lane) =>
      [
        ...cuts(lane),
        ...inBandErrors(lane),
        ...takenBack(lane),
        ...stalls(lane),
        ...pings(lane),
        ...harmless(lane),
      ].map((row) => ({
        ...row,
        lanes: [lane.name],
      })),
    ),
  )
})
