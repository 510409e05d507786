import { connect, type Socket } from 'node:net'
import type { Address, Job, Result } from './load-protocol.ts'
import { ReplyParser } from './reply-parser.ts'
import { bodyOf, type Workload } from './workloads.ts'

/** The load generator: raw sockets with keep-alive, jobs over IPC. */
const REPLY_LIMIT_MS = 20_000
const HOLD_LIMIT_MS = 30_000
/** Connections opened at once for idle streams: more at a time overflow the listener's queue. */
const HOLD_STEP = 100

interface Asked {
  readonly dueAtMs: number
  readonly done: (connection: Connection) => void
}

class Connection {
  readonly socket: Socket
  readonly parser = new ReplyParser()
  firstByteAtMs = 0
  error: string | undefined
  #asked: Asked | undefined

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('data', (bytes) => this.#read(bytes))
    this.socket.on('error', (error) => this.#finish(error.message))
    this.socket.on('close', () => this.#finish('closed'))
  }

  get isFree(): boolean {
    return this.#asked === undefined && !this.socket.destroyed
  }

  ask(request: Buffer, asked: Asked): void {
    this.parser.reset()
    this.firstByteAtMs = 0
    this.error = undefined
    this.#asked = asked
    this.socket.write(request)
  }

  #read(bytes: Buffer): void {
    const isComplete = this.parser.push(bytes)
    if (this.parser.hasBody && this.firstByteAtMs === 0) this.firstByteAtMs = performance.now()
    if (isComplete) this.#finish(undefined)
  }

  #finish(error: string | undefined): void {
    const asked = this.#asked
    this.#asked = undefined
    this.error = error
    asked?.done(this)
  }
}

let pools = new Map<number, Connection[]>()

function freeConnection(port: number): Connection {
  const pool = pools.get(port) ?? []
  pools.set(port, pool)
  const free = pool.find((connection) => connection.isFree)
  if (free !== undefined) return free
  const fresh = new Connection(port)
  pool.push(fresh)
  return fresh
}

function requestOf({ path, port, headers }: Address, workload: Workload): Buffer {
  const body = bodyOf(workload)
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head =
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
    `${more.join('')}content-length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

class Tally {
  readonly firstByteMs: number[] = []
  readonly totalMs: number[] = []
  bad: string | undefined
  badCount = 0
  readonly #startedAtMs = performance.now()

  take(connection: Connection, workload: Workload, dueAtMs: number): void {
    const problem = problemOf(connection, workload)
    if (problem !== undefined) {
      this.badCount += 1
      this.bad ??= problem
      connection.socket.destroy()
      return
    }
    this.firstByteMs.push(connection.firstByteAtMs - dueAtMs)
    this.totalMs.push(performance.now() - dueAtMs)
  }

  result(): Result {
    const elapsedMs = performance.now() - this.#startedAtMs
    const { bad, badCount, firstByteMs, totalMs } = this
    return { good: totalMs.length, bad, badCount, elapsedMs, firstByteMs, totalMs }
  }
}

function problemOf({ error, parser }: Connection, workload: Workload): string | undefined {
  if (error !== undefined) return error
  if (parser.status !== 200) return `status ${parser.status}`
  if (workload.stream && !parser.tail.includes('data: [DONE]')) return `a stream that ends in ${parser.tail}`
  return undefined
}

function burst(job: Extract<Job, { kind: 'burst' }>): Promise<Result> {
  const request = requestOf(job.address, job.workload)
  const tally = new Tally()
  let open = job.requests
  let running = 0
  return new Promise((resolve) => {
    const next = (): void => {
      if (open === 0 && running === 0) resolve(tally.result())
      if (open === 0) return
      open -= 1
      running += 1
      const dueAtMs = performance.now()
      const done = (connection: Connection): void => {
        running -= 1
        tally.take(connection, job.workload, dueAtMs)
        next()
      }
      freeConnection(job.address.port).ask(request, { dueAtMs, done })
    }
    for (let i = 0; i < job.connections; i += 1) next()
  })
}

function rate(job: Extract<Job, { kind: 'rate' }>): Promise<Result> {
  const request = requestOf(job.address, job.workload)
  const tally = new Tally()
  const startAtMs = performance.now()
  const total = job.perSecond * job.seconds
  let asked = 0
  let answered = 0
  return new Promise((resolve) => {
    const finish = (): void => {
      clearInterval(ticks)
      clearTimeout(limit)
      resolve(tally.result())
    }
    const ticks = setInterval(() => {
      while (asked < total && startAtMs + (asked * 1_000) / job.perSecond <= performance.now()) {
        // A timer's own lateness is the generator's fault and not counted against anybody.
        const dueAtMs = performance.now()
        asked += 1
        const done = (connection: Connection): void => {
          tally.take(connection, job.workload, dueAtMs)
          answered += 1
          if (answered === total) finish()
        }
        freeConnection(job.address.port).ask(request, { dueAtMs, done })
      }
    }, 1)
    const limit = setTimeout(finish, job.seconds * 1_000 + REPLY_LIMIT_MS)
  })
}

async function hold(job: Extract<Job, { kind: 'hold' }>): Promise<Result> {
  const request = requestOf(job.address, job.workload)
  const startAtMs = performance.now()
  const connections: Connection[] = []
  const begun = (): number => connections.filter((connection) => connection.firstByteAtMs > 0).length
  while (connections.length < job.streams) {
    for (let i = 0; i < HOLD_STEP && connections.length < job.streams; i += 1) {
      const connection = new Connection(job.address.port)
      connection.ask(request, { dueAtMs: startAtMs, done: () => undefined })
      connections.push(connection)
    }
    await pause(50)
  }
  pools.set(-1, connections)
  while (begun() < job.streams && performance.now() - startAtMs < HOLD_LIMIT_MS) await pause(100)
  const good = begun()
  const waiting = job.streams - good
  const bad = waiting === 0 ? undefined : `${waiting} streams had no first byte`
  return { good, bad, badCount: waiting, elapsedMs: performance.now() - startAtMs, firstByteMs: [], totalMs: [] }
}

async function release(): Promise<Result> {
  for (const connection of [...pools.values()].flat()) connection.socket.destroy()
  pools = new Map()
  return { good: 0, bad: undefined, badCount: 0, elapsedMs: 0, firstByteMs: [], totalMs: [] }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function work(job: Job): Promise<Result> {
  if (job.kind === 'burst') return burst(job)
  if (job.kind === 'rate') return rate(job)
  if (job.kind === 'hold') return hold(job)
  return release()
}

process.on('message', (job: Job) => {
  void work(job).then((result) => process.send?.(result))
})
process.on('disconnect', () => process.exit(0))
process.stdout.write('load generator ready\n')
