import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from 'vitest'
import { testFaults } from './fault-oracle.ts'
import { CHAT_STAGE } from './fault-lanes.ts'
import { sendStream, type Extra, ERROR } from './fault-streams.ts'
import { type Fault, type Verdict } from './fault-world.ts'
import { chunked, head } from './healthy-reply.ts'

function reply(name: string, verdict: Verdict, body: string, extra: Extra & { readonly type?: string } = {}): Fault {
  const { type = 'application/json', ...rest } = extra
  return {
    name,
    stream: undefined,
    whole: verdict,
    kinds: ['bad-reply'],
    act: (exchange, healthy) => {
      const text = body === HEALTHY ? healthy.body : body
      return exchange.write(
        `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      )
    },
    ...rest,
  }
}
const HEALTHY = 'the healthy body'

describe('whole replies', () => {
  testFaults(CHAT_STAGE, [
    reply('whole-empty', 'moves', '', { kinds: ['bad-reply', 'cut'] }),
    reply('whole-spaces', 'moves', '   \n ', { kinds: ['bad-reply', 'cut'] }),
    reply('whole-html', 'moves', '<!doctype html><html><title>Sign in</title></html>', { type: 'text/html' }),
    reply('whole-half', 'moves', '{"id":"c","choices":[{"message":{"content":"All', { kinds: ['bad-reply', 'cut'] }),
    reply('whole-null', 'moves', 'null'),
    reply('whole-number', 'moves', '7'),
    reply('whole-list', 'moves', '[]'),
    reply('whole-object', 'moves', '{}'),
    reply('whole-words', 'moves', 'no healthy upstream', { type: 'text/plain' }),
    reply('whole-choices-empty', 'moves', '{"choices":[]}'),
    reply('whole-choices-null', 'moves', '{"choices":null}'),
    reply('whole-error', 'moves', JSON.stringify(ERROR), { kinds: ['server-error'] }),
    reply('whole-error-text', 'moves', '{"error":"The model fell over on its way."}', { kinds: ['server-error'] }),
    reply('whole-deep', 'moves', '['.repeat(200_000), { kinds: ['bad-reply'] }),
    reply('whole-as-text', 'answer', HEALTHY, { type: 'text/plain' }),
    reply('whole-as-page', 'answer', HEALTHY, { type: 'text/html' }),
    reply('whole-as-stream', 'answer', HEALTHY, { type: 'text/event-stream' }),
    reply('whole-as-nonsense', 'answer', HEALTHY, { type: ';;=,' }),
    {
      name: 'stream-as-json',
      stream: 'answer',
      whole: undefined,
      kinds: [],
      act: (exchange, healthy) => sendStream(exchange, { ...healthy, contentType: 'application/json' }, healthy.pieces),
    },
    {
      name: 'stream-as-text',
      stream: 'answer',
      whole: undefined,
      kinds: [],
      act: (exchange, healthy) => sendStream(exchange, { ...healthy, contentType: 'text/plain' }, healthy.pieces),
    },
    {
      name: 'no-pause-between-pings-and-never-a-word',
      stream: 'moves',
      whole: undefined,
      kinds: ['first-token-timeout', 'bad-reply'],
      lanes: ['verbatim', 'translated'],
      act: async (exchange, healthy) => {
        await exchange.write(head(healthy, 'transfer-encoding: chunked'))
        while (exchange.socket.writable) {
          await exchange.write(chunked(': still thinking\n\n'))
          await sleep(20)
        }
      },
    },
  ])
})
