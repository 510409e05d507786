import { EXPRESS, SPILLWAY, TRANSLATED } from './contestants.ts'
import type { BurstFigures, ByContestant, LatencyFigures, MemoryFigures } from './measure.ts'
import { json, long, short } from './workloads.ts'

/** Everything that one run measured; what `--json` prints. */
export interface Findings {
  readonly machine: string
  readonly node: string
  /** Contestants that could not take part, and why. */
  readonly absent: Readonly<Record<string, string>>
  /** By workload, by contestant. */
  readonly bursts: ReadonlyMap<string, ByContestant<BurstFigures>>
  readonly latency: ByContestant<LatencyFigures>
  readonly streamLatency: ByContestant<LatencyFigures>
  readonly memory: ByContestant<MemoryFigures>
  readonly startMs: ReadonlyMap<string, number>
}

export interface Goal {
  readonly name: string
  readonly limit: number
  readonly unit: string
  /** Undefined: not measured in this run. */
  readonly measured: number | undefined
  readonly verdict: 'PASS' | 'FAIL' | 'not measured'
}

/** The goals of the project, held against one run. */
export function judge(findings: Findings): readonly Goal[] {
  const added = (
    kind: 'latency' | 'streamLatency',
    key: Exclude<keyof LatencyFigures, 'failures'>,
  ): number | undefined => minus(findings[kind].get(SPILLWAY)?.[key], findings[kind].get('direct')?.[key])
  const memory = findings.memory.get(SPILLWAY)
  const portkey = [...(findings.bursts.get(json.name)?.keys() ?? [])].find((name) => name.startsWith('portkey'))
  return [
    goal('CPU per request, JSON, of express', [1.25, 'x'], cpuRatio(findings, json.name, [SPILLWAY, EXPRESS])),
    goal('CPU per request, JSON, of Portkey', [0.2, 'x'], cpuRatio(findings, json.name, [SPILLWAY, portkey])),
    goal('CPU, 64 events, verbatim, of express', [1.2, 'x'], cpuRatio(findings, short.name, [SPILLWAY, EXPRESS])),
    goal('CPU, 512 events, verbatim, of express', [1.2, 'x'], cpuRatio(findings, long.name, [SPILLWAY, EXPRESS])),
    goal('CPU, 64 events, translated, of express', [2, 'x'], cpuRatio(findings, short.name, [TRANSLATED, EXPRESS])),
    goal('CPU, 512 events, translated, of express', [2, 'x'], cpuRatio(findings, long.name, [TRANSLATED, EXPRESS])),
    goal('added latency at 200/s, p50', [1, 'ms'], added('latency', 'p50Ms')),
    goal('added latency at 200/s, p99', [3, 'ms'], added('latency', 'p99Ms')),
    goal('added time to first token, p50', [1, 'ms'], added('streamLatency', 'firstByteP50Ms')),
    goal('added time to first token, p99', [3, 'ms'], added('streamLatency', 'firstByteP99Ms')),
    goal('memory, idle', [120, 'MB'], megabytes(memory?.idleBytes)),
    goal('memory per idle stream', [40, 'KB'], kilobytes(memory?.perStreamBytes)),
    goal('start-up to ready', [1_000, 'ms'], findings.startMs.get(SPILLWAY)),
  ]
}

function goal(name: string, [limit, unit]: readonly [number, string], measured: number | undefined): Goal {
  if (measured === undefined || Number.isNaN(measured)) {
    return { name, limit, unit, measured: undefined, verdict: 'not measured' }
  }
  return { name, limit, unit, measured, verdict: measured <= limit ? 'PASS' : 'FAIL' }
}

function cpuRatio(findings: Findings, workload: string, pair: readonly (string | undefined)[]): number | undefined {
  const [over, under] = pair.map((name) => findings.bursts.get(workload)?.get(name ?? '')?.cpuMicros)
  return over === undefined || under === undefined ? undefined : over / under
}

