import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe } from 'vitest'
import { testFaults } from './fault-oracle.ts'
import { chunked, head, lengthOf, sendHealthy, type Fault, type HealthyReply } from './fault-world.ts'
import { startRawUpstream, type RawExchange, type RawScript, type RawUpstream } from './raw-upstream.ts'
import { selfSigned } from './self-signed.ts'

const upstreams: Pick<RawUpstream, 'close'>[] = []
afterAll(async () => {
  for (const upstream of upstreams) await upstream.close()
})

async function originOf(
  onConnection: (socket: Socket) => boolean,
  script: RawScript = () => undefined,
): Promise<string> {
  const upstream = await startRawUpstream(script, { onConnection })
  upstreams.push(upstream)
  return `http://127.0.0.1:${upstream.port}`
}

/** A port on which nothing listens any more. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server always has one
  server.close()
  await once(server, 'close')
  return port
}

/**
 * A port whose server never accepts, and whose queue is full: on Linux further connections get no answer at all,
 * elsewhere they are refused or wait in the queue.
 */
async function startBlackHole(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const program = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const worker = new Worker(program, { eval: true })
  const [port] = (await once(worker, 'message')) as [number] // what the program above posts
  const fillers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await sleep(50)
  return {
    port,
    close: async () => {
      for (const filler of fillers) filler.destroy()
      await worker.terminate()
    },
  }
}

const tls = await startRawUpstream((exchange) => exchange.end('HTTP/1.1 200 OK\r\n\r\n'), { tls: selfSigned() })
const plain = await startRawUpstream(() => undefined)
upstreams.push(tls, plain)
const blackHole = await startBlackHole()
upstreams.push(blackHole)
const refused = await freePort()
const resetting = await originOf((socket) => {
  socket.resetAndDestroy()
  return false
})
const closing = await originOf((socket) => {
  socket.end()
  return false
})
const halfClosing = await originOf((socket) => {
  socket.end()
  return true
})
const deaf = await originOf((socket) => {
  socket.pause()
  return false
})

const nothing = (): undefined => undefined
const bothMove = { stream: 'moves', whole: 'moves' } as const

const CONNECTIONS: readonly Fault[] = [
  { name: 'dns', origin: 'http://nothing.invalid:9', ...bothMove, kinds: ['unreachable'], act: nothing },
  { name: 'refused', origin: `http://127.0.0.1:${refused}`, ...bothMove, kinds: ['unreachable'], act: nothing },
  {
    name: 'black-hole',
    origin: `http://127.0.0.1:${blackHole.port}`,
    ...bothMove,
    kinds: ['connect-timeout', 'unreachable', 'cut', 'first-token-timeout', 'total-timeout'],
    act: nothing,
    complaint: ({ rows }) => {
      const isTold = process.platform !== 'linux' || rows[0]?.attempts[0]?.failure === 'connect-timeout'
      return isTold ? undefined : 'it was not the connection that timed out'
    },
  },
  { name: 'rst-after-accept', origin: resetting, ...bothMove, kinds: ['unreachable', 'cut'], act: nothing },
  { name: 'fin-after-accept', origin: closing, ...bothMove, kinds: ['unreachable', 'cut'], act: nothing },
  { name: 'fin-while-we-send', origin: halfClosing, ...bothMove, kinds: ['unreachable', 'cut'], act: nothing },
  {
    name: 'accepts-and-reads-nothing',
    origin: deaf,
    ...bothMove,
    kinds: ['first-token-timeout', 'total-timeout'],
    act: nothing,
  },
  {
    name: 'tls-to-plain',
    origin: `https://127.0.0.1:${plain.port}`,
    ...bothMove,
    kinds: ['unreachable', 'connect-timeout'],
    act: nothing,
  },
  {
    name: 'plain-to-tls',
    origin: `http://127.0.0.1:${tls.port}`,
    ...bothMove,
    kinds: ['bad-reply', 'cut', 'unreachable'],
    act: nothing,
  },
  { name: 'self-signed', origin: `https://127.0.0.1:${tls.port}`, ...bothMove, kinds: ['unreachable'], act: nothing },
]

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
    // For half a second the gateway waits for the end of the body: where the client is faster, the next request spills.
    isBusyAfter: true,
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

describe('connections that fail and bodies that break', () => {
  testFaults([...CONNECTIONS, ...BODIES, ...ENCODINGS])
})
