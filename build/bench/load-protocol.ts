import type { Workload } from './workloads.ts'

/** Where a contestant listens and what it wants in a request's head. */
export interface Address {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** A job for the load generator, which is a process of its own. */
export type Job =
  /** So many requests, as fast as they are answered, over so many connections. */
  | ({ readonly kind: 'burst'; readonly requests: number; readonly connections: number } & Common)
  /** A fixed rate whatever the answers do: latency counts from the time at which a request was due. */
  | ({ readonly kind: 'rate'; readonly perSecond: number; readonly seconds: number } & Common)
  /** Opens streams and keeps them open until the next job. */
  | ({ readonly kind: 'hold'; readonly streams: number } & Common)
  | ({ readonly kind: 'release' } & Common)

interface Common {
  readonly address: Address
  readonly workload: Workload
}

export interface Result {
  /** Answers with status 200 that were complete (for `hold`: that sent a first byte). */
  readonly good: number
  /** What went wrong with the others, in a few words, the first of it. */
  readonly bad: string | undefined
  readonly badCount: number
  readonly elapsedMs: number
  /** Milliseconds to the first byte of the body. */
  readonly firstByteMs: readonly number[]
  readonly totalMs: readonly number[]
}
