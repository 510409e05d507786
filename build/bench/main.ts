import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startChild } from '../lib/child.ts'
import { type Contestant, type Entry, entries } from './contestants.ts'
import { type Generator, startGenerator } from './generator.ts'
import { type ByContestant, type MemoryFigures, measureBursts, measureLatency, measureMemory } from './measure.ts'
import { type Findings, judge, renderReport } from './report.ts'
import { median } from './statistics.ts'
import { json, short, workloads } from './workloads.ts'

/** How long each part of the run is. */
interface Size {
  readonly cycles: number
  readonly warmUpCycles: number
  readonly rounds: number
  readonly seconds: number
  readonly streams: number
  readonly starts: number
}

const FULL: Size = { cycles: 40, warmUpCycles: 60, rounds: 5, seconds: 2, streams: 1_000, starts: 5 }
const QUICK: Size = { cycles: 6, warmUpCycles: 10, rounds: 2, seconds: 1, streams: 200, starts: 1 }

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function run(size: Size, withPeers: boolean): Promise<Findings> {
  const upstream = await startChild([process.execPath, join(import.meta.dirname, 'upstream.ts')], /ready on (\d+)/)
  const generator = await startGenerator()
  const absent: Record<string, string> = {}
  try {
    const all = entries(withPeers)
    const { memory, startMs } = await measureStarts(all, { generator, size, port: Number(upstream.ready), absent })
    const contestants = await startAll(all, Number(upstream.ready), absent)
    try {
      return { ...(await measureAll(contestants, generator, size)), absent, memory, startMs }
    } finally {
      await Promise.all(contestants.map(async ({ child }) => child?.stop()))
    }
  } finally {
    await generator.stop()
    await upstream.stop()
  }
}

interface StartContext {
  readonly generator: Generator
  readonly size: Size
  readonly port: number
  readonly absent: Record<string, string>
}

/** Start-up and memory, each contestant alone on the machine. */
async function measureStarts(
  all: readonly Entry[],
  { generator, size, port, absent }: StartContext,
): Promise<{ memory: ByContestant<MemoryFigures>; startMs: ReadonlyMap<string, number> }> {
  const memory = new Map<string, MemoryFigures>()
  const startMs = new Map<string, number>()
  for (const entry of all.filter(({ name }) => name !== 'direct')) {
    say(`start and memory: ${entry.name}`)
    try {
      const times: number[] = []
      for (let i = 1; i <= size.starts; i += 1) {
        const contestant = await entry.start(port)
        times.push(contestant.child?.readyMs ?? 0)
        if (i === size.starts) memory.set(entry.name, await measureMemory(contestant, generator, size.streams))
        await contestant.child?.stop()
      }
      startMs.set(entry.name, median(times))
    } catch (error) {
      absent[entry.name] = error instanceof Error ? error.message : String(error)
    }
  }
  return { memory, startMs }
}

async function startAll(
  all: readonly Entry[],
  port: number,
  absent: Readonly<Record<string, string>>,
): Promise<readonly Contestant[]> {
  const contestants: Contestant[] = []
  for (const entry of all.filter(({ name }) => absent[name] === undefined)) contestants.push(await entry.start(port))
  return contestants
}

async function measureAll(
  contestants: readonly Contestant[],
  generator: Generator,
  size: Size,
): Promise<Omit<Findings, 'absent' | 'memory' | 'startMs'>> {
  const bursts: [string, Awaited<ReturnType<typeof measureBursts>>][] = []
  for (const workload of workloads) {
    say(`bursts: ${workload.name}`)
    bursts.push([workload.name, await measureBursts(contestants, generator, { ...size, workload })])
  }
  say('latency at 200 requests/s')
  const latency = await measureLatency(contestants, generator, { ...size, workload: json })
  const streamLatency = await measureLatency(contestants, generator, { ...size, workload: short })
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${process.platform}`
  return { machine, node: process.version, bursts: new Map(bursts), latency, streamLatency }
}

const startedAt = performance.now()
const findings = await run(options.quick ? QUICK : FULL, options.peers)
const goals = judge(findings)
if (options.json) {
  const plain = (_key: string, value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value)
  process.stdout.write(`${JSON.stringify({ ...findings, goals }, plain, 2)}\n`)
} else {
  process.stdout.write(`${renderReport(findings)}\n`)
}
say(`took ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
process.exitCode = goals.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0
