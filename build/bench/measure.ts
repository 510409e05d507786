import type { Contestant } from './contestants.ts'
import type { Generator } from './generator.ts'
import { cpuMicros, residentBytes } from './process-stats.ts'
import { median, quantile } from './statistics.ts'
import { idle, type Workload } from './workloads.ts'

/** A log that is written in batches is written by then: its cost belongs to the burst that caused it. */
const SETTLE_MS = 120
const BURST_REQUESTS = 300
const BURST_CONNECTIONS = 16
/** A slow contestant gets fewer requests per burst, so that it cannot make the run endless. */
const BURST_LIMIT_MS = 700
const RATE_PER_SECOND = 200
const HOLD_SETTLE_MS = 1_500

export interface BurstFigures {
  /** Gateway CPU per request, median over the cycles; undefined where the system does not tell. */
  readonly cpuMicros: number | undefined
  readonly requestsPerSecond: number
  readonly eventsPerSecond: number
  readonly failures: number
  readonly firstFailure: string | undefined
}

export interface LatencyFigures {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  readonly failures: number
}

export interface MemoryFigures {
  readonly idleBytes: number | undefined
  readonly perStreamBytes: number | undefined
  readonly streams: number
}

export type ByContestant<Figures> = ReadonlyMap<string, Figures>

/**
 * CPU per request and throughput by interleaved bursts: every contestant in turn, cycle after cycle.
 *
 * Before that each gets `warmUpCycles` bursts of the same size, in turn too. V8 goes on compiling for some 15,000
 * requests, whoever's program it is, and its compiler's threads count as CPU of the process: with a shorter warm-up the
 * figures tell how much code there is to compile, and no longer what a request costs.
 */
export async function measureBursts(
  contestants: readonly Contestant[],
  generator: Generator,
  { workload, cycles, warmUpCycles }: BurstPlan,
): Promise<ByContestant<BurstFigures>> {
  const tracks = contestants.map((contestant) => createTrack(contestant))
  for (let cycle = -warmUpCycles; cycle < cycles; cycle += 1) {
    for (const track of tracks) {
      const { contestant, requests } = track
      const before = cpuOf(contestant)
      const job = { kind: 'burst', requests, connections: BURST_CONNECTIONS } as const
      const result = await generator.run({ ...job, address: contestant.address, workload })
      if (cycle >= 0) await pause(SETTLE_MS)
      const after = cpuOf(contestant)
      track.failures += result.badCount
      track.firstFailure ??= result.bad
      if (cycle < 0) {
        // The first bursts also tell how many requests fit into one.
        if (cycle < 2 - warmUpCycles && result.elapsedMs > BURST_LIMIT_MS)
          track.requests = shorter(requests, result.elapsedMs)
        continue
      }
      if (result.good === 0) continue
      if (before !== undefined && after !== undefined) track.cpu.push((after - before) / result.good)
      track.rates.push((result.good * 1_000) / result.elapsedMs)
    }
  }
  return new Map(tracks.map((track) => [track.contestant.name, burstFigures(track, workload)]))
}

export interface BurstPlan {
  readonly workload: Workload
  readonly cycles: number
  readonly warmUpCycles: number
}

interface Track {
  readonly contestant: Contestant
  readonly cpu: number[]
  readonly rates: number[]
  requests: number
  failures: number
  firstFailure: string | undefined
}

function createTrack(contestant: Contestant): Track {
  return { contestant, cpu: [], rates: [], requests: BURST_REQUESTS, failures: 0, firstFailure: undefined }
}

function shorter(requests: number, elapsedMs: number): number {
  return Math.max(BURST_CONNECTIONS, Math.floor((requests * BURST_LIMIT_MS) / elapsedMs))
}

function burstFigures({ cpu, rates, failures, firstFailure }: Track, workload: Workload): BurstFigures {
  const requestsPerSecond = median(rates)
  return {
    cpuMicros: cpu.length === 0 ? undefined : median(cpu),
    requestsPerSecond,
    eventsPerSecond: requestsPerSecond * workload.events,
    failures,
    firstFailure,
  }
}

/** Latency at a fixed modest rate, in alternating slices; each figure is the median of the slices' own. */
export async function measureLatency(
  contestants: readonly Contestant[],
  generator: Generator,
  options: { readonly workload: Workload; readonly rounds: number; readonly seconds: number },
): Promise<ByContestant<LatencyFigures>> {
  const slices = new Map<string, LatencyFigures[]>()
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { name, address } of contestants) {
      const job = { kind: 'rate', perSecond: RATE_PER_SECOND, seconds: options.seconds } as const
      const result = await generator.run({ ...job, address, workload: options.workload })
      const slice = {
        p50Ms: quantile(result.totalMs, 0.5),
        p99Ms: quantile(result.totalMs, 0.99),
        firstByteP50Ms: quantile(result.firstByteMs, 0.5),
        firstByteP99Ms: quantile(result.firstByteMs, 0.99),
        failures: result.badCount,
      }
      slices.set(name, [...(slices.get(name) ?? []), slice])
    }
  }
  return new Map([...slices].map(([name, list]) => [name, medianSlice(list)]))
}

function medianSlice(slices: readonly LatencyFigures[]): LatencyFigures {
  const of = (key: keyof LatencyFigures): number => median(slices.map((slice) => slice[key]))
  return {
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    firstByteP50Ms: of('firstByteP50Ms'),
    firstByteP99Ms: of('firstByteP99Ms'),
    failures: slices.reduce((sum, slice) => sum + slice.failures, 0),
  }
}

/** Memory of a contestant that was just started, and what each of many silent open streams adds. */
export async function measureMemory(
  contestant: Contestant,
  generator: Generator,
  streams: number,
): Promise<MemoryFigures> {
  await pause(HOLD_SETTLE_MS)
  const idleBytes = residentOf(contestant)
  const job = { address: contestant.address, workload: idle }
  // A few streams first: what the first ones load once is no cost per stream.
  await generator.run({ ...job, kind: 'hold', streams: 20 })
  await generator.run({ ...job, kind: 'release' })
  await pause(HOLD_SETTLE_MS)
  const before = residentOf(contestant)
  const held = await generator.run({ ...job, kind: 'hold', streams })
  await pause(HOLD_SETTLE_MS)
  const after = residentOf(contestant)
  await generator.run({ ...job, kind: 'release' })
  const isTold = before !== undefined && after !== undefined && held.good > 0
  return { idleBytes, perStreamBytes: isTold ? (after - before) / held.good : undefined, streams: held.good }
}

function cpuOf({ child }: Contestant): number | undefined {
  return child === undefined ? undefined : cpuMicros(child.pid)
}

function residentOf({ child }: Contestant): number | undefined {
  return child === undefined ? undefined : residentBytes(child.pid)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
