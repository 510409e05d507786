import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from 'vitest'
import { testFaults } from './fault-oracle.ts'
import { CHAT_STAGE } from './fault-lanes.ts'
import { type Fault } from './fault-world.ts'
import { chunked, head, lengthOf, sendHealthy, type HealthyReply } from './healthy-reply.ts'
import type { RawExchange } from './raw-upstream.ts'

const nothing = (): undefined => undefined
const bothMove = { stream: 'moves', whole: 'moves' } as const

const CHUNKED = 'transfer-encoding: chunked'

/** Half of the pieces of a stream, or half of the bytes of a whole answer, as the first part of a longer body. */
function half({ streams, pieces, body }: HealthyReply): Buffer {
  if (streams) return Buffer.from(pieces.slice(0, Math.ceil(pieces.length / 2)).join(''))
  return Buffer.from(body).subarray(0, 60)
}

async function begin(exchange: RawExchange, healthy: HealthyReply): Promise<void> {
  await exchange.write(head(healthy, CHUNKED))
  await exchange.write(chunked(half(healthy)))
  // The gateway should have read it before what follows.
  await sleep(30)
}

async function forever(exchange: RawExchange, bytes: string, everyMs: number): Promise<void> {
  while (exchange.socket.writable) {
    await exchange.write(bytes)
    await sleep(everyMs)
  }
}

async function byteByByte(exchange: RawExchange, bytes: Buffer, pauseMs = 0): Promise<void> {
  for (let at = 0; at < bytes.length && exchange.socket.writable; at++) {
    await exchange.write(bytes.subarray(at, at + 1))
    if (pauseMs > 0) await sleep(pauseMs)
  }
}

const cutInBody = { stream: 'cut', whole: 'moves', kinds: ['cut', 'bad-reply'] } as const