/** The run as tables for a terminal. */
export function renderReport(findings: Findings): string {
  const bursts = [...findings.bursts].map(([workload, figures]) => burstTable(workload, figures))
  const absent = Object.entries(findings.absent).map(([name, why]) => `left out: ${name}: ${why}`)
  return [
    `${findings.machine}, Node.js ${findings.node}; medians of one run, contestants in turn`,
    ...absent,
    ...bursts,
    latencyTable('latency of JSON at 200 requests/s, ms', findings.latency),
    latencyTable('latency of 64-event streams at 200 requests/s, ms', findings.streamLatency),
    memoryTable(findings),
    goalTable(judge(findings)),
  ].join('\n\n')
}

function burstTable(workload: string, figures: ByContestant<BurstFigures>): string {
  const base = figures.get(EXPRESS)?.cpuMicros
  const isStream = [...figures.values()].some((figure) => figure.eventsPerSecond > 0)
  const head = [
    'contestant',
    'CPU s per 1,000',
    'of express',
    'requests/s',
    ...(isStream ? ['events/s'] : []),
    'failed',
  ]
  const rows = [...figures].map(([name, { cpuMicros, requestsPerSecond, eventsPerSecond, failures, firstFailure }]) => [
    name,
    cpuMicros === undefined ? '' : (cpuMicros / 1_000).toFixed(3),
    cpuMicros === undefined || base === undefined ? '' : (cpuMicros / base).toFixed(2),
    requestsPerSecond.toFixed(0),
    ...(isStream ? [eventsPerSecond.toFixed(0)] : []),
    failures === 0 ? '0' : `${failures} (${firstFailure})`,
  ])
  return table(workload, head, rows)
}

function latencyTable(title: string, figures: ByContestant<LatencyFigures>): string {
  const direct = figures.get('direct')
  const head = ['contestant', 'p50', 'p99', 'added p50', 'added p99', 'first byte p50', 'p99', 'added p50', 'added p99']
  const rows = [...figures].map(([name, slice]) => [
    name,
    fixed(slice.p50Ms),
    fixed(slice.p99Ms),
    fixed(minus(slice.p50Ms, direct?.p50Ms)),
    fixed(minus(slice.p99Ms, direct?.p99Ms)),
    fixed(slice.firstByteP50Ms),
    fixed(slice.firstByteP99Ms),
    fixed(minus(slice.firstByteP50Ms, direct?.firstByteP50Ms)),
    fixed(minus(slice.firstByteP99Ms, direct?.firstByteP99Ms)),
  ])
  return table(title, head, rows)
}

function memoryTable({ memory, startMs }: Findings): string {
  const rows = [...memory].map(([name, { idleBytes, perStreamBytes, streams }]) => [
    name,
    fixed(startMs.get(name), 0),
    fixed(megabytes(idleBytes), 1),
    fixed(kilobytes(perStreamBytes), 1),
    String(streams),
  ])
  return table('start and memory', ['contestant', 'ready, ms', 'idle, MB', 'per idle stream, KB', 'streams'], rows)
}

function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ name, limit, unit, measured, verdict }) => [
    name,
    `<= ${limit} ${unit}`,
    measured === undefined ? '' : `${fixed(measured)} ${unit}`,
    verdict,
  ])
  return table('goals', ['goal', 'limit', 'measured', ''], rows)
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return [title.toUpperCase(), line(head), ...rows.map(line)].join('\n')
}

const minus = (over: number | undefined, under: number | undefined): number | undefined =>
  over === undefined || under === undefined ? undefined : over - under

const megabytes = (bytes: number | undefined): number | undefined => (bytes === undefined ? undefined : bytes / 1e6)
const kilobytes = (bytes: number | undefined): number | undefined => (bytes === undefined ? undefined : bytes / 1e3)
const fixed = (value: number | undefined, digits = 2): string => (value === undefined ? '' : value.toFixed(digits))
