import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterAll, describe } from 'vitest'
import { testFaults } from './fault-oracle.ts'
import { CHAT_STAGE } from './fault-lanes.ts'
import type { Fault } from './fault-world.ts'
import { startRawUpstream, type RawScript, type RawUpstream } from './raw-upstream.ts'
import { startScriptedUpstream } from './scripted-upstream.ts'
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
const plain = await startScriptedUpstream(() => undefined)
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
    origin: plain.url.replace('http:', 'https:'),
    ...bothMove,
    kinds: ['unreachable'],
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

describe('connections that fail', () => {
  testFaults(CHAT_STAGE, CONNECTIONS)
})
