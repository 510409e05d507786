import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { readMachine } from './machine.ts'

describe('machine', () => {
  it('names graphics cards, and leaves unknown what is unknown', async () => {
    const graphics = { controllers: [{ model: 'RTX 4090', vram: 24_564 }, { model: '', vendor: 'Intel', vram: 0 }, {}] }
    const machine = await readMachine(createFakeClock(), () => Promise.resolve(graphics))
    expect(machine.gpus).toEqual([
      { name: 'RTX 4090', vramMb: 24_564 },
      { name: 'Intel', vramMb: undefined },
      { name: 'unnamed', vramMb: undefined },
    ])
    expect(machine.memoryBytes).toBeGreaterThan(0)
  })

  it('does not wait for a tool that hangs, and outlives one that fails', async () => {
    const clock = createFakeClock()
    const hanging = readMachine(clock, () => new Promise(() => undefined))
    await clock.advance(limits.machineTimeoutMs)
    expect((await hanging).gpus).toBeUndefined()
    const failing = await readMachine(clock, () => Promise.reject(new Error('no nvidia-smi')))
    expect([failing.gpus, clock.pending]).toEqual([undefined, 0])
  })
})