const BODIES: readonly Fault[] = [
  { name: 'silent', ...bothMove, kinds: ['first-token-timeout', 'total-timeout'], act: nothing },
  {
    name: 'silent-after-head',
    ...bothMove,
    kinds: ['first-token-timeout', 'stalled', 'total-timeout'],
    act: (exchange, healthy) => exchange.write(head(healthy, CHUNKED)),
  },
  { name: 'silent-in-body', stream: 'cut', whole: 'moves', kinds: ['stalled', 'total-timeout'], act: begin },
  {
    name: 'a-byte-in-a-while',
    ...bothMove,
    kinds: ['first-token-timeout', 'total-timeout'],
    act: (exchange, healthy) =>
      byteByByte(exchange, Buffer.from(head(healthy, lengthOf(healthy.body)) + healthy.body), 100),
  },
  {
    name: 'a-byte-at-a-time',
    stream: 'answer',
    whole: 'answer',
    kinds: [],
    act: (exchange, healthy) => byteByByte(exchange, Buffer.from(head(healthy, lengthOf(healthy.body)) + healthy.body)),
  },
  { name: 'rst-before-a-byte', ...bothMove, kinds: ['cut'], act: (exchange) => exchange.reset() },
  { name: 'fin-before-a-byte', ...bothMove, kinds: ['cut'], act: (exchange) => exchange.end() },
  {
    name: 'fin-in-the-status-line',
    ...bothMove,
    kinds: ['cut', 'bad-reply'],
    act: (exchange) => exchange.end('HTTP/1.1 20'),
  },
  {
    name: 'rst-in-body',
    ...cutInBody,
    act: async (exchange, healthy) => {
      await begin(exchange, healthy)
      exchange.reset()
    },
  },
  {
    name: 'fin-in-body',
    ...cutInBody,
    act: async (exchange, healthy) => {
      await begin(exchange, healthy)
      exchange.end()
    },
  },
  {
    name: 'bad-chunk-in-body',
    ...cutInBody,
    act: async (exchange, healthy) => {
      await begin(exchange, healthy)
      await exchange.write('ZZ\r\nwhat is this\r\n')
    },
  },
  {
    name: 'last-chunk-missing',
    stream: 'answer',
    whole: 'moves',
    kinds: ['cut'],
    act: async (exchange, healthy) => {
      await exchange.write(head(healthy, CHUNKED))
      await exchange.write(chunked(healthy.body))
      exchange.end()
    },
  },
  {
    name: 'length-too-large-then-fin',
    stream: 'answer',
    whole: 'moves',
    kinds: ['cut'],
    act: (exchange, healthy) =>
      exchange.end(head(healthy, `content-length: ${healthy.body.length + 500}`) + healthy.body),
  },
  {
    name: 'length-too-large-then-silence',
    stream: 'answer',
    whole: undefined,
    kinds: [],
    act: (exchange, healthy) =>
      exchange.write(head(healthy, `content-length: ${healthy.body.length + 500}`) + healthy.body),
  },
  {
    name: 'length-too-large-then-silence-whole',
    stream: undefined,
    whole: 'moves',
    kinds: ['stalled', 'total-timeout'],
    act: (exchange, healthy) =>
      exchange.write(head(healthy, `content-length: ${healthy.body.length + 500}`) + healthy.body),
  },
  {
    name: 'length-too-small',
    ...cutInBody,
    act: (exchange, healthy) => exchange.write(head(healthy, `content-length: ${half(healthy).length}`) + healthy.body),
  },
  {
    name: 'two-lengths',
    ...bothMove,
    kinds: ['bad-reply'],
    act: (exchange, healthy) =>
      exchange.write(head(healthy, 'content-length: 5', lengthOf(healthy.body)) + healthy.body),
  },
  {
    name: 'length-negative',
    ...bothMove,
    kinds: ['bad-reply'],
    act: (exchange, healthy) => exchange.write(head(healthy, 'content-length: -5') + healthy.body),
  },
  {
    name: 'http-1.0-until-fin',
    stream: 'answer',
    whole: 'answer',
    kinds: [],
    act: (exchange, healthy) =>
      exchange.end(head(healthy, 'connection: close').replace('HTTP/1.1', 'HTTP/1.0') + healthy.body),
  },
  {
    name: 'no-status-line',
    ...bothMove,
    kinds: ['bad-reply'],
    act: (exchange) => exchange.write('{"ok": true}\r\n\r\n'),
  },
  { name: 'ssh', ...bothMove, kinds: ['bad-reply'], act: (exchange) => exchange.end('SSH-2.0-OpenSSH_9.9\r\n') },
  {
    name: 'status-0',
    ...bothMove,
    kinds: ['bad-reply', 'cut'],
    act: (exchange) => exchange.write('HTTP/1.1 0 What\r\n\r\n'),
  },
  {
    name: 'status-999',
    ...bothMove,
    kinds: ['bad-reply', 'cut', 'server-error'],
    act: (exchange) => exchange.end('HTTP/1.1 999 What\r\n\r\n'),
  },
  {
    name: 'head-of-a-megabyte',
    ...bothMove,
    kinds: ['bad-reply'],
    act: (exchange, healthy) =>
      exchange.write(head(healthy, `x-long: ${'x'.repeat(1_048_576)}`, lengthOf(healthy.body)) + healthy.body),
  },
  {
    name: 'head-without-end',
    ...bothMove,
    kinds: ['bad-reply', 'first-token-timeout', 'total-timeout'],
    act: async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\n')
      await forever(exchange, `x-more: ${'y'.repeat(4_000)}\r\n`, 5)
    },
  },
  {
    name: 'a-hundred-early-hints',
    stream: 'answer',
    whole: 'answer',
    kinds: [],
    act: async (exchange, healthy) => {
      await exchange.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(100))
      await sendHealthy(exchange, healthy)
    },
  },
  {
    name: 'early-hints-for-ever',
    ...bothMove,
    kinds: ['first-token-timeout', 'total-timeout', 'bad-reply', 'cut'],
    act: (exchange) => forever(exchange, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 5),
  },
  {
    name: 'switching-protocols',
    ...bothMove,
    kinds: ['bad-reply', 'cut', 'unreachable'],
    act: (exchange) =>
      exchange.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
  },
  {
    name: 'garbage-after-the-answer',
    stream: 'answer',
    whole: 'answer',
    kinds: [],
    act: async (exchange, healthy) => {
      await sendHealthy(exchange, healthy)
      await exchange.write('and one more thing\r\n')
    },
  },
  {
    name: 'a-second-answer-unasked',
    stream: 'answer',
    whole: 'answer',
    kinds: [],
    act: async (exchange, healthy) => {
      await sendHealthy(exchange, healthy)
      const poison = '{"error": {"message": "This was for somebody else."}}'
      await exchange.write(`HTTP/1.1 500 No\r\ncontent-type: application/json\r\n${lengthOf(poison)}\r\n\r\n${poison}`)
    },
  },
]

const encoded = (name: string, encoding: string, encode: (body: string) => Uint8Array): Fault => ({
  name,
  stream: 'answer',
  whole: 'answer',
  kinds: [],
  act: async (exchange, healthy) => {
    const bytes = encode(healthy.body)
    await exchange.write(head(healthy, `content-encoding: ${encoding}`, lengthOf(bytes)))
    await exchange.write(bytes)
  },
})

const BOMB = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '))

const ENCODINGS: readonly Fault[] = [
  encoded('gzip-unasked', 'gzip', gzipSync),
  encoded('deflate-unasked', 'deflate', deflateSync),
  encoded('br-unasked', 'br', brotliCompressSync),
  encoded('identity-named', 'identity', (body) => Buffer.from(body)),
  { ...encoded('encoding-unknown', 'aws-chunked', (body) => Buffer.from(body)), ...bothMove, kinds: ['bad-reply'] },
  { ...encoded('gzip-claimed', 'gzip', (body) => Buffer.from(body)), ...bothMove, kinds: ['bad-reply'] },
  {
    ...encoded('gzip-cut', 'gzip', (body) => gzipSync(body).subarray(0, 120)),
    stream: undefined,
    whole: 'moves',
    kinds: ['bad-reply', 'cut'],
  },
  { ...encoded('gzip-bomb', 'gzip', () => BOMB), ...bothMove, kinds: ['bad-reply'], lanes: ['verbatim', 'ollama'] },
]

describe('bodies that break', () => {
  testFaults(CHAT_STAGE, [...BODIES, ...ENCODINGS])
})
