import { once } from 'node:events'
import { join } from 'node:path'
import { startChild } from '../lib/child.ts'
import type { Job, Result } from './load-protocol.ts'

export interface Generator {
  run(job: Job): Promise<Result>
  stop(): Promise<void>
}

/** The load generator in its own process, so that its work is never counted as a contestant's. */
export async function startGenerator(): Promise<Generator> {
  const child = await startChild([process.execPath, join(import.meta.dirname, 'load.ts')], /load generator (ready)/)
  return {
    run: async (job) => {
      const answer = once(child.process, 'message')
      child.process.send(job)
      const [result]: Result[] = await answer
      if (result === undefined) throw new Error('the load generator gave no result')
      return result
    },
    stop: () => child.stop(),
  }
}
