import { cpus, freemem, release, totalmem } from 'node:os'
import { arch, platform } from 'node:process'
import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'

/** What this machine has, as far as it says. Undefined is "not known", never "none". */
export interface Machine {
  readonly system: string
  readonly cpu: string | undefined
  readonly cores: number
  readonly memoryBytes: number
  readonly freeMemoryBytes: number
  /** Undefined: they could not be asked in time. */
  readonly gpus: readonly Gpu[] | undefined
}

export interface Gpu {
  readonly name: string
  readonly vramMb: number | undefined
}

/** The part of a graphics inventory that is used. */
export type ReadGraphics = () => Promise<{
  readonly controllers: readonly { readonly model?: string; readonly vendor?: string; readonly vram?: number | null }[]
}>

/**
 * For `spillway doctor` only: asking for graphics starts other programs and can take seconds, which is why it is
 * given up after `limits.machineTimeoutMs` and never happens while serving.
 */
export async function readMachine(clock: Clock, readGraphics: ReadGraphics = systemGraphics): Promise<Machine> {
  const processors = cpus()
  return {
    system: `${platform} ${release()} ${arch}`,
    cpu: processors[0]?.model.trim() || undefined,
    cores: processors.length,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    gpus: await gpusWithin(clock, readGraphics),
  }
}

async function gpusWithin(clock: Clock, readGraphics: ReadGraphics): Promise<readonly Gpu[] | undefined> {
  const timeout = new AbortController()
  const late = clock.sleep(limits.machineTimeoutMs, timeout.signal).catch(() => undefined)
  const gpus = readGraphics()
    .then(({ controllers }) => controllers.map(gpuOf))
    .catch(() => undefined)
  const first = await Promise.race([gpus, late.then(() => undefined)])
  timeout.abort()
  return first
}

function gpuOf({ model, vendor, vram }: Awaited<ReturnType<ReadGraphics>>['controllers'][number]): Gpu {
  return { name: model || vendor || 'unnamed', vramMb: typeof vram === 'number' && vram > 0 ? vram : undefined }
}

/** Loaded only when asked for: the package is large, and a server never needs it. */
async function systemGraphics(): ReturnType<ReadGraphics> {
  const { graphics } = await import('systeminformation')
  return graphics()
}
