import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { createLogQueue } from './log-queue.ts'
import { sampleRow } from './test/samples.ts'

describe('log queue', () => {
  it('writes a lone row after the batch time, with no timer before and after', async () => {
    const { clock, queue, batches } = start()
    expect(clock.pending).toBe(0)
    queue.append(sampleRow('a'))
    await clock.advance(limits.logBatchMs - 1)
    expect(batches).toEqual([])
    await clock.advance(1)
    expect(batches).toEqual([['a']])
    expect(clock.pending).toBe(0)
  })

  it('writes a full batch at once, in order, one at a time', async () => {
    const writer = slowWriter()
    const { clock, queue } = start(writer.write)
    for (let index = 0; index < 250; index += 1) queue.append(sampleRow(String(index)))
    await clock.advance(10_000)
    expect(writer.sizes).toEqual([100])
    writer.finish()
    await clock.advance(0)
    expect(writer.sizes).toEqual([100, 100])
    writer.finish()
    await clock.advance(limits.logBatchMs)
    expect(writer.sizes).toEqual([100, 100, 50])
  })

  it('counts and drops rows beyond its bound, says so once, and never holds more', async () => {
    const writer = slowWriter()
    const { queue, notices } = start(writer.write)
    const sent = limits.logBatchRows + limits.logQueueRows + 7
    for (let index = 0; index < sent; index += 1) queue.append(sampleRow(String(index)))
    expect(queue.droppedRows).toBe(7)
    expect(notices).toHaveLength(1)
  })

  it('says it again only when it had caught up in between', async () => {
    const writer = slowWriter()
    const { clock, queue, notices } = start(writer.write)
    const overfill = (): void => {
      for (let index = 0; index < limits.logBatchRows + limits.logQueueRows; index += 1) queue.append(sampleRow('a'))
    }
    overfill()
    for (let round = 0; round < 3; round += 1) {
      writer.finish()
      await clock.advance(0)
      overfill()
    }
    expect(notices).toHaveLength(1)
    for (let round = 0; round <= limits.logQueueRows / limits.logBatchRows + 1; round += 1) {
      writer.finish()
      await clock.advance(limits.logBatchMs)
    }
    overfill()
    overfill()
    expect(notices).toHaveLength(2)
  })

  it('counts rows that the writer could not keep', async () => {
    const { clock, queue } = start(() => Promise.resolve(0))
    queue.append(sampleRow('a'))
    queue.append(sampleRow('b'))
    await clock.advance(limits.logBatchMs)
    expect(queue.droppedRows).toBe(2)
  })

  it('flushes everything that was appended before', async () => {
    const { queue, batches, clock } = start()
    for (let index = 0; index < 205; index += 1) queue.append(sampleRow(String(index)))
    await queue.flush()
    expect(batches.map((batch) => batch.length)).toEqual([100, 100, 5])
    expect(clock.pending).toBe(0)
  })
})

function start(write?: (rows: readonly unknown[]) => Promise<number>) {
  const clock = createFakeClock()
  const batches: string[][] = []
  const notices: string[] = []
  const queue = createLogQueue({
    clock,
    onNotice: (message) => notices.push(message),
    write:
      write ??
      ((rows) => {
        batches.push(rows.map(({ id }) => id))
        return Promise.resolve(rows.length)
      }),
  })
  return { clock, queue, batches, notices }
}

/** A writer that finishes a batch only when it is told to. */
function slowWriter() {
  const sizes: number[] = []
  let finish = (): void => undefined
  return {
    sizes,
    finish: () => finish(),
    write: (rows: readonly unknown[]) => {
      sizes.push(rows.length)
      return new Promise<number>((resolve) => {
        finish = () => resolve(rows.length)
      })
    },
  }
}
