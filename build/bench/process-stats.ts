import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

/** CPU time of a process with all its threads and children, in microseconds; undefined where it cannot be told. */
export function cpuMicros(pid: number): number | undefined {
  if (process.platform === 'linux') return familyOf(pid).reduce((sum, member) => sum + linuxMicros(member), 0)
  if (process.platform === 'darwin') return psMicros(pid)
  return undefined
}

/** Memory held by a process with its children, in bytes; undefined where it cannot be told. */
export function residentBytes(pid: number): number | undefined {
  if (process.platform === 'linux') return familyOf(pid).reduce((sum, member) => sum + linuxResident(member), 0)
  if (process.platform !== 'darwin') return undefined
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024
}

/** The scheduler's own account, in nanoseconds: far finer than the 10 ms ticks of `stat`. */
function linuxMicros(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const nanos = Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
      return sum + nanos / 1_000
    }, 0)
  } catch {
    return ticksMicros(pid)
  }
}

function ticksMicros(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return 0
  }
}

function linuxResident(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024
  } catch {
    return 0
  }
}

/** The process and what it started, as a server with workers does. */
function familyOf(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
    return [pid, ...children.flatMap(familyOf)]
  } catch {
    return [pid]
  }
}

function psMicros(pid: number): number {
  const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  return text.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0) * 1_000_000
}
