import { createServer, type Socket } from 'node:net'
import { eventsOf, idle, jsonReply, long, short, type Workload } from './workloads.ts'

/**
 * The mock model: a raw socket server with prepared answers, so that it costs as little as it can beside what is
 * measured. Reads just enough HTTP for the clients of this bench.
 */
const END_OF_HEAD = Buffer.from('\r\n\r\n')
/** Events per write: what a fast model's tokens are like when they reach a socket. */
const EVENTS_PER_WRITE = 8

const jsonAnswer = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${jsonReply.length}\r\n\r\n`),
  jsonReply,
])
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const END_OF_CHUNKS = '0\r\n\r\n'

const streams = new Map([short, long].flatMap((workload) => [true, false].map((usage) => prepared(workload, usage))))
const idleStart = Buffer.from(STREAM_HEAD + framed(eventsOf(idle, false).slice(0, 2).join('')))

function prepared(workload: Workload, withUsage: boolean): [string, readonly Buffer[]] {
  const events = eventsOf(workload, withUsage)
  const writes: Buffer[] = []
  for (let i = 0; i < events.length; i += EVENTS_PER_WRITE) {
    const head = i === 0 ? STREAM_HEAD : ''
    const end = i + EVENTS_PER_WRITE >= events.length ? END_OF_CHUNKS : ''
    writes.push(Buffer.from(head + framed(events.slice(i, i + EVENTS_PER_WRITE).join('')) + end))
  }
  return [keyOf(workload.model, withUsage), writes]
}

function framed(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

function keyOf(model: string, withUsage: boolean): string {
  return `${model}/${withUsage}`
}

const server = createServer({ noDelay: true }, (socket) => {
  let waiting: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
    for (;;) {
      const length = requestLength(waiting)
      if (length === undefined || waiting.length < length) return
      answer(socket, waiting.subarray(0, length))
      waiting = waiting.subarray(length)
    }
  })
})

/** Bytes of the first whole request, head and body; undefined while the head is incomplete. */
function requestLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(END_OF_HEAD)
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  return end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
}

function answer(socket: Socket, request: Buffer): void {
  const model = /"model": *"(?:[^"/]*\/)?(bench-[^"]*)"/.exec(request.toString('latin1'))?.[1]
  if (model === idle.model) {
    socket.write(idleStart)
    return
  }
  const writes = model === undefined ? undefined : streams.get(keyOf(model, request.includes('"include_usage"')))
  if (writes === undefined) {
    socket.write(jsonAnswer)
    return
  }
  send(socket, writes, 0)
}

/** One piece per turn of the event loop, so that streams interleave as they do in life. */
function send(socket: Socket, writes: readonly Buffer[], from: number): void {
  const piece = writes[from]
  if (piece === undefined || socket.destroyed) return
  socket.write(piece)
  setImmediate(send, socket, writes, from + 1)
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`upstream ready on ${typeof address === 'object' ? address?.port : ''}\n`)
})
process.on('disconnect', () => process.exit(0))
