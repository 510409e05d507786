import type { RequestLog } from '../contract/request-log.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import type { TestGateway } from './test-gateway.ts'

const clock = createSystemClock()
/** Each task leaves a few rows, and one query gives a thousand. */
const PAUSE_EVERY = 100

/** The rows of a gateway, by the ids of their requests. */
export interface RowCollector {
  /** Fetches what is there. */
  collect(): Promise<void>
  finish(expected: number): Promise<ReadonlyMap<string, readonly RequestLog[]>>
}

/** One query gives a limited number of rows, so they are fetched while they come. */
export function collectRows(gateway: TestGateway): RowCollector {
  const rows = new Map<string, readonly RequestLog[]>()
  const collect = async (): Promise<void> => {
    const found = Map.groupBy(await gateway.rows(), (row) => row.id)
    for (const [id, same] of found) if (same.length >= (rows.get(id)?.length ?? 0)) rows.set(id, same)
  }
  return {
    collect,
    finish: async (expected) => {
      await collect()
      for (let round = 0; round < 20 && rows.size < expected; round++) {
        await clock.sleep(50)
        await collect()
      }
      return rows
    },
  }
}

/**
 * Runs the tasks, so many at once.
 * @param pause called between tasks, while no new one begins
 */
export async function inPool(
  tasks: readonly (() => Promise<void>)[],
  atOnce: number,
  pause = (): Promise<void> => Promise.resolve(),
): Promise<void> {
  const waiting = [...tasks]
  let paused: Promise<void> = Promise.resolve()
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      if (waiting.length % PAUSE_EVERY === 0) paused = pause()
      await paused
      await task()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
